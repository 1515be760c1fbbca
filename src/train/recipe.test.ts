import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { planPhases } from './plan.ts';
import { parseRecipe, readRecipe, recipeJsonSchema, resolveRecipe } from './recipe.ts';

const folder = fileURLToPath(new URL('../../recipes', import.meta.url));

const least = {
  schema: 'mesoscope.recipe/1',
  name: 'least',
  data: {
    layout: 'manifest',
    path: 'faces.csv',
    split: { seed: 1, shares: { train: 0.8, validation: 0.2, test: 0 } },
  },
  network: { name: 'meso4' },
  loss: { kind: 'cross-entropy' },
  optimiser: { kind: 'adam' },
  schedule: { kind: 'constant', rate: 1e-3 },
  steps: 10,
  batchSize: 4,
};

describe('recipes', () => {
  it('resolves paths from the recipe, and fills in the network’s options and size', () => {
    const recipe = resolveRecipe(parseRecipe(least), '/recipes');
    expect(recipe.data.path).toBe('/recipes/faces.csv');
    expect(recipe.network.options).toEqual({ dropout: 0.5 });
    expect(recipe.size).toBe(256);
    expect(recipe.threads).toBeGreaterThan(0);
    const overridden = resolveRecipe(parseRecipe(least), '/recipes', { data: '/data/x.csv', threads: 3 });
    expect([overridden.data.path, overridden.threads]).toEqual(['/data/x.csv', 3]);
  });

  it('resolves to itself once more: a run reads its own recipe.json', () => {
    const once = resolveRecipe(parseRecipe(least), '/recipes');
    expect(resolveRecipe(parseRecipe(JSON.parse(JSON.stringify(once))), '/elsewhere')).toEqual(once);
  });

  it.each([
    [{ learningRate: 1 }, /wrong at learningRate: there is no such key/],
    [{ data: { ...least.data, foo: 1 } }, /wrong at data\.foo: there is no such key/],
    [
      { data: { ...least.data, synthesize: { mixx: {} } } },
      /wrong at data\.synthesize\.mixx: there is no such/,
    ],
    [{ data: { ...least.data, synthesize: { mix: { magic: 1 } } } }, /wrong at data\.synthesize\.mix/],
    [{ data: { ...least.data, synthesize: { mix: { 'face-swap': 1 } } } }, /need a donor/],
    [{ data: { ...least.data, synthesize: { mix: { 'hard-negative': 1 } } } }, /hardNegatives says/],
    [{ data: { ...least.data, synthesize: { share: 0 } } }, /wrong at data\.synthesize\.share/],
    [{ optimiser: { kind: 'adam', beta3: 1 } }, /wrong at optimiser\.beta3: there is no such key/],
    [{ augment: { zoom: { factr: [1, 1] } } }, /wrong at augment\.zoom\.factr: there is no such key/],
    [{ network: { name: 'meso4', options: { dropuot: 0.1 } } }, /wrong at network\.options\.dropuot/],
    [{ network: { name: 'meso4', options: { dropout: 2 } } }, /wrong at network\.options\.dropout/],
    [{ batchSize: 0 }, /wrong at batchSize/],
    [{ size: 100 }, /wrong at size: meso4 takes multiples of 32/],
    [{ steps: undefined }, /wrong at steps: exactly one of steps, epochs and phases/],
    [{ epochs: 3 }, /wrong at steps: exactly one/],
    [{ phases: [{ steps: 1 }] }, /wrong at steps: exactly one/],
    [{ network: { name: 'resnet18-gru' } }, /frames at once/],
  ])('names the wrong key: %j', (change, message) => {
    expect(() => resolveRecipe(parseRecipe({ ...least, ...change }), '/')).toThrow(message);
  });

  it('tells an unknown network with those that exist', () => {
    const recipe = parseRecipe({ ...least, network: { name: 'meso5' } });
    expect(() => resolveRecipe(recipe, '/')).toThrow(/Unknown network "meso5"\..*meso4/);
  });

  it('tells a file that is no JSON', async () => {
    const temporary = await mkdtemp(join(tmpdir(), 'mesoscope-'));
    await writeFile(join(temporary, 'r.json'), '{');
    await expect(readRecipe(join(temporary, 'r.json'))).rejects.toMatchObject({ code: 'RECIPE_UNREADABLE' });
    await expect(readRecipe(join(temporary, 'none.json'))).rejects.toMatchObject({
      code: 'RECIPE_UNREADABLE',
    });
    await rm(temporary, { recursive: true });
  });

  it('plans phases, each with its own optimiser and, where given, its own schedule', () => {
    const recipe = resolveRecipe(
      parseRecipe({
        ...least,
        steps: undefined,
        freeze: ['block1'],
        schedule: { kind: 'exponential', rate: 1, factor: 0.5 },
        phases: [
          { epochs: 2, freeze: ['**', '!head'], schedule: { kind: 'constant', rate: 0.1 } },
          { steps: 30, freeze: [] },
        ],
      }),
      '/',
    );
    const [first, second] = planPhases(recipe, 10);
    expect([first.from, first.to, second.from, second.to]).toEqual([0, 20, 20, 50]);
    expect(first.freeze).toEqual(['block1', '**', '!head']);
    expect(second.freeze).toEqual(['block1']);
    expect([first.rate(19), second.rate(20), second.rate(30)]).toEqual([0.1, 0.25, 0.125]);
  });
});

describe('what is published', () => {
  it('has the JSON schema of the code (npx tsx scripts/write-recipe-schema.ts writes it)', () => {
    const published = JSON.parse(readFileSync(join(folder, 'recipe.schema.json'), 'utf8'));
    expect(published).toEqual(JSON.parse(JSON.stringify(recipeJsonSchema())));
    expect(published.additionalProperties).toBe(false);
    expect(Object.keys(published.properties)).toContain('optimiser');
  });

  const recipes = readdirSync(folder).filter(
    (name) => name.endsWith('.json') && !name.endsWith('.schema.json'),
  );
  it.each(recipes)('%s is a recipe, and names no path of one machine', async (name) => {
    const recipe = await readRecipe(join(folder, name));
    expect(`${recipe.name}.json`).toBe(name);
    expect(recipe.description).not.toBe('');
    expect(readFileSync(join(folder, name), 'utf8')).not.toMatch(/"\/|[A-Z]:\\/);
  });
});
