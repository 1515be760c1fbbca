import { html } from '../../src/report/html.ts';
import { mark, toneOf } from '../../src/report/marks.ts';
import { type Outcome, outcomeWords } from '../../src/report/wording.ts';

/** A verdict in its words, colour and shape. */
export function VerdictWord({ outcome }: { outcome: Outcome }) {
  const content = html`${mark(outcome)}${outcomeWords[outcome]}`;
  return (
    <span
      className={`word-of ${toneOf[outcome]}`}
      // Two constants.
      dangerouslySetInnerHTML={{ __html: content.toString() }}
    />
  );
}
