/** What stands around every page: the bar with the ways through, and the switch of the palette. */
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { applyTheme, storedTheme, type Theme, themes } from './theme.ts';

const themeWords: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' };

export function Shell({ runs, work, children }: { runs: boolean; work: boolean; children: ReactNode }) {
  const [location] = useLocation();
  const ways = [
    ['/', 'Scan'],
    ['/clips', 'History'],
    ['/compare', 'Compare'],
    ['/detectors', 'Detectors'],
    ...(runs ? [['/runs', 'Runs']] : []),
    ...(work ? [['/work', 'Work']] : []),
  ];
  const current = (path: string) => (path === '/' ? location === '/' : location.startsWith(path));
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="site">
        <div>
          <Link href="/" className="brand" aria-label="Mesoscope, to the first page">
            <img src="/icon.svg" alt="" width="24" height="24" />
            Mesoscope
          </Link>
          <nav aria-label="Pages">
            {ways.map(([path, words]) => (
              <Link key={path} href={path} aria-current={current(path) ? 'page' : undefined}>
                {words}
              </Link>
            ))}
          </nav>
          <ThemeSwitch />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <footer className="foot">
        <p>
          Mesoscope says what a detector measured. The judgement is yours. <a href="/api/docs">API</a>
        </p>
      </footer>
    </>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  return (
    <label className="theme">
      <span className="visually-hidden">Colours</span>
      <select
        value={theme}
        onChange={(event) => {
          const chosen = event.target.value as Theme;
          applyTheme(chosen);
          setTheme(chosen);
        }}
      >
        {themes.map((name) => (
          <option key={name} value={name}>
            {themeWords[name]}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A page's heading. A new page is announced by it: title and focus move, as on a page that the server sends. */
export function PageTitle({ title, children }: { title: string; children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – Mesoscope`;
  }, [title]);
  useEffect(() => {
    // The first page is not announced twice.
    if (navigated) heading.current?.focus({ preventScroll: true });
    navigated = true;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? title}
    </h1>
  );
}

let navigated = false;
