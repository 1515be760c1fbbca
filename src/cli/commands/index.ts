import type { CliCommand } from '../command.ts';

/**
 * All commands, loaded when they are typed: what one needs must not slow the start of another. A test asserts that
 * these are the folder's files.
 */
export const commands: Readonly<Record<string, () => Promise<CliCommand>>> = {
  scan: async () => (await import('./scan.ts')).scan,
  serve: async () => (await import('./serve.ts')).serve,
  worker: async () => (await import('./worker.ts')).workerCommand,
  'model list': async () => (await import('./model-list.ts')).modelList,
  'model show': async () => (await import('./model-show.ts')).modelShow,
  'model import': async () => (await import('./model-import.ts')).modelImport,
  'model calibrate': async () => (await import('./model-calibrate.ts')).modelCalibrate,
  'model average': async () => (await import('./model-average.ts')).modelAverage,
  'model export': async () => (await import('./model-export.ts')).modelExport,
  backup: async () => (await import('./backup.ts')).backup,
  restore: async () => (await import('./restore.ts')).restore,
  tidy: async () => (await import('./tidy.ts')).tidyCommand,
  'report verify': async () => (await import('./report-verify.ts')).reportVerify,
  evaluate: async () => (await import('./evaluate.ts')).evaluateCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
  train: async () => (await import('./train.ts')).train,
  reproduce: async () => (await import('./reproduce.ts')).reproduceCommand,
  sweep: async () => (await import('./sweep.ts')).sweepCommand,
  runs: async () => (await import('./runs.ts')).runsCommand,
  'runs report': async () => (await import('./runs-report.ts')).runsReport,
  'runs export': async () => (await import('./runs-export.ts')).runsExport,
  'dataset prepare': async () => (await import('./dataset-prepare.ts')).datasetPrepare,
  'dataset lint': async () => (await import('./dataset-lint.ts')).datasetLint,
  'dataset compress': async () => (await import('./dataset-compress.ts')).datasetCompress,
  'dataset synthesize': async () => (await import('./dataset-synthesize.ts')).datasetSynthesize,
  'dataset show': async () => (await import('./dataset-show.ts')).datasetShow,
  'dataset join': async () => (await import('./dataset-join.ts')).datasetJoin,
  'dataset export': async () => (await import('./dataset-export.ts')).datasetExport,
};

/** What `mesoscope --help` says of the words that only group commands. */
export const groups: Readonly<Record<string, string>> = {
  dataset: 'data sets: prepare, lint, compress, synthesize, show, join, export',
  report: 'evidence bundles: verify',
  model: 'detectors: show, import, export, average, calibrate, list',
};
