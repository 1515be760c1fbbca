/** What the server last said of itself, for pages that the browser shows without it. */
import { type About, aboutSchema } from '../../src/server/api.ts';

const key = 'mesoscope.about';

export function rememberAbout(about: About): void {
  localStorage.setItem(key, JSON.stringify(about));
}

export function rememberedAbout(): About | undefined {
  try {
    return aboutSchema.parse(JSON.parse(localStorage.getItem(key) ?? ''));
  } catch {
    return undefined;
  }
}
