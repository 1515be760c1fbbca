import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { firstView } from './pages-weight.ts';

const folder = fileURLToPath(new URL('../dist/web', import.meta.url));

test('the first view has less than 300 KB of script, compressed, and neither charts nor engine', () => {
  expect(existsSync(folder), 'The pages are not built: run `npm run build` first.').toBe(true);
  const scripts = firstView(folder).filter(({ path }) => path.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(0);
  const total = scripts.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);
  // React and zod alone are more than this: less means that something was not followed.
  expect(total).toBeGreaterThan(70_000);
  expect(total).toBeLessThan(300_000);
  const text = scripts.map(({ path }) => readFileSync(`${folder}/${path}`, 'utf8')).join('\n');
  expect(text).not.toContain('markArea');
  expect(text).not.toContain('InferenceSession');
});

test('nothing of Node is in the pages', () => {
  for (const name of readdirSync(`${folder}/assets`).filter((file) => file.endsWith('.js'))) {
    expect(name + readFileSync(`${folder}/assets/${name}`, 'utf8'), name).not.toMatch(
      /browser-external|from\s*["']node:/,
    );
  }
});

test('the pages ask no one else for anything, and have no script in the document', () => {
  const page = readFileSync(`${folder}/index.html`, 'utf8');
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(page.match(/<script\b[^>]*>/g)).toHaveLength(1);
  expect(page).toMatch(/<script\b[^>]*\bsrc="\/assets\/[^"]+"><\/script>/);
  const styles = readdirSync(`${folder}/assets`).filter((name) => name.endsWith('.css'));
  for (const name of styles) {
    expect(readFileSync(`${folder}/assets/${name}`, 'utf8')).not.toMatch(/url\(["']?(?:https?:)?\/\//);
  }
});
