/** A finished analysis: the verdict, the clip with what was seen in it, the people, and how it was computed. */
import { type ReactNode, useId, useState } from 'react';
import { visible } from '../../src/report/html.ts';
import { factsLine, verdictPanel } from '../../src/report/masthead.ts';
import { dropped, exhibit, limits, method } from '../../src/report/sections.ts';
import { isPicture } from '../../src/report/wording.ts';
import { Markup } from '../parts/markup.tsx';
import { PageTitle } from '../parts/shell.tsx';
import { CredentialsNote } from './credentials.tsx';
import { People } from './people.tsx';
import { Player } from './player.tsx';
import { Playhead } from './playhead.ts';
import { Timeline } from './timeline.tsx';
import type { View } from './view.ts';

/** `actions` stand under the verdict: downloads, other detectors, deletion. */
export function ResultView({ view, actions }: { view: View; actions: ReactNode }) {
  const { result, contract, name } = view;
  const [playhead] = useState(() => new Playhead());
  const readable = result.status !== 'error';
  const still = isPicture(result);
  return (
    <>
      <PageTitle title={visible(name)}>
        <bdi>{visible(name)}</bdi>
      </PageTitle>
      <Markup of={factsLine(result)} />
      <Markup of={verdictPanel(result, contract)} />
      {actions}
      {readable && (
        <Part title={still ? 'What was seen' : 'Who and when'}>
          <Player view={view} playhead={playhead} />
          {!still && <Timeline view={view} playhead={playhead} />}
        </Part>
      )}
      {result.tracks.length > 0 && (
        <Part title={still ? 'People in the picture' : 'People in the clip'}>
          <People view={view} playhead={playhead} />
        </Part>
      )}
      {readable && (
        <>
          <Part title="What was left out">
            <Markup of={dropped(result)} />
          </Part>
          <Fold title="How this was computed">
            <Markup of={method(result, contract)} />
          </Fold>
          <Fold title="Limits and other explanations">
            <Markup of={limits(contract)} />
          </Fold>
        </>
      )}
      <Part title="Content credentials">
        <CredentialsNote credentials={view.credentials} />
      </Part>
      <Part title="File, hashes and how to repeat this">
        <Markup of={exhibit(result, view.replay ?? 'not told', timeInWords(view.finishedAt))} />
      </Part>
    </>
  );
}

/** The same in every time zone, as in the report. */
function timeInWords(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

export function Part({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

function Fold({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <details className="fold">
        <summary>
          <h2>{title}</h2>
        </summary>
        {children}
      </details>
    </section>
  );
}
