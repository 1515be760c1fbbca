import { useEffect, useState } from 'react';
import { bytes, clock } from '../../src/report/format.ts';
import { outcomeWords } from '../../src/report/wording.ts';
import { type About, finalStatuses } from '../../src/server/api.ts';
import { ProblemNote } from '../parts/problem.tsx';
import { PageTitle } from '../parts/shell.tsx';
import { server } from '../server/request.ts';
import { DropArea } from './drop-area.tsx';
import { analyseHere } from './here.ts';
import { ItemRow } from './item-row.tsx';
import { LocalSwitch } from './local-switch.tsx';
import { ScanOptions } from './options.tsx';
import { addFiles, addUrl, follow, type Item, useQueue } from './queue.ts';
import { UrlForm } from './url-form.tsx';

/** The first page: clips go in here, and are watched until their verdict. */
export function ScanPage({ about, offline }: { about: About; offline: boolean }) {
  const items = useQueue();
  const [chosen, setChosen] = useState({ detector: about.defaultDetector, sample: about.defaultSample });
  const [tooLarge, setTooLarge] = useState<File[]>([]);
  const { uploadBytes, clipSeconds, chunkBytes } = about.limits;
  const [local, setLocal] = useState(false);
  const here = local || offline;
  useFollowUnderWay(offline);
  const choice = { ...chosen, chunkBytes };
  const take = (files: File[]) => {
    if (here) {
      setTooLarge([]);
      analyseHere(files, chosen);
      return;
    }
    setTooLarge(files.filter((file) => file.size > uploadBytes));
    addFiles(
      files.filter((file) => file.size <= uploadBytes),
      choice,
    );
  };
  return (
    <>
      <PageTitle title="Scan a clip">Is a face in this clip manipulated?</PageTitle>
      <p className="lede first">
        Mesoscope looks at the faces in a video or picture and says who, when, where, and how sure it is. It
        also says when it cannot tell.
      </p>
      <div className="desk">
        <DropArea
          onFiles={take}
          promise={
            here
              ? 'They stay on this machine. Several at once'
              : `Up to ${bytes(uploadBytes)} and ${clock(clipSeconds)} ${clipSeconds < 3600 ? 'min' : 'h'} each, several at once`
          }
        />
        <LocalSwitch on={here} onChange={setLocal} forced={offline} />
        <ScanOptions about={about} chosen={chosen} onChange={setChosen} />
        {about.urls && !here && <UrlForm onUrl={(url) => addUrl(url, choice)} />}
      </div>
      {tooLarge.map((file) => (
        <ProblemNote
          key={file.name}
          error={{
            message: `${file.name} has ${bytes(file.size)}; this server takes up to ${bytes(uploadBytes)}.`,
            next: 'Cut or recompress it, or start the server with a larger limit.',
          }}
        />
      ))}
      <section aria-labelledby="under-way">
        <h2 id="under-way">In hand</h2>
        {items.length === 0 ? (
          <p className="muted">Nothing yet. Finished clips stay in the history until you delete them.</p>
        ) : (
          <ul className="items">
            {items.map((item) => (
              <ItemRow key={item.key} item={item} />
            ))}
          </ul>
        )}
      </section>
      <Announcement items={items} />
    </>
  );
}

/** Clips that another tab, or this one before it was closed, left under way. */
function useFollowUnderWay(offline: boolean): void {
  useEffect(() => {
    if (offline) return;
    server.clips({ limit: 50 }).then(
      ({ clips }) => {
        for (const clip of clips.toReversed()) if (!finalStatuses.includes(clip.status)) follow(clip);
      },
      // The page works without it, and the history tells what is wrong.
      () => undefined,
    );
  }, [offline]);
}

/** Says to screen readers that a clip is done. */
function Announcement({ items }: { items: readonly Item[] }) {
  const ended = items.map((item) => ({ name: item.name, words: endWords(item) })).find(({ words }) => words);
  return (
    <p className="visually-hidden" role="status">
      {ended ? `${ended.name}: ${ended.words}` : ''}
    </p>
  );
}

function endWords({ clip, here }: Item): string | undefined {
  if (here?.result) return outcomeWords[here.result.outcome];
  if (!clip || !finalStatuses.includes(clip.status)) return undefined;
  return clip.verdict ? outcomeWords[clip.verdict] : (clip.error?.title ?? clip.status);
}
