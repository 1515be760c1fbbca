/** Holds import lines to the table of ARCHITECTURE.md. The rules are here, as a function; the test feeds them. */

export interface Folder {
  rank: number;
  mayImport: readonly string[];
}

export interface SourceFile {
  /** From `src/`, with forward slashes. */
  path: string;
  text: string;
}

/** Packages that one folder keeps to itself, so that the rest can do without. */
const owners: Readonly<Record<string, string>> = {
  '#onnxruntime': 'runtime',
  '#onnxruntime-webgpu': 'runtime',
  'onnxruntime-node': 'runtime',
  'onnxruntime-web': 'runtime',
  'node-av': 'media',
  sharp: 'media',
  mediabunny: 'media',
};

const mostLines = 500;

/** The rows `| rank | folder | role | may import |` of the document. */
export function readTable(markdown: string): Map<string, Folder> {
  const folders = new Map<string, Folder>();
  for (const line of markdown.split('\n')) {
    const match = /^\|\s*(\d+)\s*\|\s*`(\w+)`\s*\|[^|]*\|([^|]*)\|\s*$/.exec(line);
    if (!match) continue;
    const [, rank, name, allowed] = match;
    const mayImport = allowed
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '' && word !== '–');
    folders.set(name, { rank: Number(rank), mayImport });
  }
  return folders;
}

/** What the table itself says wrongly: a folder that does not exist, or one of the same or a higher rank. */
export function checkTable(folders: ReadonlyMap<string, Folder>): string[] {
  const problems: string[] = [];
  for (const [name, { rank, mayImport }] of folders) {
    for (const other of mayImport) {
      const target = folders.get(other);
      if (!target) problems.push(`the table lets ${name} import ${other}, which it does not list`);
      else if (target.rank >= rank)
        problems.push(`the table lets ${name} (${rank}) import ${other} (${target.rank})`);
    }
  }
  return problems;
}

/** Everything that a file imports, re-exports or loads on demand, as written. */
export function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const statements = /(?:^|[;}\s])(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/g;
  const bare = /(?:^|[;}\s])import\s*['"]([^'"]+)['"]/g;
  const calls = /\b(?:import|require|require\.resolve|import\.meta\.resolve)\(\s*['"]([^'"]+)['"]/g;
  return [statements, bare, calls].flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]));
}

/** What the files do that the table does not allow. */
export function checkFiles(files: readonly SourceFile[], folders: ReadonlyMap<string, Folder>): string[] {
  const problems: string[] = [];
  for (const { path, text } of files) {
    const lines = text.trimEnd().split('\n');
    // CONTRIBUTING.md: over 500 needs a reason at the top.
    if (lines.length > mostLines && !/long because/i.test(lines.slice(0, 12).join('\n'))) {
      problems.push(`${path} has ${lines.length} lines and does not say why (limit ${mostLines})`);
    }
    const parts = path.split('/');
    // `src/index.ts` is the library's face and may import all.
    if (parts.length === 1) continue;
    const own = parts[0];
    const folder = folders.get(own);
    if (!folder) {
      problems.push(`${path} lies in src/${own}, which the table does not list`);
      continue;
    }
    for (const specifier of importsOf(text)) {
      const problem = specifier.startsWith('.')
        ? checkRelative(parts, specifier, own, folder, folders)
        : checkPackage(specifier, own);
      if (problem) problems.push(`${path}: ${problem}`);
    }
  }
  return problems;
}

function checkRelative(
  from: readonly string[],
  specifier: string,
  own: string,
  folder: Folder,
  folders: ReadonlyMap<string, Folder>,
): string | undefined {
  const target = from.slice(0, -1);
  for (const step of specifier.split('/')) {
    if (step === '..') {
      if (target.length === 0) return `imports ${specifier}, which is outside src`;
      target.pop();
    } else if (step !== '.') target.push(step);
  }
  if (target.length === 1) return `imports ${specifier}, the library's face`;
  const other = target[0];
  if (other === own || other === 'base') return undefined;
  if (!folders.has(other)) return `imports ${other}, which the table does not list`;
  return folder.mayImport.includes(other) ? undefined : `${own} may not import ${other}`;
}

function checkPackage(specifier: string, own: string): string | undefined {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const owner = owners[name];
  return owner && owner !== own ? `only ${owner} may import ${name}` : undefined;
}
