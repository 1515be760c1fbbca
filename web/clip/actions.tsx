import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { visible } from '../../src/report/html.ts';
import type { Clip } from '../../src/server/api.ts';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { ProblemNote } from '../parts/problem.tsx';
import { useLoad } from '../server/load.ts';
import { asRequestError, type RequestError, server } from '../server/request.ts';

/** What can be done with a finished clip. */
export function ClipActions({ clip }: { clip: Clip }) {
  const [, go] = useLocation();
  const [error, setError] = useState<RequestError>();
  const { links } = clip;
  const attempt = (work: Promise<unknown>) => {
    setError(undefined);
    work.catch((thrown) => setError(asRequestError(thrown)));
  };
  return (
    <div className="actions">
      <div className="action-row">
        {links.evidence && (
          <a className="button main" href={links.evidence} download>
            Evidence bundle
          </a>
        )}
        {links.report && (
          <a className="button" href={links.report} download={`${clip.name}.html`}>
            Report (HTML)
          </a>
        )}
        {links.json && (
          <a className="button" href={links.json} download={`${clip.name}.json`}>
            Data (JSON)
          </a>
        )}
        <Link className="button" href={`/compare?a=${clip.id}`}>
          Compare
        </Link>
        <DeleteButton
          name={visible(clip.name)}
          onDelete={() => attempt(server.remove(clip.id).then(() => go('/clips')))}
        />
      </div>
      <OtherDetectors
        clip={clip}
        onRescan={(detector) =>
          attempt(
            server.rescan(clip.id, { detector, sample: clip.sample }).then(({ id }) => go(`/clips/${id}`)),
          )
        }
      />
      {error && <ProblemNote error={error} />}
    </div>
  );
}

function OtherDetectors({ clip, onRescan }: { clip: Clip; onRescan: (detector: string) => void }) {
  const { value } = useLoad('detectors', server.detectors);
  const others = (value ?? []).filter(({ name }) => name !== clip.detector);
  const [chosen, setChosen] = useState('');
  const name = chosen || others[0]?.name;
  return (
    <div className="action-row second">
      <label>
        <span>Ask another detector</span>
        <select value={name ?? ''} disabled={!name} onChange={(event) => setChosen(event.target.value)}>
          {others.map((other) => (
            <option key={other.name}>{other.name}</option>
          ))}
        </select>
      </label>
      <button type="button" disabled={!name} onClick={() => name && onRescan(name)}>
        Scan again
      </button>
      {clip.related.map((other) => (
        <Link key={other.id} href={`/compare?a=${clip.id}&b=${other.id}`}>
          Beside {other.detector}
        </Link>
      ))}
    </div>
  );
}

export function DeleteButton({ name, onDelete }: { name: string; onDelete: () => void }) {
  return (
    <ConfirmButton verb="Delete" name={name} keep="Keep it" onConfirm={onDelete}>
      The file, its pictures and its report are removed from this server. It cannot be undone.
    </ConfirmButton>
  );
}
