/** Text from files, wherever it is shown: in pages it stays text, on terminals it steers nothing. */
import { describe, expect, test } from 'vitest';
import { tamed } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/run.ts';
import { clipReport } from '../../src/report/clip.ts';
import { batchSummary } from '../../src/report/summary.ts';
import { displayName } from '../../src/server/storage/names.ts';
import { analysisOf, fakeScanner } from '../fake-scanner.ts';
import { sampleAnalyses } from '../report-samples.ts';
import { hostileNames } from './crafted.ts';

/** Whatever a terminal could take for more than a character, but for line ends and tabs. */
const steering = /(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** A copy in which every text is the hostile one. */
function poisoned<T>(value: T, text: string, keep: (path: string) => boolean, path = ''): T {
  if (typeof value === 'string') return (keep(path) ? value : text) as T;
  if (ArrayBuffer.isView(value) || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => poisoned(item, text, keep, path)) as T;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    poisoned(item, text, keep, `${path}.${key}`),
  ]);
  return Object.fromEntries(entries) as T;
}

/** Attributes without their values: what stands in quotes is text. */
const unquoted = (page: string) => page.replace(/"[^"]*"/g, '""');

/** Words that a program chose and a file cannot: verdicts, kinds, names of policies. */
const chosen = (path: string) =>
  /\.(schema|verdict|status|kind|tracks|sample|code|fill|sha256)$|\.outputs\.|\.input\.name$/.test(path) &&
  !/reasons/.test(path);

const { likely } = sampleAnalyses();

describe.each([
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='x",
  '\u001b[2J\u202e',
])('a result and a contract in which every text is %j', (text) => {
  const analysis = { ...likely.analysis, result: poisoned(likely.analysis.result, text, chosen) };
  const contract = poisoned(likely.contract, text, chosen);

  test('makes a report of text alone', async () => {
    const page = await clipReport(analysis, { contract, replay: text, createdAt: new Date(0) });
    // Without what the report itself is made of, nothing of the text may be markup.
    const clean = await clipReport(likely.analysis, {
      contract: likely.contract,
      replay: 'x',
      createdAt: new Date(0),
    });
    const tags = (html: string) =>
      [...new Set([...html.matchAll(/<([a-z][a-z0-9]*)/gi)].map(([, tag]) => tag))].sort();
    expect(tags(page).filter((tag) => !tags(clean).includes(tag))).toEqual([]);
    expect(unquoted(page)).not.toMatch(/<[^>]+\son[a-z]+\s*=/i);
    expect(page).not.toMatch(steering);
  });

  test('makes a summary of text alone', () => {
    const page = batchSummary([{ result: analysis.result, report: `${text}.html` }], {
      ...{
        contract,
        detector: { name: text, sha256: 'x' },
        replay: text,
        createdAt: new Date(0),
        interrupted: false,
      },
    });
    expect(unquoted(page)).not.toMatch(/<img|<script>alert|<[^>]+\son[a-z]+\s*=/i);
    expect(page).not.toMatch(steering);
  });
});

describe.each(hostileNames.map((name) => [name.slice(0, 40), name]))('a clip called %j', (_, name) => {
  test('steers no terminal: in the table, in JSON, in errors', async () => {
    for (const json of [[], ['--json']]) {
      const out = { stdout: '', stderr: '' };
      const stream = (to: 'stdout' | 'stderr') => ({
        write: (text: string) => {
          out[to] += text;
        },
        columns: 120,
      });
      await runCli(['scan', 'x.mp4', ...json], {
        ...{ stdout: stream('stdout'), stderr: stream('stderr'), colour: false },
        signal: new AbortController().signal,
        openScanner: async () => fakeScanner(() => analysisOf('clean', name)),
      });
      expect(out.stdout + out.stderr).not.toMatch(steering);
      // The name itself is not lost by that.
      if (json.length > 0) expect(JSON.parse(out.stdout).clip.path).toBe(name);
    }
  });

  test('becomes a name to be shown, and no path', () => {
    const shown = displayName(name);
    expect(shown).not.toMatch(/[/\\\p{Cc}]/u);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.length).toBeLessThan(256);
    expect(['.', '..']).not.toContain(shown);
  });
});

test('what is tamed means the same in JSON, and plain text stays as it is', () => {
  const value = { text: 'a\u009b31m\u202eb\u007f — ü 你 👩‍👩‍👧' };
  expect(JSON.parse(tamed(JSON.stringify(value)))).toEqual(value);
  expect(tamed('plain — ü 你\n')).toBe('plain — ü 你\n');
});
