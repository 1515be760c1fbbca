/** A reproduction as it is kept: JSON for programs, Markdown for people, drawings beside both. */
import { join } from 'node:path';
import { version } from '../../base/version.ts';
import { writeWholeText } from '../../data/build/whole-file.ts';
import { describeEnvironment, type Environment } from '../../train/environment.ts';
import type { Cell, Protocol, ProtocolOutcome, Scale } from './protocol.ts';

export const reproductionSchemaName = 'mesoscope.reproduction/1';

export interface Reproduction extends Omit<ProtocolOutcome, 'drawings'> {
  schema: typeof reproductionSchemaName;
  mesoscope: string;
  id: string;
  title: string;
  source: string;
  scale: Scale;
  setting: string;
  differs: readonly string[];
  seed: number;
  seconds: number;
  environment: Environment;
  drawings: readonly { file: string; caption: string }[];
}

export async function reproductionOf(
  protocol: Protocol,
  outcome: ProtocolOutcome,
  { scale, seed, seconds }: { scale: Scale; seed: number; seconds: number },
): Promise<Reproduction> {
  const { setting, differs } = protocol.scales[scale];
  return {
    schema: reproductionSchemaName,
    mesoscope: version,
    id: protocol.id,
    title: protocol.title,
    source: protocol.source,
    scale,
    setting,
    differs,
    seed,
    seconds: Math.round(seconds),
    environment: await describeEnvironment({ device: 'cpu', threads: 1 }),
    scored: outcome.scored,
    tables: outcome.tables,
    findings: outcome.findings,
    drawings: outcome.drawings.map(({ name, caption }) => ({ file: name, caption })),
  };
}

/** Paper beside ours in each cell. */
export function markdownOf(r: Reproduction): string {
  const lines = [
    `# ${r.id}: ${r.title}`,
    '',
    `${r.source}. Written by \`mesoscope reproduce ${r.id} --scale ${r.scale}\`; do not edit.`,
    '',
    `Setting: ${r.setting}`,
    '',
    `Scored: ${r.scored}. Seed ${r.seed}; ${r.seconds} s on ${r.environment.cpu}, ${r.environment.cores} cores.`,
    '',
  ];
  if (r.differs.length > 0) {
    lines.push('What differs from the document:', '', ...r.differs.map((text) => `- ${text}`), '');
  }
  for (const { title, quantity, columns, rows } of r.tables) {
    lines.push(`## ${title}`, '', `Each cell: document / ours (${quantity}).`, '');
    lines.push(`| | ${columns.join(' | ')} |`, `|---|${columns.map(() => '---:').join('|')}|`);
    for (const { name, cells } of rows) {
      lines.push(`| ${name} | ${cells.map((c) => cellText(c)).join(' | ')} |`);
    }
    lines.push('');
  }
  if (r.findings.length > 0) {
    lines.push('## Does our data agree?', '');
    for (const { claim, ours, agrees } of r.findings) {
      const answer = agrees === undefined ? 'Cannot tell.' : agrees ? 'Agrees.' : 'Disagrees.';
      lines.push(`- **${answer}** ${claim} Ours: ${ours}.`);
    }
    lines.push('');
  }
  for (const { file, caption } of r.drawings) lines.push(`![${caption}](${file})`, '', caption, '');
  return lines.join('\n');
}

export function cellText({ paper, ours }: Cell): string {
  const text = (value: number | null) =>
    value === null ? '–' : Math.abs(value) > 2 ? value.toFixed(1) : value.toFixed(3);
  return `${text(paper)} / ${text(ours)}`;
}

/** Writes `NNN-name.json`, `.md` and the drawings into one folder a protocol. Throws OUTPUT_UNWRITABLE. */
export async function writeReproduction(
  folder: string,
  reproduction: Reproduction,
  drawings: ProtocolOutcome['drawings'],
): Promise<void> {
  await writeWholeText(join(folder, 'result.json'), `${JSON.stringify(reproduction, null, 2)}\n`);
  await writeWholeText(join(folder, 'README.md'), markdownOf(reproduction));
  for (const { name, bytes } of drawings) await writeWholeText(join(folder, name), bytes);
}
