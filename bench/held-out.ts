/**
 * Detectors on the held-out faces that they are chosen by: validation, unseen families of forgeries, DFDC's test side.
 *
 *   npx tsx bench/held-out.ts [--write] [--limit N] DETECTOR.onnx …
 *
 * The sets are those of docs/experiments.md, cut once for all detectors: each resizes the same crops to its own input,
 * also where it would cut a face otherwise itself (the MesoNet authors' weights would). Runs `mesoscope evaluate` of the
 * last build for one set after the other. `--write` writes bench/results/held-out.json (figures, no scores), where rows
 * of other detectors stay.
 */
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Evaluation } from '../src/experiments/evaluate.ts';
import type { Figures } from '../src/experiments/figures.ts';
import { runChild } from './child.ts';
import { machine } from './machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, limit: { type: 'string' } },
});

const sets = [
  { name: 'validation', file: 'runs/sets/mixed/validation.csv', conditions: 'as-is' },
  {
    name: 'unseen families',
    file: 'runs/sets/unseen-families/clean.csv',
    conditions: 'as-is,crf-30,crf-40,moving-40',
  },
  { name: 'DFDC', file: 'runs/sets/mixed/dfdc-test.csv', conditions: 'as-is,crf-40,moving-40' },
];
const cli = 'dist/cli/main.js';
// Part of a set is a look, and no record.
if (values.write && values.limit) throw new Error('--write takes whole sets: leave out --limit');
const missing = [cli, ...sets.map(({ file }) => file)].find((path) => !existsSync(path));
if (missing || positionals.length === 0) {
  console.error(
    missing
      ? `${missing} is missing: docs/experiments.md has the commands of the sets, and \`npm run build\` comes first`
      : 'usage: npx tsx bench/held-out.ts [--write] [--limit N] DETECTOR.onnx …',
  );
  process.exit(2);
}

async function evaluation(file: string, conditions: string): Promise<Evaluation> {
  const run = await runChild(process.execPath, [
    ...[cli, 'evaluate', '--data', file, '--conditions', conditions, '--json', '--quiet'],
    ...(values.limit ? ['--limit', values.limit] : []),
    ...positionals.flatMap((path) => ['--detector', path]),
  ]);
  if (run.code !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as Evaluation;
}

const rounded = (value: number | undefined) => (value === undefined ? null : Math.round(value * 1000) / 1000);
const area = ({ auc }: Figures) => ({
  auc: rounded(auc?.value),
  interval: auc ? [rounded(auc.low), rounded(auc.high)] : null,
});

const rows = [];
for (const { name, file, conditions } of sets) {
  console.error(`${name}: ${conditions} …`);
  for (const { name: detector, sha256, conditions: measured } of (await evaluation(file, conditions))
    .detectors) {
    for (const { condition, pictures, videos, methods, skipped } of measured) {
      if (skipped.length > 0) throw new Error(`${file}: ${skipped[0].file}: ${skipped[0].reason}`);
      // Methods are counted by video.
      if (videos.items !== pictures.items) throw new Error(`${file} has several pictures of a video`);
      rows.push({
        set: name,
        detector,
        sha256,
        condition,
        real: pictures.real,
        manipulated: pictures.manipulated,
        ...area(pictures),
        equalErrorRate: rounded(pictures.equalErrorRate),
        averagePrecision: rounded(pictures.averagePrecision),
        logLoss: rounded(pictures.logLoss),
        calibrationError: rounded(pictures.calibrationError),
        truePositiveRateAt1: rounded(pictures.foundAt1),
        truePositiveRateAt5: rounded(pictures.foundAt5),
        methods: Object.fromEntries(Object.entries(methods).map(([method, of]) => [method, area(of)])),
      });
    }
  }
}
for (const { set, detector, condition, auc, interval } of rows) {
  console.log(`${set}, ${condition}: ${detector} ${auc} [${interval?.join(', ')}]`);
}
const names = rows.map(({ set, condition, detector }) => `${set} ${condition} ${detector}`);
if (new Set(names).size < names.length) throw new Error('two detectors have one name');
if (values.write) {
  const caveat =
    'Single pictures; intervals over sources (1,000 draws). Validation holds trained and unseen families and DFDC, and chose the weights of the mobilenets. No face of a test side was trained on: of YouTube Faces and FFHQ they are other people, of DFDC other scenes, partly with the same actors. All detectors get the same crops, which are cut as the mobilenets want them.';
  const path = 'bench/results/held-out.json';
  const measured = new Set(rows.map(({ detector }) => detector));
  const old = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { rows: typeof rows }).rows : [];
  const all = [...old.filter(({ detector }) => !measured.has(detector)), ...rows];
  await writeFile(path, `${JSON.stringify({ machine: machine(), caveat, rows: all }, null, 2)}\n`);
}
