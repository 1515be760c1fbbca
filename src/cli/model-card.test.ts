import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { detectorPath } from '../detect/bundled.ts';
import type { Contract } from '../detect/contract.ts';
import { readContract } from '../detect/detector.ts';
import { modelCard } from './model-card.ts';

const path = detectorPath();
const contract = readContract(path, await readFile(path));
const hash = 'ab'.repeat(32);

test('nothing that a contract says moves the cursor or turns the text round', () => {
  const evil = 'fine \u001b[2J\r\n\u202eworse';
  const card = modelCard(
    {
      ...contract,
      description: evil,
      training: { data: evil, terms: evil, recipe: evil },
      thresholds: { ...contract.thresholds, basis: evil },
      quality: { ...contract.quality, measured: [{ condition: evil, tracks: 3 }] },
      figures: [{ metric: evil, value: 0.5, protocol: evil }],
      limits: [evil],
      licence: evil,
    },
    hash,
    { colour: false, width: 100 },
  );
  for (const bad of ['\u001b', '\r', '\u202e']) expect(card).not.toContain(bad);
  expect(card.match(/fine/gi)).toHaveLength(10);
});

test('on a narrow terminal words too long for their column are broken, and none is cut', () => {
  const word = Array.from({ length: 200 }, (_, i) => (i % 10).toString()).join('');
  const card = modelCard({ ...contract, limits: [word] }, hash, { colour: false, width: 50 });
  expect(card.split('\n')).toContain(hash);
  expect(card.replace(/\s/g, '')).toContain(word);
  expect(card).not.toContain('…');
});

test('a contract that says nothing of its limits and figures is told so', () => {
  const bare: Contract = {
    ...contract,
    limits: [],
    figures: [],
    quality: { ...contract.quality, measured: [] },
  };
  const card = modelCard(bare, hash, { colour: false, width: 100 });
  expect(card).toContain('The contract names no limits.');
  expect(card).toContain('Error rates by quality\nNot measured.');
  expect(card).toContain('Figures\nNone.');
});
