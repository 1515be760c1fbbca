/** Light, dark, or as the system says. Kept in this browser alone. */

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const key = 'mesoscope.theme';
const changed = new EventTarget();

export function storedTheme(): Theme {
  const stored = localStorage.getItem(key);
  return themes.find((theme) => theme === stored) ?? 'system';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') {
    localStorage.removeItem(key);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(key, theme);
    document.documentElement.dataset.theme = theme;
  }
  changed.dispatchEvent(new Event('theme'));
}

/** Told when the palette in force may have changed: drawings that read colours must be drawn again. */
export function onPaletteChange(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', listener);
  changed.addEventListener('theme', listener);
  return () => {
    system.removeEventListener('change', listener);
    changed.removeEventListener('theme', listener);
  };
}

/** True where the dark palette is in force. */
export function isDark(): boolean {
  const theme = storedTheme();
  return theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
}
