/**
 * Several detectors of one network as one, by averaging their weights (Wortsman et al. 2022, "Robust fine-tuning" and
 * "Model soups"): where one was trained on from the other, what lies between the two often knows both tasks, at the cost of one.
 */
import { isDeepStrictEqual } from 'node:util';
import { errors } from '../base/errors.ts';
import { input } from '../graph/leaves.ts';
import { Scope } from '../graph/scope.ts';
import { type Tensor, tensor } from '../graph/tensor.ts';
import { networkNamed } from '../models/index.ts';
import { readOnnxWeights } from '../models/weights/onnx.ts';
import type { Contract } from './contract.ts';
import { buildDetector, readContract } from './detector.ts';

export interface Ingredient {
  path: string;
  bytes: Uint8Array;
  /** Its part of the average, positive; parts need not add up to 1. */
  part: number;
}

/**
 * The averaged detector, under the first one's contract (its outputs too) with what was measured taken out: it is another
 * network, which nobody has measured yet. Running statistics are averaged too.
 * @throws DETECTOR_INVALID where the detectors differ in network, options, crop or input
 */
export async function averageDetectors(
  ingredients: readonly Ingredient[],
  name: string,
): Promise<{ bytes: Uint8Array; contract: Contract }> {
  const contracts = ingredients.map(({ path, bytes }) => readContract(path, bytes));
  const [first] = contracts;
  for (const [i, other] of contracts.entries()) {
    for (const key of ['network', 'crop', 'input'] as const) {
      if (!isDeepStrictEqual(other[key], first[key])) {
        throw errors.DETECTOR_INVALID(
          ingredients[i].path,
          `its ${key} is not that of ${ingredients[0].path}: ${JSON.stringify(other[key])}, not ${JSON.stringify(first[key])}`,
        );
      }
    }
  }
  const network = networkNamed(first.network.name);
  const scope = Scope.root('inference');
  const { width, height } = first.input;
  network.build(scope, input('image', ['N', 3, height, width]), network.options.parse(first.network.options));
  const paths = scope.parameters.map(({ path }) => path);
  const total = ingredients.reduce((sum, { part }) => sum + part, 0);
  const sums = new Map<string, Tensor>();
  for (const { bytes, part } of ingredients) {
    for (const [path, { data, dims }] of readOnnxWeights(bytes, paths)) {
      const sum = (sums.get(path)?.data as Float32Array | undefined) ?? new Float32Array(data.length);
      for (let i = 0; i < data.length; i++) sum[i] += (data[i] * part) / total;
      sums.set(path, tensor(sum, dims));
    }
  }
  const { golden: _, ...draft } = first;
  const shares = ingredients.map(({ part }, i) => `${contracts[i].name} (${(part / total).toFixed(2)})`);
  const recipes = [...new Set(contracts.map(({ training }) => training.recipe))];
  const distinct = (of: (contract: Contract) => string) => [...new Set(contracts.map(of))].join('; ');
  return buildDetector(sums, {
    ...draft,
    name,
    description: `Average of the weights of ${shares.join(' and ')}.`,
    calibration: { kind: 'none' },
    thresholds: { likely: 0.9, notFound: 0.1, basis: 'Conventional: this average has not been measured.' },
    quality: { ...first.quality, measured: [] },
    training: {
      data: distinct(({ training }) => training.data),
      terms: distinct(({ training }) => training.terms),
      recipe: `weights averaged: ${recipes.join('; ')}`,
    },
    figures: [],
    limits: [...new Set(contracts.flatMap(({ limits }) => limits))],
    licence: distinct(({ licence }) => licence),
  });
}
