import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { PageTitle } from '../parts/shell.tsx';
import { storedResult } from './local-view.ts';
import { ResultView } from './result.tsx';
import type { View } from './view.ts';

/** A result of this browser. */
export default function LocalPage({ id }: { id: string }) {
  const view = storedResult(id);
  if (view) return <ResultView view={view} actions={<LocalActions view={view} />} />;
  return (
    <>
      <PageTitle title="This result is gone" />
      <p>
        It was computed in this browser and was kept in the page’s memory alone, which ended when the page was
        loaded again. <Link href="/">Analyse the clip again.</Link>
      </p>
    </>
  );
}

function LocalActions({ view }: { view: View }) {
  const [json, setJson] = useState('');
  useEffect(() => {
    const text = JSON.stringify(view.result, null, 2);
    const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    setJson(url);
    return () => URL.revokeObjectURL(url);
  }, [view]);
  return (
    <div className="actions">
      <p className="note">
        Computed in this browser. Nothing was sent, and nothing is kept: save what you need before you close
        this page.
      </p>
      <div className="action-row">
        <a className="button main" href={json} download={`${view.name}.json`}>
          Data (JSON)
        </a>
        <button type="button" onClick={() => print()}>
          Print
        </button>
      </div>
    </div>
  );
}
