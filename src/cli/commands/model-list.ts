import Table from 'cli-table3';
import pc from 'picocolors';
import { bundledDetectors, defaultDetector, detectorHash } from '../../detect/bundled.ts';
import type { Network, Task } from '../../models/network.ts';
import type { CliCommand } from '../command.ts';

interface Options {
  json?: true;
  measure: boolean;
}

/** One network as `--json` prints it. Counts are those of the default options and the first task. */
export interface ListedNetwork {
  name: string;
  tasks: readonly Task[];
  /** Side of the square input in pixels. */
  inputSize: number;
  trainableParameters: number;
  /** Of one picture, or one sequence. */
  multiplyAdds: number;
  source: string;
}

export const modelList: CliCommand = {
  name: 'model list',
  register: (command, context) =>
    command
      .summary('the networks that can be trained or imported into')
      .description(
        'Lists the networks with their cost: parameters and multiply-adds of the default options, and milliseconds a ' +
          'picture measured here, on one core, with a batch of one.',
      )
      .option('--json', 'JSON on stdout, without times')
      .option('--no-measure', 'leave the times out')
      .action(async ({ json, measure }: Options) => {
        const { networks } = await import('../../models/index.ts');
        const listed = await Promise.all(networks.map(describeNetwork));
        if (json) {
          context.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
          return;
        }
        const times = new Map<string, number>();
        for (const network of measure ? networks : []) {
          if (context.signal.aborted) break;
          times.set(network.name, await millisecondsAnImage(network));
        }
        context.stdout.write(`${table(listed, times, context.colour)}\n`);
        const names = await bundledDetectors();
        const lines = await Promise.all(
          names.map(async (name) => {
            const usual = name === defaultDetector ? ' (what `scan` uses)' : '';
            return `${await detectorHash(name)}  ${name}${usual}\n`;
          }),
        );
        context.stdout.write(
          `\nDetectors that come along, with the hashes of their files, as a list for --pin has them:\n${lines.join('')}` +
            "`mesoscope model show NAME` has each one's card.\n",
        );
      }),
};

async function describeNetwork(network: Network): Promise<ListedNetwork> {
  const { trainableCount } = await import('../../graph/scope.ts');
  const { multiplyAdds } = await import('../../models/cost.ts');
  const { scope, outputs } = await buildDefault(network);
  return {
    name: network.name,
    tasks: network.tasks,
    inputSize: network.inputSize,
    trainableParameters: trainableCount(scope.parameters),
    multiplyAdds: multiplyAdds(outputs),
    source: network.source,
  };
}

async function buildDefault(network: Network) {
  const { input } = await import('../../graph/leaves.ts');
  const { Scope } = await import('../../graph/scope.ts');
  const { inputShape, optionsFor } = await import('../../models/network.ts');
  const scope = Scope.root('inference');
  const shape = inputShape(network, 1);
  const { score, map } = network.build(scope, input('image', shape), optionsFor(network, network.tasks[0]));
  return { scope, shape, outputs: map === undefined ? [score] : [score, map] };
}

/** Weights up to this size become part of the model, as in a detector; larger ones are fed. */
const largestEmbedded = 50_000_000;

/** Median of a few runs on one core after one to warm up. */
async function millisecondsAnImage(network: Network): Promise<number> {
  const { emitOnnx } = await import('../../graph/onnx/emit.ts');
  const { initialValue, trainableCount } = await import('../../graph/scope.ts');
  const { fixed, sizeOf, tensor } = await import('../../graph/tensor.ts');
  const { openSession } = await import('../../runtime/session.ts');
  const { scope, shape, outputs } = await buildDefault(network);
  const embedded = trainableCount(scope.parameters) <= largestEmbedded;
  // What the weights are does not change the time, as long as they are no denormals: drawing 171 M would take longer.
  const weights = new Map(
    scope.parameters.map((parameter) => [
      parameter.path,
      embedded
        ? initialValue(parameter, 1)
        : tensor(new Float32Array(sizeOf(parameter.shape)).fill(0.01), parameter.shape),
    ]),
  );
  const names = Object.fromEntries(outputs.map((value, i) => [`output${i}`, value]));
  const model = emitOnnx({ name: network.name, outputs: names, ...(embedded ? { weights } : {}) });
  const session = await openSession(model, { threads: 1 });
  const dims = fixed(shape);
  const image = tensor(new Float32Array(sizeOf(dims)).fill(0.25), dims);
  const feeds = embedded ? { image } : { image, ...Object.fromEntries(weights) };
  try {
    const times: number[] = [];
    for (let run = 0; run < 4; run++) {
      const start = performance.now();
      await session.run(feeds);
      if (run > 0) times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[1] / (network.frames ?? 1);
  } finally {
    await session.dispose();
  }
}

function table(
  listed: readonly ListedNetwork[],
  times: ReadonlyMap<string, number>,
  colour: boolean,
): string {
  const paint = pc.createColors(colour);
  const head = ['Network', 'Tasks', 'Input', 'Parameters', 'Multiply-adds', 'ms an image', 'Source'];
  const lines = new Table({
    head: head.map((text) => paint.dim(text)),
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const { name, tasks, inputSize, trainableParameters, multiplyAdds, source } of listed) {
    lines.push([
      name,
      tasks.join(', '),
      `${inputSize} px`,
      trainableParameters.toLocaleString('en-GB'),
      `${(multiplyAdds / 1e6).toLocaleString('en-GB', { maximumFractionDigits: 0 })} M`,
      times.get(name)?.toFixed(1) ?? '–',
      source,
    ]);
  }
  return lines.toString().replace(/ +$/gm, '');
}

const noLines = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);
