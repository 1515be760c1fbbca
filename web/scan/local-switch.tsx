import { whyNotLocal } from '../local/index.ts';

interface Props {
  on: boolean;
  onChange: (on: boolean) => void;
  /** The server cannot be reached: there is no other way. */
  forced: boolean;
}

/** Chooses between this browser and the server. */
export function LocalSwitch({ on, onChange, forced }: Props) {
  const missing = whyNotLocal();
  return (
    <div className="switch">
      <input
        id="local"
        type="checkbox"
        role="switch"
        checked={on}
        aria-checked={on}
        disabled={missing !== undefined || forced}
        aria-describedby="local-words"
        onChange={(event) => onChange(event.target.checked)}
      />
      <div>
        <label htmlFor="local">
          <b>Analyse on this machine</b>
        </label>
        <p id="local-words" className="muted">
          {missing === undefined
            ? 'The same detector runs in this browser and nothing is uploaded. The networks are loaded once; it is slower than the server.'
            : `This browser cannot: it lacks ${missing}.`}
        </p>
      </div>
    </div>
  );
}
