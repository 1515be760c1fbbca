/** Which weights stand still, named by layer path. */
import { errors } from '../base/errors.ts';
import type { Parameter } from '../graph/scope.ts';

/**
 * Reads patterns over layer paths as .gitignore reads its lines: `block1` and `block1/**` freeze the layer and all
 * below, `*` stands for one part of a path, `**` for any number, `!head` takes back, and the last match decides.
 *
 * @param at the recipe's place that has the patterns
 * @throws RECIPE_INVALID at a pattern that matches no parameter of the network.
 */
export function frozenPaths(
  parameters: readonly Parameter[],
  patterns: readonly string[],
  at = 'freeze',
): Set<string> {
  const frozen = new Set<string>();
  for (const pattern of patterns) {
    const taken = pattern.startsWith('!');
    const matches = matcher(taken ? pattern.slice(1) : pattern);
    const found = parameters.filter(({ path }) => matches.test(path));
    if (found.length === 0) {
      const layers = [...new Set(parameters.map(({ path }) => path.split('/')[0]))];
      throw errors.RECIPE_INVALID(at, `"${pattern}" names no layer; there are: ${layers.join(', ')}`);
    }
    for (const { path } of found) {
      if (taken) frozen.delete(path);
      else frozen.add(path);
    }
  }
  return frozen;
}

function matcher(pattern: string): RegExp {
  const parts = pattern.replace(/\/+$/, '').split('/');
  const source = parts
    .map((part, i) => {
      const last = i === parts.length - 1;
      if (part === '**') return last ? '.*' : '(?:[^/]+/)*';
      const one = part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
      return last ? one : `${one}/`;
    })
    .join('');
  return new RegExp(`^${source}(?:/.*)?$`);
}
