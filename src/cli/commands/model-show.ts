import { detectorPath } from '../../detect/bundled.ts';
import type { CliCommand } from '../command.ts';
import { modelCard } from '../model-card.ts';

export const modelShow: CliCommand = {
  name: 'model show',
  register: (command, context) =>
    command
      .summary('check a detector and print its card')
      .description(
        "Recomputes a detector's golden vectors and prints its card: what it was trained on, its error rates, its limits.",
      )
      .argument('<file|name>', 'an .onnx file, or the name of a bundled detector')
      .option('--json', 'the whole contract as JSON')
      .action(async (file: string, { json }: { json?: boolean }) => {
        // Loads the engine, which the other commands' help must not wait for.
        const { loadDetector } = await import('../../detect/detector.ts');
        const detector = await loadDetector(detectorPath(file));
        try {
          const { contract, sha256, path } = detector;
          const { stdout, colour } = context;
          stdout.write(
            json
              ? `${JSON.stringify({ path, sha256, contract }, null, 2)}\n`
              : modelCard(contract, sha256, { colour, width: stdout.columns ?? 100 }),
          );
        } finally {
          await detector.close();
        }
      }),
};
