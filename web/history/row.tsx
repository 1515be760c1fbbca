import { Link } from 'wouter';
import { bytes, clock, percent, score } from '../../src/report/format.ts';
import { visible } from '../../src/report/html.ts';
import type { ClipSummary } from '../../src/server/api.ts';
import { DeleteButton } from '../clip/actions.tsx';
import { VerdictWord } from '../parts/verdict.tsx';
import { statusWords } from './filters.tsx';

interface Props {
  clip: ClipSummary;
  picked: boolean;
  onPick: () => void;
  onDelete: () => void;
}

export function HistoryRow({ clip, picked, onPick, onDelete }: Props) {
  const name = visible(clip.name);
  const facts = [
    clip.durationSeconds !== null && clip.durationSeconds > 0 && clock(clip.durationSeconds),
    clip.bytes !== null && bytes(clip.bytes),
    clip.url !== null && visible(clip.url),
  ].filter((fact) => fact !== false);
  return (
    <tr>
      <td>
        <input type="checkbox" checked={picked} onChange={onPick} aria-label={`Compare ${name}`} />
      </td>
      <td className="full">
        <Link href={`/clips/${clip.id}`}>
          <bdi>{name}</bdi>
        </Link>
        <div className="where num">{facts.join(' · ')}</div>
      </td>
      <td className="full">
        <State clip={clip} />
      </td>
      <td className="n" data-label="Score">
        {clip.score === null ? '–' : score(clip.score)}
      </td>
      <td data-label="Detector">{clip.detector}</td>
      <td className="num" data-label="Added">
        <time dateTime={clip.createdAt}>{when(clip.createdAt)}</time>
      </td>
      <td className="full acts">
        <DeleteButton name={name} onDelete={onDelete} />
      </td>
    </tr>
  );
}

function State({ clip }: { clip: ClipSummary }) {
  if (clip.verdict) return <VerdictWord outcome={clip.verdict} />;
  if (clip.status === 'failed' || clip.error) {
    return (
      <>
        <VerdictWord outcome="error" />
        <div className="why">{clip.error?.title}</div>
      </>
    );
  }
  const fraction = clip.progress?.fraction;
  return (
    <span className="muted">
      {statusWords[clip.status]}
      {clip.status === 'running' && fraction !== undefined && ` (${percent(fraction)})`}
    </span>
  );
}

/** In the reader's own time zone and order. */
function when(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
