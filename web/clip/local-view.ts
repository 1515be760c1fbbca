/** Results that this browser computed. They live in this page's memory alone, and end with it. */
import type { LocalAnalysis } from '../local/types.ts';
import type { View } from './view.ts';

export function localView(file: File, sample: string, analysis: LocalAnalysis): View {
  const { result, contract, evidence, maps } = analysis;
  const url = (blob: Blob) => URL.createObjectURL(blob);
  return {
    name: file.name,
    finishedAt: new Date().toISOString(),
    result,
    contract,
    evidence: evidence.map(({ crop, ...face }, n) => ({ n, ...face, url: url(crop) })),
    maps: maps.map(({ picture, ...map }, n) => ({ n, ...map, url: url(picture) })),
    credentials: null,
    replay: `mesoscope scan ${shellWord(file.name)} --sample ${sample} --detector ${contract.name}`,
    media: { url: url(file), type: file.type || null },
  };
}

function shellWord(text: string): string {
  return /^[\w.,:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const results = new Map<string, View>();

/** Returns the address of the page that shows it. */
export function storeResult(view: View): string {
  const id = String(results.size + 1);
  results.set(id, view);
  return `/here/${id}`;
}

export function storedResult(id: string): View | undefined {
  return results.get(id);
}
