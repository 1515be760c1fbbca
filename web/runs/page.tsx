import { useEffect, useState } from 'react';
import { explorerData } from '../../src/report/explorer.ts';
import { plural } from '../../src/report/format.ts';
import type { RunList } from '../../src/server/api.ts';
import { Part } from '../clip/result.tsx';
import { ProblemNote } from '../parts/problem.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { PageTitle } from '../parts/shell.tsx';
import { isDark, onPaletteChange } from '../parts/theme.ts';
import { useLoad } from '../server/load.ts';
import { server } from '../server/request.ts';

/** The runs explorer of `mesoscope runs report`, over the folder that the server was given. */
export default function RunsPage() {
  const loaded = useLoad('runs', server.runs);
  return (
    <>
      <PageTitle title="Runs" />
      {loaded.status === 'failed' && <ProblemNote error={loaded.error} />}
      {loaded.value && (
        <>
          <p className="facts">
            <span>{plural(loaded.value.runs.length, 'run')}</span>
            <span>{loaded.value.runs.filter(({ best }) => best !== null).length} with figures</span>
            {loaded.value.unreadable.length > 0 && (
              <span>cannot be read: {loaded.value.unreadable.join(', ')}</span>
            )}
          </p>
          {loaded.value.runs.length > 0 && <Explorer list={loaded.value} />}
        </>
      )}
    </>
  );
}

/** The explorer writes into these elements itself; React only makes and removes them. */
function Explorer({ list }: { list: RunList }) {
  const [palette, setPalette] = useState(isDark);
  useEffect(() => onPaletteChange(() => setPalette(isDark())), []);
  useEffect(() => {
    let end: (() => void) | undefined;
    let gone = false;
    void Promise.all([import('../../src/report/explorer-client.js'), import('./charts.ts')]).then(
      ([{ exploreRuns }, echarts]) => {
        if (!gone) end = exploreRuns(echarts, explorerData(list.runs), palette);
      },
    );
    return () => {
      gone = true;
      end?.();
    };
  }, [list, palette]);
  return (
    <>
      <Part title="What was tried, and what came of it">
        <p className="lede">
          Each line is a run: drawn values left, figures right; blue is better. Drag along an axis to keep
          only the runs within.
        </p>
        <Scroll label="Parallel coordinates">
          <div
            id="parallel"
            role="img"
            aria-label="Parallel coordinates of the runs; the table below has the same."
          />
        </Scroll>
      </Part>
      <Part title="Learning curves">
        <p className="lede">Of the runs that are kept, at most 40, or of those chosen in the table.</p>
        <Scroll label="Curves">
          <div id="curves" role="img" aria-label="Training loss and validation figure by step." />
        </Scroll>
      </Part>
      <Part title="All runs">
        <p className="lede">
          Choose a line for its recipe, another with Shift for the difference.{' '}
          <input id="filter" type="search" placeholder="Filter" aria-label="Filter runs" />{' '}
          <span id="count" />
        </p>
        <Scroll label="Table of runs">
          <table id="table" />
        </Scroll>
      </Part>
      <Part title="Recipe">
        <div id="detail">
          <p className="muted">None chosen.</p>
        </div>
      </Part>
    </>
  );
}
