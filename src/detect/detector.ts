/** Detectors as files: read from disk, rewritten, built from a network and its weights. */
import { readFile } from 'node:fs/promises';
import { describe, errors } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { input } from '../graph/leaves.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { decodeModel, encodeModel } from '../graph/onnx/proto.ts';
import { Scope } from '../graph/scope.ts';
import type { Tensor } from '../graph/tensor.ts';
import { networkNamed } from '../models/index.ts';
import { openSession, type SessionOptions } from '../runtime/session.ts';
import { type Contract, contractKey, contractSchema } from './contract.ts';
import { goldenPicture } from './golden.ts';
import { type Detector, meanOf, OnnxDetector, openDetector } from './open-detector.ts';
import { checkPinned, type Pins } from './pins.ts';
import { readContract } from './read-contract.ts';

export { type Detector, normalise, type Scores } from './open-detector.ts';
export { readContract };

/**
 * Loads a detector and recomputes its golden vectors. A file that the pins do not name is not even parsed.
 * @throws DETECTOR_MISSING, DETECTOR_NOT_PINNED, DETECTOR_INVALID, DETECTOR_DIFFERS, DEVICE_UNAVAILABLE.
 */
export async function loadDetector(
  path: string,
  options: SessionOptions = {},
  pins?: Pins,
): Promise<Detector> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT'
      ? errors.DETECTOR_MISSING(path)
      : errors.DETECTOR_INVALID(path, describe(cause));
  });
  const hash = sha256(bytes);
  checkPinned(path, hash, pins);
  return openDetector({ path, bytes, sha256: hash }, options);
}

/** The same network under another contract. Throws DETECTOR_INVALID where `bytes` is no detector. */
export function withContract(path: string, bytes: Uint8Array, contract: Contract): Uint8Array {
  readContract(path, bytes);
  const model = decodeModel(bytes);
  const others = model.metadataProps?.filter(({ key }) => key !== contractKey) ?? [];
  const value = JSON.stringify(contractSchema.parse(contract));
  return encodeModel({ ...model, metadataProps: [...others, { key: contractKey, value }] });
}

/** A contract before its golden vectors are computed. */
export type ContractDraft = Omit<Contract, 'golden'>;

/**
 * Writes a detector's bytes from a network and its weights: the same definition that trained, in inference
 * mode, with a batch of any size. Golden vectors are computed here, on seeds whose scores are least saturated.
 */
export async function buildDetector(
  weights: ReadonlyMap<string, Tensor>,
  draft: ContractDraft,
): Promise<{ bytes: Uint8Array; contract: Contract }> {
  const network = networkNamed(draft.network.name);
  const { width, height } = draft.input;
  const scope = Scope.root('inference');
  const built = network.build(
    scope,
    input('image', ['N', 3, height, width]),
    network.options.parse(draft.network.options),
  );
  const hasMap = draft.outputs.map !== undefined;
  if (hasMap && built.map === undefined)
    throw new Error(`${network.name} has no map to promise in its contract`);
  const outputs = { score: built.score, ...(hasMap && built.map ? { map: built.map } : {}) };
  const emit = (metadata: Record<string, string>) =>
    emitOnnx({ name: draft.name, outputs, weights, metadata });

  const session = await openSession(emit({}));
  const plain = new OnnxDetector('', { ...draft, golden: [] }, '', session);
  const seeds = Array.from({ length: 24 }, (_, i) => i + 1);
  const { scores, maps } = await plain.score(seeds.map((seed) => goldenPicture(seed, width, height)));
  await plain.close();
  const golden = seeds
    .map((seed, i) => ({
      seed,
      score: scores[i],
      ...(maps ? { mapMean: meanOf(maps[i].data) } : {}),
    }))
    .sort((a, b) => Math.abs(a.score - 0.5) - Math.abs(b.score - 0.5))
    .slice(0, 3);
  const contract = contractSchema.parse({ ...draft, golden });
  return { bytes: emit({ [contractKey]: JSON.stringify(contract) }), contract };
}
