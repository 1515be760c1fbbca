import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { resultSchema, resultSchemaName, verdicts, verdictWords } from '../src/detect/result.ts';

const text = readFileSync(new URL('../docs/result.md', import.meta.url), 'utf8');

/** Every property name of a JSON schema, however deep. */
function keysOf(schema: unknown): string[] {
  if (schema === null || typeof schema !== 'object') return [];
  const { properties } = schema as { properties?: Record<string, unknown> };
  const own = properties && typeof properties === 'object' ? Object.keys(properties) : [];
  return [...own, ...Object.values(schema).flatMap(keysOf)];
}

test('every field of the schema is documented', () => {
  const keys = [...new Set(keysOf(z.toJSONSchema(resultSchema)))];
  expect(keys).toContain('frameIndex');
  expect(keys).toContain('share');
  const missing = keys.filter((key) => !text.includes(`\`${key}\``));
  expect(missing).toEqual([]);
});

test('the version and every verdict with its words are documented', () => {
  expect(text).toContain(resultSchemaName);
  for (const verdict of verdicts) {
    expect(text).toMatch(new RegExp(`\\| \`${verdict}\`\\s*\\| ${verdictWords[verdict]}\\s*\\|`));
  }
});

test('the examples are valid results', () => {
  const examples = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => JSON.parse(match[1]));
  expect(examples.map((example) => resultSchema.parse(example).status)).toEqual(['scored', 'error']);
});

test('nothing is documented that the schema does not have', () => {
  const keys = new Set(keysOf(z.toJSONSchema(resultSchema)));
  const rows = [...text.matchAll(/^\| ((?:`\w+`(?:, )?)+)\s*\|/gm)].flatMap((row) =>
    [...row[1].matchAll(/`(\w+)`/g)].map((match) => match[1]),
  );
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((key) => !keys.has(key) && !(verdicts as readonly string[]).includes(key))).toEqual([]);
});
