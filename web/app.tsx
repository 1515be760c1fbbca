/** Which page is shown. Pages other than the first are loaded when they are asked for. */
import { lazy, Suspense, useEffect, useState } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import type { About } from '../src/server/api.ts';
import { ProblemNote } from './parts/problem.tsx';
import { PageTitle, Shell } from './parts/shell.tsx';
import { SignIn } from './parts/sign-in.tsx';
import { ScanPage } from './scan/page.tsx';
import { rememberAbout, rememberedAbout } from './server/about.ts';
import { useLoad } from './server/load.ts';
import { server } from './server/request.ts';

const ClipPage = lazy(() => import('./clip/page.tsx'));
const LocalPage = lazy(() => import('./clip/local-page.tsx'));
const HistoryPage = lazy(() => import('./history/page.tsx'));
const ComparePage = lazy(() => import('./compare/page.tsx'));
const DetectorsPage = lazy(() => import('./detectors/page.tsx'));
const DetectorPage = lazy(() => import('./detectors/card-page.tsx'));
const WorkPage = lazy(() => import('./work/page.tsx'));
const RunsPage = lazy(() => import('./runs/page.tsx'));

export function App() {
  const loaded = useLoad('about', server.about);
  const offline = loaded.status === 'failed' && loaded.error.code === 'OFFLINE';
  useEffect(() => {
    if (loaded.status === 'done') rememberAbout(loaded.value);
  }, [loaded.status, loaded.value]);
  // Without the server, a page that was kept by the browser can still analyse here.
  const about = loaded.value ?? (offline ? rememberedAbout() : undefined);
  return (
    <Shell runs={about?.runs ?? false} work={about?.work ?? false}>
      {loaded.status === 'failed' && <ProblemNote error={loaded.error} />}
      {about?.signedIn && <Pages about={about} offline={offline} />}
      {about && !about.signedIn && <SignIn onDone={loaded.reload} />}
      {!about && <div className="room" />}
    </Shell>
  );
}

function Pages({ about, offline }: { about: About; offline: boolean }) {
  const [location] = useLocation();
  // A new page begins at its top.
  useEffect(() => {
    scrollTo(0, 0);
  }, [location]);
  return (
    <Suspense fallback={<Loading />}>
      <Switch>
        <Route path="/">
          <ScanPage about={about} offline={offline} />
        </Route>
        <Route path="/clips" component={HistoryPage} />
        <Route path="/clips/:id">{({ id }) => <ClipPage key={id} id={id} />}</Route>
        <Route path="/here/:id">{({ id }) => <LocalPage key={id} id={id} />}</Route>
        <Route path="/compare" component={ComparePage} />
        <Route path="/detectors" component={DetectorsPage} />
        <Route path="/detectors/:name">{({ name }) => <DetectorPage key={name} name={name} />}</Route>
        <Route path="/runs" component={RunsPage} />
        <Route path="/work" component={WorkPage} />
        <Route>
          <PageTitle title="No such page" />
          <p>Nothing lies at {location}. Use the bar above.</p>
        </Route>
      </Switch>
    </Suspense>
  );
}

/** Only where it takes long: a short flash of "loading" is a jump. */
function Loading() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 400);
    return () => clearTimeout(timer);
  }, []);
  return <div className="room">{late && <p className="muted">Loading…</p>}</div>;
}
