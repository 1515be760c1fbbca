import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readRecipe } from './recipe.ts';

const folder = fileURLToPath(new URL('../../recipes/', import.meta.url));
const recipes = (await readdir(folder)).filter(
  (name) => name.endsWith('.json') && !name.endsWith('.schema.json'),
);

const protocols = (await readdir(`${folder}protocols`)).filter((name) => name.endsWith('.json'));

test.each(protocols)('the recipe of a protocol %s is one, and named like its file', async (name) => {
  const recipe = await readRecipe(`${folder}protocols/${name}`, {});
  expect(`${recipe.name}.json`).toBe(name);
});

test.each(recipes)('the published recipe %s is one', async (name) => {
  const recipe = await readRecipe(`${folder}${name}`, {});
  expect(recipe.name).toBe(name.replace('.json', ''));
  expect(recipe.detector?.name).toBeTruthy();
});
