/** Writes recipes/recipe.schema.json from the code: `npx tsx scripts/write-recipe-schema.ts`. */
import { writeFileSync } from 'node:fs';
import { recipeJsonSchema } from '../src/train/recipe.ts';

const path = new URL('../recipes/recipe.schema.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`);
