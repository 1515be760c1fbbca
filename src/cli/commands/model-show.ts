import { detectorPath } from '../../detect/bundled.ts';
import type { CliCommand } from '../command.ts';

export const modelShow: CliCommand = {
  name: 'model show',
  register: (command, context) =>
    command
      .summary('check a detector and print its contract')
      .description("Recomputes a detector's golden vectors and prints its contract as JSON.")
      .argument('<file|name>', 'an .onnx file, or the name of a bundled detector')
      .action(async (file: string) => {
        // Loads the engine, which the other commands' help must not wait for.
        const { loadDetector } = await import('../../detect/detector.ts');
        const detector = await loadDetector(detectorPath(file));
        try {
          const { contract, sha256, path } = detector;
          context.stdout.write(`${JSON.stringify({ path, sha256, contract }, null, 2)}\n`);
        } finally {
          await detector.close();
        }
      }),
};
