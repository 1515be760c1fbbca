/** The recipes of the protocols, as published in `recipes/protocols`. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../recipes/protocols/', import.meta.url));

/** `003-smoke`: the recipe's settings, without its name and the data, which the protocol fills in. */
export async function protocolRecipe(name: string): Promise<Record<string, unknown>> {
  const json = JSON.parse(await readFile(`${folder}${name}.json`, 'utf8')) as Record<string, unknown>;
  const { $schema, schema, name: own, description, data, ...settings } = json;
  const { split } = data as { split?: unknown };
  return { ...settings, ...(split ? { data: { split } } : {}) };
}
