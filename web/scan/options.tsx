import type { About } from '../../src/server/api.ts';
import { useLoad } from '../server/load.ts';
import { server } from '../server/request.ts';

export interface Chosen {
  detector: string;
  sample: string;
}

const samples: readonly (readonly [policy: string, words: string])[] = [
  ['even:16', '16 frames: a quick look'],
  ['even:32', '32 frames'],
  ['even:96', '96 frames: slower, finer in time'],
  ['fps:4', '4 frames a second'],
];

/** Which detector looks, and at how many frames. */
export function ScanOptions({
  about,
  chosen,
  onChange,
}: {
  about: About;
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
}) {
  const { value } = useLoad('detectors', server.detectors);
  const detectors = value ?? [{ name: about.defaultDetector, isDefault: true }];
  const known = samples.some(([policy]) => policy === about.defaultSample);
  const offered = known ? samples : [[about.defaultSample, about.defaultSample] as const, ...samples];
  return (
    <div className="options">
      <label>
        <span>Detector</span>
        <select
          value={chosen.detector}
          onChange={(event) => onChange({ ...chosen, detector: event.target.value })}
        >
          {detectors.map(({ name, isDefault }) => (
            <option key={name} value={name}>
              {isDefault ? `${name} (usual)` : name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Look at</span>
        <select
          value={chosen.sample}
          onChange={(event) => onChange({ ...chosen, sample: event.target.value })}
        >
          {offered.map(([policy, words]) => (
            <option key={policy} value={policy}>
              {policy === about.defaultSample ? `${words} (usual)` : words}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
