import { useEffect, useState } from 'react';
import { verdicts, verdictWords } from '../../src/detect/result.ts';
import { type ClipStatus, clipStatuses } from '../../src/server/api.ts';
import { useLoad } from '../server/load.ts';
import { server } from '../server/request.ts';
import type { FilterName } from './page.tsx';

export const statusWords: Record<ClipStatus, string> = {
  fetching: 'being fetched',
  queued: 'waiting',
  running: 'being scanned',
  done: 'done',
  failed: 'without result',
  cancelled: 'cancelled',
};

/** Milliseconds of rest after which a typed word is searched for. */
const rest = 250;

interface Props {
  values: Record<string, string>;
  onChange: (name: FilterName, value: string) => void;
}

export function Filters({ values, onChange }: Props) {
  const { value } = useLoad('detectors', server.detectors);
  const [typed, setTyped] = useState(values.search);
  // Only what is typed starts a search.
  useEffect(() => {
    if (typed === values.search) return;
    const timer = setTimeout(() => onChange('search', typed), rest);
    return () => clearTimeout(timer);
  }, [typed]);
  const choice = (
    name: FilterName,
    label: string,
    any: string,
    options: readonly (readonly [string, string])[],
  ) => (
    <label>
      <span>{label}</span>
      <select value={values[name]} onChange={(event) => onChange(name, event.target.value)}>
        <option value="">{any}</option>
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <search className="filters">
      <label className="wide">
        <span>Name, address or SHA-256</span>
        <input type="search" value={typed} onChange={(event) => setTyped(event.target.value)} />
      </label>
      {choice(
        'verdict',
        'Verdict',
        'any verdict',
        verdicts.map((verdict) => [verdict, verdictWords[verdict]]),
      )}
      {choice(
        'status',
        'State',
        'any state',
        clipStatuses.map((status) => [status, statusWords[status]]),
      )}
      {choice(
        'detector',
        'Detector',
        'any detector',
        (value ?? []).map(({ name }) => [name, name]),
      )}
    </search>
  );
}
