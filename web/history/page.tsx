import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { verdicts } from '../../src/detect/result.ts';
import { plural } from '../../src/report/format.ts';
import { type ClipSummary, clipStatuses, finalStatuses } from '../../src/server/api.ts';
import { useEvery } from '../parts/every.ts';
import { ProblemNote } from '../parts/problem.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { PageTitle } from '../parts/shell.tsx';
import { useLoad } from '../server/load.ts';
import { asRequestError, type RequestError, server } from '../server/request.ts';
import { Filters } from './filters.tsx';
import { HistoryRow } from './row.tsx';

const filterNames = ['search', 'verdict', 'status', 'detector'] as const;
export type FilterName = (typeof filterNames)[number];

/** All clips of this server, newest first. The filters stand in the address, so that a search can be kept or sent. */
export default function HistoryPage() {
  const [params, setParams] = useSearchParams();
  const filters = Object.fromEntries(filterNames.map((name) => [name, params.get(name) ?? '']));
  const query = asQuery(filters);
  const key = JSON.stringify(query);
  const first = useLoad(`clips ${key}`, () => server.clips(query));
  const [more, setMore] = useState<{ key: string; clips: ClipSummary[]; next: string | null }>();
  const [error, setError] = useState<RequestError>();
  const [picked, setPicked] = useState<readonly string[]>([]);

  const added = more?.key === key ? more : undefined;
  const clips = [...(first.value?.clips ?? []), ...(added?.clips ?? [])];
  const next = added ? added.next : (first.value?.next ?? null);
  const underWay = clips.some((clip) => !finalStatuses.includes(clip.status));
  useEvery(underWay ? 3000 : null, first.reload);

  const filtered = filterNames.some((name) => filters[name]);
  const change = (name: FilterName, value: string) =>
    setParams(
      (old) => {
        const changed = new URLSearchParams(old);
        if (value) changed.set(name, value);
        else changed.delete(name);
        return changed;
      },
      { replace: true },
    );
  const showMore = () =>
    server.clips({ ...query, before: next! }).then(
      (page) => setMore({ key, clips: [...(added?.clips ?? []), ...page.clips], next: page.next }),
      (thrown) => setError(asRequestError(thrown)),
    );
  const remove = (clip: ClipSummary) =>
    server.remove(clip.id).then(
      () => {
        setPicked((old) => old.filter((id) => id !== clip.id));
        setMore(undefined);
        first.reload();
      },
      (thrown) => setError(asRequestError(thrown)),
    );
  const pick = (id: string) =>
    setPicked((old) => (old.includes(id) ? old.filter((other) => other !== id) : [...old, id].slice(-2)));

  return (
    <>
      <PageTitle title="History" />
      <Filters values={filters} onChange={change} />
      <div className="above-list">
        <p className="muted" role="status">
          {first.value ? plural(first.value.total, 'clip') : ' '}
        </p>
        {picked.length === 2 ? (
          <Link className="button" href={`/compare?a=${picked[0]}&b=${picked[1]}`}>
            Compare the two
          </Link>
        ) : (
          <span className="muted">Mark two to compare them.</span>
        )}
      </div>
      {first.status === 'failed' && <ProblemNote error={first.error} />}
      {error && <ProblemNote error={error} />}
      {first.value && clips.length === 0 && (
        <p>{filtered ? 'No clip fits these filters.' : 'No clip has been scanned yet.'}</p>
      )}
      {clips.length > 0 && (
        <Scroll label="Clips">
          <table className="stack clips history">
            <thead>
              <tr>
                <th>
                  <span className="visually-hidden">Compare</span>
                </th>
                <th>Clip</th>
                <th>Verdict</th>
                <th className="n">Score</th>
                <th>Detector</th>
                <th>Added</th>
                <th>
                  <span className="visually-hidden">Delete</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {clips.map((clip) => (
                <HistoryRow
                  key={clip.id}
                  clip={clip}
                  picked={picked.includes(clip.id)}
                  onPick={() => pick(clip.id)}
                  onDelete={() => remove(clip)}
                />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {next !== null && (
        <p className="more">
          <button type="button" onClick={showMore}>
            Show more
          </button>
        </p>
      )}
    </>
  );
}

/** Only values that the server knows: the address may be typed by hand. */
function asQuery(values: Record<string, string>): Parameters<typeof server.clips>[0] {
  const { search, detector } = values;
  const verdict = verdicts.find((name) => name === values.verdict);
  const status = clipStatuses.find((name) => name === values.status);
  return {
    limit: 50,
    ...(search ? { search } : {}),
    ...(verdict ? { verdict } : {}),
    ...(status ? { status } : {}),
    ...(/^[a-z0-9][a-z0-9._-]{0,63}$/.test(detector) ? { detector } : {}),
  };
}
