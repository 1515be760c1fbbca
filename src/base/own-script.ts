/** Modules of `src/` that start as threads or processes: TypeScript in development and tests, JavaScript once built. */

export const isBuilt = !import.meta.url.endsWith('.ts');

/**
 * The build gives each such module a file of its own, named after its path: URLs beside `import.meta.url` would not
 * survive the bundling.
 * @param module its path in `src/`
 */
export function ownScript(module: `${string}.ts`): URL {
  if (!isBuilt) return new URL(`../${module}`, import.meta.url);
  const name = module.replace(/\.ts$/, '').replaceAll('/', '-');
  return new URL(`../../dist/workers/${name}.js`, import.meta.url);
}
