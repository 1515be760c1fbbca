/** Keras weight files to detectors: the MesoNet authors' released networks. */
import { basename } from 'node:path';
import type { CropPolicy } from '../faces/crop-policy.ts';
import { input } from '../graph/leaves.ts';
import { Scope } from '../graph/scope.ts';
import { networkNamed } from '../models/index.ts';
import { readKerasWeights } from '../models/weights/keras.ts';
import { type Contract, contractSchemaName } from './contract.ts';
import { buildDetector } from './detector.ts';

/**
 * Side of the crop: 1.5 face widths, which is how loosely the faces sit in the authors' own examples (chin to
 * brow and ear to ear fill about two thirds of the picture), eyes level (MesoNet 3.1.1: aligned faces).
 */
export const mesoCrop: CropPolicy = { kind: 'aligned', margin: 0.25 };

/**
 * Builds a detector from a Keras HDF5 file. Its thresholds are conventional and its error rates unmeasured, and
 * its contract says so.
 * @throws NETWORK_UNKNOWN, WEIGHTS_INVALID, WEIGHTS_MISMATCH.
 */
export async function importKeras(
  path: string,
  networkName: string,
  { crop = mesoCrop, name }: { crop?: CropPolicy; name?: string } = {},
): Promise<{ bytes: Uint8Array; contract: Contract }> {
  const network = networkNamed(networkName);
  const options = network.options.parse({});
  const scope = Scope.root('inference');
  const { inputSize: size, normalisation } = network;
  network.build(scope, input('image', ['N', 3, size, size]), options);
  const weights = await readKerasWeights(path, network, scope.parameters, { outputMeansReal: true });
  return buildDetector(weights, {
    schema: contractSchemaName,
    name: name ?? slug(`${networkName}-${basename(path).replace(/\.[^.]+$/, '')}`),
    description: `${network.title} with imported Keras weights from ${basename(path)}.`,
    network: { name: network.name, options },
    crop,
    input: {
      name: 'image',
      height: size,
      width: size,
      mean: [...normalisation.mean],
      deviation: [...normalisation.deviation],
    },
    outputs: { score: 'score' },
    aggregation: { frames: { kind: 'mean' }, tracks: 'max' },
    calibration: { kind: 'none' },
    thresholds: {
      likely: 0.9,
      notFound: 0.1,
      basis:
        'Conventional, far from the middle because the scores are not calibrated; no error rate was measured.',
    },
    quality: { minFacePixels: 48, minSharpness: 0, minMeshConfidence: 0.5, minFaces: 5, measured: [] },
    training: {
      data: 'As the authors describe it (MesoNet 3.1); not checked here.',
      terms: 'See the weights’ own licence.',
      recipe: 'Imported weights; trained by their authors.',
    },
    figures: [],
    limits: [
      'Imported weights: calibration and error rates were not measured.',
      'Trained on 2018’s Deepfakes or Face2Face forgeries; newer methods were never seen.',
    ],
    licence: 'See the weights’ own licence.',
  });
}

function slug(text: string): string {
  const clean = text.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-');
  return clean.slice(0, 64).replace(/^[^a-z0-9]+/, '') || 'imported';
}
