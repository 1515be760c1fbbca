/** All protocols, by the document's own numbering. */
import { errors } from '../../base/errors.ts';
import type { Protocol } from './protocol.ts';

type Load = () => Promise<Protocol>;

/** Loaded when asked for: a list must not open the engine. */
const loaders: Readonly<Record<string, Load>> = {
  '000/table3': async () => (await import('./000-table3.ts')).table3,
  '000/table4': async () => (await import('./000-table4.ts')).table4,
  '000/table5': async () => (await import('./000-table5.ts')).table5,
  '000/table6': async () => (await import('./000-table6.ts')).table6,
  '000/figure6': async () => (await import('./000-figure6.ts')).figure6,
  '001/sources': async () => (await import('./001-sources.ts')).sourcesProtocol,
  '001/sweep': async () => (await import('./001-sweep.ts')).sweepProtocol,
  '002/results': async () => (await import('./002-results.ts')).results,
  '003/table1': async () => (await import('./003-table1.ts')).table1,
  '003/table2': async () => (await import('./003-table2.ts')).table2,
  '003/table3': async () => (await import('./003-table3.ts')).table3,
  '003/table4': async () => (await import('./003-table4.ts')).table4,
  '003/figure5': async () => (await import('./003-figure5.ts')).figure5,
  '004/table2': async () => (await import('./004-table2.ts')).table2,
  '004/table3': async () => (await import('./004-table3.ts')).table3,
  '004/table4': async () => (await import('./004-table4.ts')).table4,
  '004/figure4': async () => (await import('./004-figure4.ts')).figure4,
  '004/figure5': async () => (await import('./004-masks.ts')).masks(5, 'c23'),
  '004/figure6': async () => (await import('./004-masks.ts')).masks(6, 'c40'),
};

export const protocolIds: readonly string[] = Object.keys(loaders);

/** @throws PROTOCOL_UNKNOWN */
export async function protocolNamed(id: string): Promise<Protocol> {
  const load = loaders[id];
  if (!load) throw errors.PROTOCOL_UNKNOWN(id, protocolIds.join(', '));
  return load();
}

export function allProtocols(): Promise<Protocol[]> {
  return Promise.all(protocolIds.map(protocolNamed));
}
