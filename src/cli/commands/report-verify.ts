import { readFile } from 'node:fs/promises';
import { describe, errors } from '../../base/errors.ts';
import { detectorByHash, detectorPath } from '../../detect/bundled.ts';
import { type Pins, readPins } from '../../detect/pins.ts';
import { parseSampling } from '../../media/sampling.ts';
import { expectedFingerprint } from '../../report/bundle/key.ts';
import { type Comparison, compareResults } from '../../report/bundle/replay.ts';
import { type Verification, verifyBundle } from '../../report/bundle/verify.ts';
import { proofOf } from '../../report/bundle/wording.ts';
import type { CliCommand, CliContext } from '../command.ts';
import { findClip } from '../find-clip.ts';
import { exitCodes, oneLine } from '../io.ts';

interface Options {
  key?: string;
  json?: true;
  replay?: string;
  detector?: string;
  pin?: string;
}

export const reportVerify: CliCommand = {
  name: 'report verify',
  register: (command, context) =>
    command
      .summary('check an evidence bundle: every hash, the log’s chain, the signature')
      .description(
        'Checks an evidence bundle without trusting anything in it, and says what is proven and what is not. ' +
          'Exit code 0: whole; 1: something in it was changed, or the repeated scan gave other scores.',
      )
      .argument('<bundle>', 'the zip file')
      .option('--key <file|fingerprint>', "the maker's public key, had by another way than with the bundle")
      .option(
        '--replay <path>',
        'scan again and compare: the clip, or a folder in which it is found by its hash',
      )
      .option('--detector <file>', 'with --replay: the detector, where it does not come along')
      .option('--pin <file>', 'with --replay: load no detector but those of this list')
      .option('--json', 'all of it as JSON')
      .action(async (path: string, { key, json, replay, detector, pin }: Options) => {
        const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
          throw cause.code === 'ENOENT'
            ? errors.BUNDLE_MISSING(path)
            : errors.CLIP_UNREADABLE(path, describe(cause));
        });
        const verification = verifyBundle(
          bytes,
          key === undefined ? undefined : await expectedFingerprint(key),
        );
        const pins = pin === undefined ? undefined : await readPins(pin);
        // What was changed is not worth a scan, and its settings are not to be trusted.
        const comparison =
          replay !== undefined && verification.ok
            ? await scanAgain(context, path, verification, { clip: replay, detector, pins })
            : undefined;
        const { checks, manifest } = verification;
        const ok = verification.ok && comparison?.agrees !== false;
        const proof = proofOf(verification, comparison);
        if (json) {
          const document = { bundle: path, ok, checks, ...proof, manifest, replay: comparison ?? null };
          context.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
        } else {
          context.stdout.write(told(path, verification, comparison));
        }
        context.exit(ok ? exitCodes.done : exitCodes.failed);
      }),
};

interface Again {
  clip: string;
  detector: string | undefined;
  pins: Pins | undefined;
}

/** @throws REPLAY_IMPOSSIBLE, REPLAY_CLIP, DETECTOR_HASH_UNKNOWN, DETECTOR_NOT_PINNED */
async function scanAgain(
  { openScanner, signal }: CliContext,
  path: string,
  { manifest, result }: Verification,
  { clip, detector, pins }: Again,
): Promise<Comparison> {
  if (!manifest?.scan || !manifest.detector || manifest.clip.sha256 === null || !result) {
    throw errors.REPLAY_IMPOSSIBLE(path, 'it holds no scores');
  }
  const { sha256 } = manifest.detector;
  const { sample, aggregation, seed } = manifest.scan;
  const file = await findClip(clip, manifest.clip.sha256, manifest.clip.bytes);
  const name = detector === undefined ? await detectorByHash(sha256) : detectorPath(detector);
  // Only the very file that scored the clip; and that only where the operator allows it.
  if (pins && !pins.hashes.has(sha256)) throw errors.DETECTOR_NOT_PINNED(name, sha256, pins.source);
  const scanner = await openScanner({
    read: [file],
    detector: name,
    seed,
    aggregation: aggregation.frames,
    pins: { hashes: new Set([sha256]), source: path },
  });
  try {
    const again = await scanner.scan(file, { sampling: parseSampling(sample), signal });
    return compareResults(result, again.result);
  } finally {
    await scanner.close();
  }
}

const marks = { passed: 'ok     ', failed: 'FAILED ', unknown: 'open   ' };

function told(path: string, verification: Verification, comparison: Comparison | undefined): string {
  const { checks, manifest, result } = verification;
  const lines = [oneLine(path)];
  if (verification.ok && manifest && result) {
    const { clip, detector, signedAt, tool } = manifest;
    lines.push(
      `  clip ${oneLine(clip.name)}, SHA-256 ${clip.sha256 ?? 'unknown'}`,
      `  detector ${oneLine(detector?.name ?? 'none')}, SHA-256 ${detector?.sha256 ?? 'none'}`,
      `  verdict ${result.verdict.replaceAll('_', ' ')}, score ${result.score ?? 'none'}`,
      `  signed ${signedAt} (its clock) by Mesoscope ${oneLine(tool.version)}`,
    );
  }
  lines.push('');
  for (const { status, words, problems } of checks) {
    lines.push(
      `${marks[status]}${oneLine(words)}`,
      ...problems.map((problem) => `         ${oneLine(problem)}`),
    );
  }
  if (comparison) {
    const { agrees, compared, largest, tolerance, differences } = comparison;
    lines.push(
      `${marks[agrees ? 'passed' : 'failed']}Scanned again: ${compared} numbers, largest difference ${largest} (tolerance ${tolerance}).`,
      ...differences.map((difference) => `         ${oneLine(difference)}`),
    );
  }
  const { proven, notProven } = proofOf(verification, comparison);
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : ['', title, ...items.map((item) => `- ${item}`)];
  lines.push(...list('Proven:', proven), ...list('Not proven:', notProven));
  return `${lines.join('\n')}\n`;
}
