import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readRecipe } from './recipe.ts';

const folder = fileURLToPath(new URL('../../recipes/', import.meta.url));
const recipes = (await readdir(folder)).filter(
  (name) => name.endsWith('.json') && !name.endsWith('.schema.json'),
);

test.each(recipes)('the published recipe %s is one', async (name) => {
  const recipe = await readRecipe(`${folder}${name}`, {});
  expect(recipe.name).toBe(name.replace('.json', ''));
  expect(recipe.detector?.name).toBeTruthy();
});
