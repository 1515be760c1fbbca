import { Link } from 'wouter';
import { score } from '../../src/report/format.ts';
import { visible } from '../../src/report/html.ts';
import { finalStatuses } from '../../src/server/api.ts';
import { VerdictWord } from '../parts/verdict.tsx';
import { dismiss, type Item, retry } from './queue.ts';
import { itemStage, timeLeft } from './stage-words.ts';

/** One clip under way, from being sent to its verdict. Its height does not change while it moves on. */
export function ItemRow({ item }: { item: Item }) {
  const { key, clip, error, lost, phase } = item;
  const href = item.here?.result?.href ?? (clip ? `/clips/${clip.id}` : null);
  const name = visible(item.name);
  const ended =
    phase === 'refused' || phase === 'ready' || (clip !== null && finalStatuses.includes(clip.status));
  return (
    <li className="item">
      <div className="item-head">
        {href !== null ? (
          <Link href={href} className="item-name">
            {name}
          </Link>
        ) : (
          <span className="item-name">{name}</span>
        )}
        <span className="item-acts">
          {phase === 'refused' && item.here === null && (
            <button type="button" onClick={() => retry(key)} aria-label={`Send ${name} again`}>
              Again
            </button>
          )}
          <button
            type="button"
            onClick={() => dismiss(key)}
            aria-label={ended ? `Take ${name} off this list` : `Cancel ${name}`}
          >
            {ended ? 'Clear' : 'Cancel'}
          </button>
        </span>
      </div>
      {ended ? <Outcome item={item} /> : <Progress item={item} name={name} />}
      {lost && (
        <p className="item-note">Connection lost. It is tried again; nothing that was sent is lost.</p>
      )}
      {error && (
        <p className="item-note bad">
          <b>{error.message}</b> {error.next}
        </p>
      )}
    </li>
  );
}

function Progress({ item, name }: { item: Item; name: string }) {
  const { words, fraction, secondsLeft } = itemStage(item);
  return (
    <>
      <progress
        aria-label={`Progress of ${name}`}
        max={1}
        {...(fraction === null ? {} : { value: fraction })}
      />
      <p className="item-stage">
        <span>{words}</span>
        <span className="num">{timeLeft(secondsLeft)}</span>
      </p>
    </>
  );
}

function Outcome({ item: { clip, here, name } }: { item: Item }) {
  if (here?.result) {
    const { href, outcome, score: value } = here.result;
    return (
      <p className="item-stage">
        <VerdictWord outcome={outcome} />
        {value !== null && <span className="num">score {score(value)}</span>}
        <span>computed in this browser, nothing sent</span>
        <Link href={href} aria-label={`Look at the result of ${visible(name)}`}>
          Look at the result
        </Link>
      </p>
    );
  }
  if (!clip) return null;
  if (clip.status === 'cancelled') return <p className="item-stage">Cancelled</p>;
  if (clip.error) {
    return (
      <p className="item-stage">
        <VerdictWord outcome="error" />
        <span>{`${clip.error.title} ${clip.error.next}`}</span>
      </p>
    );
  }
  if (!clip.verdict) return null;
  return (
    <p className="item-stage">
      <VerdictWord outcome={clip.verdict} />
      {clip.score !== null && <span className="num">score {score(clip.score)}</span>}
      <Link href={`/clips/${clip.id}`} aria-label={`Look at the result of ${visible(clip.name)}`}>
        Look at the result
      </Link>
    </p>
  );
}
