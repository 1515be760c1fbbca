import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkFiles, checkTable, importsOf, readTable, type SourceFile } from './architecture.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const table = readTable(readFileSync(`${root}ARCHITECTURE.md`, 'utf8'));

const sources: SourceFile[] = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  // Tests and their cases may reach across folders; declaration files hold no code.
  .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\.d\.ts$|\/cases\//.test(path))
  .sort()
  .map((path) => ({ path, text: readFileSync(`${root}src/${path}`, 'utf8') }));

test('the table is read', () => {
  expect([...table.keys()].slice(0, 3)).toEqual(['base', 'media', 'graph']);
  expect(table.get('detect')).toEqual({
    rank: 4,
    mayImport: ['media', 'faces', 'models', 'runtime', 'graph', 'metrics'],
  });
});

test('the table agrees with itself', () => {
  expect(checkTable(table)).toEqual([]);
});

test('the code agrees with the table', () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(checkFiles(sources, table)).toEqual([]);
});

test('the pages agree with the table, and see nothing of the server but the wire and its client', () => {
  const pages = readdirSync(`${root}web`, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.tsx?$/.test(path) && !path.includes('.test.'));
  expect(pages.length).toBeGreaterThan(40);
  const wrong = pages.flatMap((path) =>
    importsOf(readFileSync(`${root}web/${path}`, 'utf8')).flatMap((name) => {
      const [, folder, file] = /^(?:\.\.\/)+src\/([^/]+)\/(.+)$/.exec(name) ?? [];
      if (folder === undefined) return [];
      const wire = folder !== 'server' || /^(?:api|client)\.ts$/.test(file);
      return table.get('web')?.mayImport.includes(folder) && wire ? [] : [`${path} imports ${name}`];
    }),
  );
  expect(wrong).toEqual([]);
});

describe('the check itself', () => {
  const folders = readTable(
    [
      '| 0 | `base` | x | – |',
      '| 1 | `media` | x | – |',
      '| 2 | `faces` | x | media |',
      '| 3 | `cli` | x | faces |',
    ].join('\n'),
  );
  const check = (path: string, text: string) => checkFiles([{ path, text }], folders);

  test.each([
    ["import { a } from '../media/a.ts';", []],
    ["import { a } from '../base/a.ts';\nimport b from './b.ts';", []],
    ["import { a } from '../cli/a.ts';", ['faces/x.ts: faces may not import cli']],
    ["import type {\n  A,\n} from '../cli/a.ts';", ['faces/x.ts: faces may not import cli']],
    ["export * from '../cli/a.ts';", ['faces/x.ts: faces may not import cli']],
    ["const a = await import('../cli/a.ts');", ['faces/x.ts: faces may not import cli']],
    ["import '../cli/a.ts';", ['faces/x.ts: faces may not import cli']],
    ["import { a } from '../nowhere/a.ts';", ['faces/x.ts: imports nowhere, which the table does not list']],
    ["import { a } from '../index.ts';", ["faces/x.ts: imports ../index.ts, the library's face"]],
    ["import { a } from '../../test/a.ts';", ['faces/x.ts: imports ../../test/a.ts, which is outside src']],
    ["import * as ort from '#onnxruntime';", ['faces/x.ts: only runtime may import #onnxruntime']],
    ["import { x } from 'node-av/lib';", ['faces/x.ts: only media may import node-av']],
    ["import sharp from 'sharp';", ['faces/x.ts: only media may import sharp']],
    ["// import { a } from '../cli/a.ts';\n/* import '../cli/b.ts' */", []],
  ])('%j', (text, problems) => {
    expect(check('faces/x.ts', text)).toEqual(problems);
  });

  test('media may import its own decoders', () => {
    expect(check('media/x.ts', "import sharp from 'sharp';\nimport { x } from 'node-av/lib';")).toEqual([]);
  });

  test('a folder that is not listed, and a file that is too long', () => {
    expect(check('utils/x.ts', '')).toEqual(['utils/x.ts lies in src/utils, which the table does not list']);
    expect(check('media/x.ts', 'a;\n'.repeat(501))).toEqual([
      'media/x.ts has 501 lines and does not say why (limit 500)',
    ]);
    expect(check('media/x.ts', `// Long because the table is one piece.\n${'a;\n'.repeat(501)}`)).toEqual([]);
  });

  test('a table that lets a folder import its equal or its better', () => {
    expect(checkTable(readTable('| 1 | `a` | x | b, c |\n| 1 | `b` | x | – |'))).toEqual([
      'the table lets a (1) import b (1)',
      'the table lets a import c, which it does not list',
    ]);
  });

  test('several imports in a file', () => {
    expect(importsOf("import a, { type B } from 'x';\nimport 'y';\nexport { c } from './z.ts';")).toEqual([
      'x',
      './z.ts',
      'y',
    ]);
  });
});
