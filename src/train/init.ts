/** Where a run's weights start: drawn from the seed, or another training's. */
import { initialWeights, type Parameter } from '../graph/scope.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Network } from '../models/network.ts';
import { loadInitialWeights } from '../models/weights/initial.ts';
import { frozenPaths } from './freeze.ts';
import type { ResolvedRecipe } from './recipe.ts';

/**
 * First weights of all parameters. A file must hold every parameter that `init.except` does not name, in its shape;
 * of a library's state dict (`.pth` or safetensors with its names) the trunk is loaded and the head stays as drawn.
 * @throws WEIGHTS_INVALID, WEIGHTS_MISMATCH with all problems in one message.
 */
export async function startingWeights(
  recipe: ResolvedRecipe,
  network: Network,
  parameters: readonly Parameter[],
): Promise<Map<string, Tensor>> {
  const weights = new Map<string, Tensor>(initialWeights(parameters, recipe.seed));
  const { init } = recipe;
  if (init === undefined) return weights;
  const except = frozenPaths(parameters, init.except, 'init.except');
  const wanted = parameters.filter(({ path }) => !except.has(path));
  const found = await loadInitialWeights(network, wanted, init.weights, { partial: except.size > 0 });
  for (const [path, value] of found) weights.set(path, value);
  return weights;
}
