import type { CliCommand } from '../command.ts';
import { datasetCompress } from './dataset-compress.ts';
import { datasetExport } from './dataset-export.ts';
import { datasetLint } from './dataset-lint.ts';
import { datasetPrepare } from './dataset-prepare.ts';
import { datasetShow } from './dataset-show.ts';
import { datasetSynthesize } from './dataset-synthesize.ts';
import { modelImport } from './model-import.ts';
import { modelList } from './model-list.ts';
import { modelShow } from './model-show.ts';
import { scan } from './scan.ts';
import { train } from './train.ts';

/** All commands; a test asserts that these are the folder's files. */
export const commands: readonly CliCommand[] = [
  scan,
  modelList,
  modelShow,
  modelImport,
  train,
  datasetPrepare,
  datasetLint,
  datasetCompress,
  datasetSynthesize,
  datasetShow,
  datasetExport,
];

/** What `mesoscope --help` says of the words that only group commands. */
export const groups: Readonly<Record<string, string>> = {
  dataset: 'data sets: prepare, lint, compress, synthesize, show, export',
  model: 'detectors: show, import, list',
};
