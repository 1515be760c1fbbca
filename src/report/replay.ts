/** The command that repeats a scan, as it can be pasted into a shell. */
import { version } from '../base/version.ts';

export function replayCommand(paths: readonly string[], given: readonly string[], out: string): string {
  // A path that starts with a dash would be taken for an option.
  const files = paths.map((path) => (path.startsWith('-') ? `./${path}` : path));
  return ['npx', `mesoscope@${version}`, 'scan', ...files, ...given, '--out', out].map(quote).join(' ');
}

/** POSIX shell quoting, only where it is needed. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
