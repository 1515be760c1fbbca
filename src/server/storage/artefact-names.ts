/** What an analysis leaves. In a module of its own: whoever sends files must not load what made them. */

/** File names below the folder of an attempt. */
export const artefact = {
  crop: (n: number) => `crop-${n}.jpg`,
  map: (n: number) => `map-${n}.png`,
  report: 'report.html',
  result: 'report.json',
  log: 'log.jsonl',
};

/** What such a file is called in an evidence bundle. */
export function bundledName(file: string): string {
  if (file === artefact.result) return 'result.json';
  const [, kind, rest] = /^(crop|map)-(\d+\.\w+)$/.exec(file) ?? [];
  return kind ? `${kind}s/${rest}` : file;
}
