/** docs/figures.md from bench/results: `npx tsx bench/tables.ts`. Figures for people to read, beside those for programs. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
// biome-ignore lint/suspicious/noExplicitAny: results of many benches, each of its own shape, written by them alone.
type Result = any;

function read(name: string): Result | undefined {
  const file = path(`./results/${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

type Cell = string | number | null | undefined;

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) =>
    `| ${cells.map((cell) => (cell == null || cell === '' ? '–' : cell)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const thousands = (value: number | undefined) => value?.toLocaleString('en-GB');
const fixed = (value: number | undefined, digits = 2) => value?.toFixed(digits);
const share = (value: number | undefined) =>
  value === undefined ? undefined : `${(100 * value).toFixed(1)} %`;

const parts: string[] = [];
function part(title: string, result: Result, words: string, body: () => string): void {
  if (!result) return;
  const { machine } = result;
  const where = machine
    ? `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ONNX Runtime ${machine.onnxruntime ?? ''}, ${String(machine.date).slice(0, 10)}.`
    : '';
  parts.push(`## ${title}\n\n${words} ${where}\n\n${body()}`);
}

const scan = read('scan');
part(
  'A whole scan',
  scan,
  `Seconds from start to verdict, 32 frames; ratio to the Python peer. ${scan?.caveat}`,
  () =>
    table(
      ['clip', 'ours', 'peer', 'ratio', 'key frames', 'ratio', 'faces ours / peer'],
      scan.rows.map((row: Result) => [
        row.clip,
        fixed(row.seconds.ours),
        fixed(row.seconds.peer),
        `${fixed(row.ratio.even32)}x`,
        fixed(row.seconds.keyframes),
        `${fixed(row.ratio.keyframes)}x`,
        `${row.faces.ours} / ${row.faces.peer}`,
      ]),
    ),
);
const local = read('local-analysis');
part(
  'The same scan in a browser',
  local,
  `Seconds from drop to verdict of a 15-second 720p clip, 32 frames looked at; ratio to the command. ${local?.caveat} Load average before each round: ${local?.loadAverage.join(', ')}; ${local?.machine.chromium && `Chromium ${local.machine.chromium},`}`,
  () =>
    table(
      ['where', 'seconds', 'ratio', 'loading, once', 'score'],
      local.rows.map((row: Result) => [
        row.name,
        fixed(row.seconds, 1),
        `${fixed(row.ratio)}x`,
        fixed(row.loadSeconds, 1),
        fixed(row.score, 4),
      ]),
    ),
);
const evaluated = read('evaluate');
part(
  'Evaluation',
  evaluated,
  `\`mesoscope evaluate\`, in Node alone: no peer does the same. ${evaluated?.caveat}`,
  () =>
    table(
      ['what', 'a second', 'share of the machine', 'start, seconds', 'peak MiB'],
      evaluated.rows.map((row: Result) => [
        `${row.count} ${row.words}`,
        row.perSecond,
        share(row.machineShare),
        fixed(row.startSeconds, 1),
        thousands(row.peakMiB),
      ]),
    ),
);
part('Where a scan’s time goes', scan, 'Seconds by stage; decoding runs in a thread of its own.', () => {
  const stages = Object.keys(scan.rows[0].stages);
  return table(
    ['clip', ...stages],
    scan.rows.map((row: Result) => [row.clip, ...stages.map((stage) => fixed(row.stages[stage]))]),
  );
});
const memory = read('memory');
part('Memory', memory, 'Peak resident memory of a whole scan.', () =>
  table(
    ['sampling', 'minutes', 'frames', 'MiB'],
    memory.rows.map((row: Result) => [row.sample, row.minutes, thousands(row.framesAnalysed), row.peakMiB]),
  ),
);
const train = read('train');
part(
  'Training and inference against PyTorch',
  train,
  `Ratio of images a second, ours over the peer’s. ${train?.caveats.join(' ')}`,
  () =>
    table(
      ['network', 'batch', 'size', 'training', 'wanted', 'inference', 'wanted', 'peak MiB ours / peer'],
      train.rows.map((row: Result) => [
        row.network,
        row.batch,
        row.size,
        `${fixed(row.train_ratio)}x`,
        row.wanted.train ?? '',
        `${fixed(row.infer_ratio)}x`,
        row.wanted.infer ?? '',
        `${thousands(row.peak_mib.ours)} / ${thousands(row.peak_mib.peer)}`,
      ]),
    ),
);
const networks = read('networks');
part('Every network', networks, networks?.caveat, () =>
  table(
    [
      'network',
      'task',
      'input',
      'parameters',
      'published',
      'M multiply-adds',
      'training images/s',
      'inference images/s',
      'ratio training / inference',
    ],
    networks.rows.map((row: Result) => [
      row.network,
      row.task,
      `${row.size} px`,
      thousands(row.parameters),
      thousands(row.publishedParameters),
      thousands(row.millionMultiplyAdds),
      row.trainImagesPerSecond,
      row.inferImagesPerSecond,
      row.peer ? `${row.peer.trainRatio} / ${row.peer.inferRatio}` : '',
    ]),
  ),
);
/** What the table says, by whoever looked at it last. */
const deepOrShallow =
  'What it says: with equal time the cheap networks win, because they see more pictures: MesoInception-4 (14,000 weights) and our compact network reach AUC .76 to .82, VGG8, which saw a sixteenth of the pictures, .69. Among the plain VGGs depth changes nothing that one seed could show (.67, .69, .69). That agrees with 003 that shallow is enough. That segmentation beats classification shows only for MesoInception-4 (AUC .78 against .76, and a mask with mIoU .64); the segmenters of the VGG and FN3 kind have marked hardly a pixel yet, so their decision at tau2 is chance, though their score ranks already.';
const depth = read('deep-or-shallow');
part(
  'Deep or shallow?',
  depth,
  `003’s question, ${depth?.seconds} s of one core’s training each on pseudo-forgeries at ${depth?.size} px (${depth?.set}), in the form of its Tables 1 and 2. ${depth?.caveat ?? ''} ${deepOrShallow}`,
  () =>
    table(
      ['network', 'task', 'pictures seen', 'accuracy', 'AUC', 'Fg-IoU', 'Bg-IoU', 'mIoU', 'ms a face'],
      depth.rows.map((row: Result) => [
        row.network,
        row.task,
        thousands(row.seen),
        share(row.accuracy),
        fixed(row.auc, 3),
        fixed(row.foregroundIou, 3),
        fixed(row.backgroundIou, 3),
        fixed(row.meanIou, 3),
        row.millisecondsAFace,
      ]),
    ),
);
const input = read('input');
const forged = read('input-synthesize');
part(
  'The training input',
  input,
  'MesoNet’s augmentation at 256 px; and self-blended pairs made on the fly at 128 px, with the share of Meso-4’s training step that waits for them.',
  () =>
    [
      table(
        ['threads', 'images/s', 'CPU ms an image', 'forged: images/s', 'CPU ms an image', 'step waits'],
        input.rows.map((row: Result, i: number) => {
          const other = forged?.rows[i];
          const waits = other?.training
            ?.map((run: Result) => run.waitShare)
            .sort((a: number, b: number) => a - b);
          return [
            row.workers === 0 ? 'none (main)' : row.workers,
            row.imagesPerSecond,
            row.cpuMsPerImage,
            other?.imagesPerSecond,
            other?.cpuMsPerImage,
            share(waits?.[waits.length >> 1]),
          ];
        }),
      ),
    ].join('\n'),
);
const forgery = read('forgery');
part('Forgeries', forgery, forgery?.caveat, () =>
  table(
    ['kind', 'pairs a second and core', 'best round'],
    forgery.rows.map((row: Result) => [row.kind, row.pairsPerSecondPerCore, row.bestRound]),
  ),
);
const prepare = read('prepare');
part('dataset prepare', prepare, 'On `dev/videos`, four frames a clip, two threads.', () =>
  table(
    ['clips/s', 'faces/s', 'share that decodes', 'decoding alone is faster by', 'load'],
    [
      [
        fixed(prepare.clipsPerSecond),
        fixed(prepare.facesPerSecond),
        share(prepare.decodeShare),
        `${fixed(prepare.decodeOnly.timesFaster)}x`,
        fixed(prepare.load.before, 1),
      ],
    ],
  ),
);
const workers = read('workers');
part(
  'Workers',
  workers,
  `One PostgreSQL, analyses of ${workers?.stageMs} ms each that do nothing; waits with jobs sent at 70 % of the throughput. ${workers?.caveat} Load ${workers?.machine.load?.join(', ')};`,
  () =>
    [
      table(
        [
          ...['workers', 'jobs', 'jobs/s', 'of ideal', 'overhead a job, ms', 'transactions a job'],
          ...['sending, ms a job', 'wait p50, ms', 'wait p99, ms'],
        ],
        workers.rows.map((row: Result) => [
          ...[row.workers, row.jobs, row.jobsPerSecond, share(row.shareOfIdeal), row.overheadMsAJob],
          ...[row.transactionsAJob, row.sendMsAJob, row.waitMedianMs, row.waitP99Ms],
        ]),
      ),
      table(
        ['real scans: workers', 'clips', 'done', 'clips/min', 's a clip'],
        workers.scans.map((row: Result) => [
          ...[row.workers, row.clips, row.done, row.clipsPerMinute, row.secondsAClip],
        ]),
      ),
    ].join('\n\n'),
);
const killed = read('worker-kill');
part(
  'Workers that are killed',
  killed,
  `${killed?.workers} workers, analyses of ${[killed?.stageMs].flat().join(', ')} ms. ${killed?.caveat ?? ''}`,
  () =>
    table(
      ['jobs', 'kill -9', 'database restarts', 'lost', 'ended twice', 'begun again', 'most attempts', 's'],
      [
        [
          ...[thousands(killed.jobs), thousands(killed.kills), killed.databaseRestarts, killed.lost],
          ...[killed.endedTwice, thousands(killed.begunAgain), killed.mostAttempts, killed.seconds],
        ],
      ],
    ),
);
const archive = read('archive');
part(
  'An archive of very many files',
  archive,
  `${thousands(archive?.files)} files (${thousands(archive?.faces)} with a face, ${archive?.broken} cut off), \`--jobs 2\`, killed ${archive?.kills} times. ${archive?.caveat}`,
  () =>
    [
      table(
        [
          'files/s',
          's to go on after a kill',
          's with nothing to do',
          'lost',
          'scanned twice',
          'results, MiB',
        ],
        [
          [
            ...[archive.filesPerSecond, archive.secondsToGoOn.join(', '), archive.secondsWithNothingToDo],
            ...[archive.lost, archive.scannedTwice, archive.resultsMiB],
          ],
        ],
      ),
      table(
        ['resident, MiB (mean of each third of the time)', 'first', 'second', 'third'],
        [
          ['the command', ...archive.memoryMiB.command],
          ['both processes that open files', ...archive.memoryMiB.reader],
        ],
      ),
      '![memory over files that are done](../bench/results/archive.svg)',
    ].join('\n\n'),
);
const soak = read('soak');
part(
  'A long time under load',
  soak,
  `${soak?.minutes} minutes, a clip every ${soak?.secondsBetweenClips} s (${soak?.clip}): ${soak?.counts.done} done, ${soak?.counts.failed} refused for being broken (${soak?.counts.broken} were), ${soak?.counts.known} known already, ${soak?.counts.deleted} deleted, ${soak?.counts.gaveUp} not waited for to the end; lost ${soak?.lost}, unexpected ${soak?.problems.length}. ${soak?.caveat}`,
  () =>
    [
      table(
        ['mean of each quarter', 'first', 'second', 'third', 'fourth'],
        (
          [
            ['server, MiB', 'serverMiB'],
            ['worker, MiB', 'workerMiB'],
            ['open files of the server', 'serverFiles'],
            ['open files of the worker', 'workerFiles'],
            ['connections to the database', 'connections'],
            ['API median, ms', 'p50Ms'],
            ['API p95, ms', 'p95Ms'],
          ] as const
        ).map(([name, column]) => [name, ...soak.quarters[column]]),
      ),
      '![memory, open files and latency over time](../bench/results/soak.svg)',
    ].join('\n\n'),
);
const rows = read('million-rows');
part(
  'A million clips in the database',
  rows,
  `The same questions to a database of ${thousands(rows?.rows[0])} and one of ${thousands(rows?.rows[1])} analysed clips, ${thousands(rows?.waiting)} waiting in both; medians of nine. Documents are small here: real ones lie beside the table, and no list reads them. Load of the machine at the end: ${rows?.machine.load.join(', ')}.`,
  () =>
    table(
      ['', `ms with ${thousands(rows.rows[0])}`, `ms with ${thousands(rows.rows[1])}`, 'ratio'],
      Object.entries(rows.milliseconds as Record<string, Result>).map(([name, { few, many, ratio }]) => [
        ...[name, few, many, ratio],
      ]),
    ),
);
const fuzzed = read('fuzz');
part(
  'Damaged and crafted files',
  fuzzed,
  `${thousands(fuzzed?.inputs)} inputs in ${fuzzed?.minutes} minutes beside other work, each read by a process that does nothing else; ${fuzzed?.service.inputs} of them also sent to a running server, which crashed ${fuzzed?.service.crashes} times and missed ${fuzzed?.service.healthMisses} health checks. Failures that became scores: ${fuzzed?.failuresThatBecameScores}. Inputs that killed or hung the reading process: ${fuzzed?.kept.length}. Most frequent answers:`,
  () =>
    table(
      ['what was read', 'inputs', 'answers'],
      Object.entries({ ...fuzzed.reading, 'by the server': fuzzed.service.answers }).map(
        ([kind, answers]) => {
          const found = Object.entries(answers as Record<string, number>).sort(([, p], [, q]) => q - p);
          const all = found.reduce((sum, [, count]) => sum + count, 0);
          return [
            kind,
            thousands(all),
            found
              .slice(0, 8)
              .map(([code, count]) => `${code} ${thousands(count)}`)
              .join(', '),
          ];
        },
      ),
    ),
);
const area = (of: Result) => (of?.auc == null ? undefined : `${of.auc} [${of.interval?.join(', ')}]`);
const detectors = read('detectors');
part('Detectors on the development clips', detectors, detectors?.caveat, () => {
  const methods: string[] = Object.keys(detectors.results[0].methods);
  return table(
    [
      'detector',
      'AUC by clip',
      'by face',
      ...methods,
      'EER',
      'AP',
      'log loss',
      'ECE',
      'TPR at 1 %',
      'TPR at 5 %',
      'false alarms',
      'found',
    ],
    detectors.results.map((row: Result) => [
      row.detector,
      area(row),
      row.frameAuc,
      ...methods.map((method) => area(row.methods[method])),
      row.equalErrorRate,
      row.averagePrecision,
      row.logLoss,
      row.calibrationError,
      row.truePositiveRateAt1,
      row.truePositiveRateAt5,
      row.falseAlarms,
      row.found,
    ]),
  );
});
const heldOut = read('held-out');
part('Detectors on held-out faces', heldOut, heldOut?.caveat, () =>
  table(
    [
      'set',
      'quality',
      'detector',
      'AUC',
      'by method',
      'EER',
      'AP',
      'log loss',
      'ECE',
      'TPR at 1 %',
      'TPR at 5 %',
    ],
    heldOut.rows.map((row: Result) => [
      row.set,
      row.condition,
      row.detector,
      area(row),
      Object.entries<Result>(row.methods)
        .map(([method, of]) => `${method} ${of.auc}`)
        .join(', '),
      row.equalErrorRate,
      row.averagePrecision,
      row.logLoss,
      row.calibrationError,
      row.truePositiveRateAt1,
      row.truePositiveRateAt5,
    ]),
  ),
);

writeFileSync(
  path('../docs/figures.md'),
  `# Figures\n\nWritten by \`npx tsx bench/tables.ts\` from [bench/results](../bench/results), where the caveats, machines and single rounds stand.\n\n${parts.join('\n\n')}\n`,
);
