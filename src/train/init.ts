/** Where a run's weights start: drawn from the seed, or another training's. */
import { errors } from '../base/errors.ts';
import { initialWeights, type Parameter } from '../graph/scope.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Network } from '../models/network.ts';
import { readKerasWeights } from '../models/weights/keras.ts';
import { readSafeTensors } from '../models/weights/safetensors.ts';
import { frozenPaths } from './freeze.ts';
import type { ResolvedRecipe } from './recipe.ts';

/**
 * First weights of all parameters. A file must hold every parameter that `init.except` does not name, in its shape;
 * a checkpoint's optimiser state is passed over.
 * @throws WEIGHTS_INVALID, WEIGHTS_MISMATCH with all problems in one message.
 */
export async function startingWeights(
  recipe: ResolvedRecipe,
  network: Network,
  parameters: readonly Parameter[],
): Promise<Map<string, Tensor>> {
  const drawn = new Map<string, Tensor>(initialWeights(parameters, recipe.seed));
  const { init } = recipe;
  if (init === undefined) return drawn;
  const except = frozenPaths(parameters, init.except);
  const wanted = parameters.filter(({ path }) => !except.has(path));
  const found = await readWeights(init.weights, network, wanted);
  const problems: string[] = [];
  for (const { path, shape } of wanted) {
    const value = found.get(path);
    if (value === undefined) problems.push(`missing ${path}`);
    else if (value.dims.join() !== shape.join()) {
      problems.push(`${path} is [${value.dims.join(', ')}] where [${shape.join(', ')}] is wanted`);
    } else drawn.set(path, value);
  }
  if (problems.length > 0) throw errors.WEIGHTS_MISMATCH(init.weights, network.name, problems.join('; '));
  return drawn;
}

async function readWeights(
  path: string,
  network: Network,
  wanted: readonly Parameter[],
): Promise<Map<string, Tensor>> {
  // The MesoNet authors' files, whose output means "real".
  if (/\.(h5|hdf5)$/i.test(path)) return readKerasWeights(path, network, wanted, { outputMeansReal: true });
  return (await readSafeTensors(path)).tensors;
}
