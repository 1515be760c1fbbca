/** Detectors as the API shows them. */
import { Marked } from 'marked';
import { escapeHtml } from '../report/html.ts';
import type { Detector, DetectorSummary } from './api.ts';
import type { ServedDetector } from './detectors.ts';

export function detectorSummary(detector: ServedDetector): DetectorSummary {
  const { name, contract, isDefault, sha256, bytes } = detector;
  return {
    name,
    description: contract.description,
    isDefault,
    sha256,
    bytes,
    hasMap: contract.outputs.map !== undefined,
    calibrated: contract.calibration.kind !== 'none',
  };
}

export function detectorDocument(detector: ServedDetector): Detector {
  return {
    ...detectorSummary(detector),
    contract: detector.contract,
    cardHtml: detector.card === null ? null : cardHtml(detector.card),
    cardMarkdown: detector.card,
    model: `/api/detectors/${detector.name}/model.onnx`,
  };
}

/**
 * Cards are ours, and still nothing in them becomes markup but Markdown: HTML is shown as text, pictures are left out,
 * and links stay only where they name a public address or another card.
 */
const marked = new Marked({
  renderer: {
    html: ({ text }) => escapeHtml(text),
    image: ({ text }) => escapeHtml(text),
    link({ href, tokens }) {
      const words = this.parser.parseInline(tokens);
      const [, card] = /^([a-z0-9][a-z0-9._-]*)\.md$/.exec(href) ?? [];
      if (card) return `<a href="/detectors/${escapeHtml(card)}">${words}</a>`;
      if (!/^https:\/\//.test(href)) return words;
      return `<a href="${escapeHtml(href)}" rel="noreferrer noopener" target="_blank">${words}</a>`;
    },
  },
});

function cardHtml(markdown: string): string {
  return marked.parse(markdown, { async: false });
}
