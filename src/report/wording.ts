/** What the report says in words: graded, plain, and never more than the numbers carry. */
import type { Aggregation, Contract } from '../detect/contract.ts';
import type { ClipResult, TrackResult, Verdict } from '../detect/result.ts';
import { verdictWords } from '../detect/result.ts';
import { clock, list, percent, plural, range, score, sentence } from './format.ts';

/** Verdict of a clip or, where it could not be read, that. */
export type Outcome = Verdict | 'error';

export const outcomeWords: Record<Outcome, string> = { ...verdictWords, error: 'Could not be read' };

export function outcomeOf(result: ClipResult): Outcome {
  return result.status === 'error' ? 'error' : result.verdict;
}

/** `Person 1`, and with the track's number where a person has several. */
export function trackName(track: TrackResult, tracks: readonly TrackResult[]): string {
  const alone = tracks.filter((other) => other.person === track.person).length === 1;
  return alone ? `Person ${track.person}` : `Person ${track.person}, track ${track.id}`;
}

/** `0:03 to 0:12`, in tenths where whole seconds would hide the stretch. */
export function stretch(start: number, end: number): string {
  const digits = end - start < 3 ? 1 : 0;
  const [a, b] = [clock(start, digits), clock(end, digits)];
  return a === b ? a : `${a} to ${b}`;
}

/** One or two sentences under the verdict. */
export function standfirst(result: ClipResult): string {
  const still = isPicture(result);
  const what = still ? 'picture' : 'clip';
  switch (outcomeOf(result)) {
    case 'error':
      // As it is: it may begin with a path.
      return result.error?.message ?? 'The file could not be read.';
    case 'not_assessable':
      return `Nothing can be said about this ${what}. ${result.reasons.map(sentence).join(' ')}`.trim();
    case 'manipulation_likely': {
      const accused = result.tracks.filter((track) => track.verdict === 'manipulation_likely');
      if (accused.length === 0) return `The ${what} as a whole scores above the detector's threshold.`;
      const named = accused
        .slice(0, 3)
        .map((track) =>
          still
            ? trackName(track, result.tracks)
            : `${trackName(track, result.tracks)} (${stretch(track.startSeconds, track.endSeconds)})`,
        );
      if (accused.length > 3) named.push(`${accused.length - 3} more`);
      return `The detector finds traces of manipulation in ${list(named)}. It is an indication to be checked, not a finding of fact.`;
    }
    case 'inconclusive':
      return `The evidence does not point clearly either way. Treat this ${what} as unverified.`;
    case 'no_manipulation_found':
      return `The detector did not find the traces it was trained on. That is not proof that the ${what} is authentic: other kinds of manipulation, or compression, can hide from it.`;
  }
}

/** A still: there is no time to draw. */
export function isPicture(result: ClipResult): boolean {
  return result.clip.durationSeconds === 0 || result.clip.frames === 1;
}

/** A single face has no interval, which the result writes as the whole range. */
export function openEnded({ interval }: Pick<TrackResult, 'interval'>): boolean {
  return interval !== null && interval[0] === 0 && interval[1] === 1;
}

/** `0.74–0.94`, or that there is none. */
export function intervalText(of: Pick<TrackResult, 'interval'>): string {
  if (!of.interval) return '';
  return openEnded(of) ? 'no interval from so few faces' : range(of.interval);
}

export interface Standing {
  level: 'unmeasured' | 'weak' | 'measured';
  /** What the masthead says of the detector. */
  sentences: string[];
}

/** The measured error rates that fit faces of this width; undefined where none were measured. */
export function measuredAt(contract: Contract, facePixels: number | undefined) {
  const fitting = contract.quality.measured.filter(
    (rates) =>
      rates.tracks > 0 &&
      (rates.falseAlarms !== undefined || rates.misses !== undefined) &&
      (rates.maxFacePixels === undefined || (facePixels !== undefined && facePixels <= rates.maxFacePixels)),
  );
  // The narrowest condition that the faces meet says most.
  return fitting.sort((a, b) => (a.maxFacePixels ?? Infinity) - (b.maxFacePixels ?? Infinity))[0];
}

/** How far the detector's own record lets its scores be trusted. AUC 0.5 is guessing; below 0.8 we call it weak. */
export function standing(contract: Contract, facePixels: number | undefined): Standing {
  const rates = measuredAt(contract, facePixels);
  const aucs = contract.figures.filter((figure) => /\bauc\b/i.test(figure.metric));
  const worst = aucs.toSorted((a, b) => a.value - b.value)[0];
  const weak =
    (worst !== undefined && worst.value < 0.8) ||
    (rates?.falseAlarms ?? 0) > 0.2 ||
    (rates?.misses ?? 0) > 0.5;
  const sentences: string[] = [];
  if (weak) {
    sentences.push(
      worst && worst.value < 0.8
        ? `This is a weak detector: ${worst.metric} ${worst.value.toFixed(2)} on ${worst.protocol}, where 0.5 is guessing.`
        : 'This is a weak detector: it is often wrong on clips like this one (rates below).',
    );
  }
  if (!rates) {
    sentences.push(
      'Its error rate on faces of this size and quality has not been measured: do not rest a decision on the score alone.',
    );
  }
  return { level: weak ? 'weak' : rates ? 'measured' : 'unmeasured', sentences };
}

export function ratesInWords(rates: NonNullable<ReturnType<typeof measuredAt>>): string {
  const parts = [
    rates.falseAlarms !== undefined &&
      `${percent(rates.falseAlarms)} of unmanipulated tracks were called “manipulation likely”`,
    rates.misses !== undefined &&
      `${percent(rates.misses)} of manipulated tracks were called “no manipulation found”`,
  ].filter((part) => part !== false);
  return sentence(`${list(parts)} (${rates.condition}; ${plural(rates.tracks, 'track')})`);
}

export function cropInWords(crop: Contract['crop']): string {
  switch (crop.kind) {
    case 'aligned':
      return crop.margin === 0
        ? 'Eyes levelled, the face filling the square.'
        : `Eyes levelled, the face with ${percent(crop.margin)} of its width added on each side.`;
    case 'square':
      return `Square of ${crop.scale} times the face's longest side${crop.fill === 'zero' ? ', black where it leaves the frame' : ', edges repeated where it leaves the frame'}.`;
    case 'stretched':
      return `The face's box, ${crop.widthScale} times its width by ${crop.heightScale} times its height, stretched to a square.`;
    case 'landmark-centred':
      return `Square of ${2 * crop.scale} times the face's longest side, centred on its landmarks, black where it leaves the frame.`;
  }
}

export function samplingInWords(sample: string): string {
  const [, kind, a, b] = /^(\w+)(?::([\d.]+)(?:\+(\d+))?)?$/.exec(sample) ?? [];
  const words: Record<string, string> = {
    even: `${a} frames spread evenly over the clip`,
    fps: `${a} frames a second`,
    every: `every ${a}th frame`,
    range: `${b} consecutive frames from frame ${a}`,
    keyframes: 'key frames only',
  };
  return kind && words[kind] ? sentence(words[kind]) : sample;
}

export function aggregationInWords(aggregation: Aggregation): string {
  const { frames, tracks } = aggregation;
  const first = {
    mean: 'A track scores the mean of its frames',
    max: 'A track scores as its highest frame',
    confident:
      'A track scores the mean of its frames above 0.8 where more than 40 % and more than 11 of them are; else the mean of those below 0.2 where more than 90 % are; else the mean of all',
    'top-k': `A track scores the mean of its highest ${frames.kind === 'top-k' ? percent(frames.share) : ''} of frames`,
  }[frames.kind];
  const second = {
    max: 'the clip scores as its highest track, since one manipulated person makes a manipulated clip',
    mean: 'the clip scores the mean of its tracks',
  }[tracks];
  return `${first}; ${second}.`;
}

export function calibrationInWords(contract: Contract): string {
  const { calibration } = contract;
  if (calibration.kind === 'none') {
    return 'None. Scores are shown as the network gives them: they rank faces, and are not probabilities.';
  }
  return `Platt scaling fitted on validation tracks: sigmoid(${calibration.slope.toPrecision(3)} × logit(score) ${calibration.offset < 0 ? '−' : '+'} ${Math.abs(calibration.offset).toPrecision(3)}). It holds for material like the validation data.`;
}

export function thresholdsInWords({ thresholds }: Contract): string {
  return `Manipulation likely from ${score(thresholds.likely)}; no manipulation found up to ${score(thresholds.notFound)}; inconclusive between. ${sentence(thresholds.basis)}`;
}

/** Innocent causes of a high score, and what can hide a manipulation; said of every clip. */
export const alternatives: readonly (readonly [cause: string, why: string])[] = [
  [
    'Compression',
    'Re-encoding by social networks and messengers leaves block and ringing traces, and wipes finer ones.',
  ],
  [
    'Filters and beautification',
    'Phone cameras and apps smooth skin and reshape faces without anyone meaning to deceive.',
  ],
  ['Editing', 'Scaling, sharpening, noise reduction, colour grading, captions and stickers over a face.'],
  [
    'Lighting and movement',
    'Hard shadows, motion blur, profile views, make-up, glasses, hands or microphones before the face.',
  ],
];

/** Limits that hold whatever the detector. */
export const generalLimits: readonly string[] = [
  'Only faces are examined. Voices, lip-sync without a visual trace, staging, cuts out of context and changed captions are not.',
  'Only sampled frames are examined; a manipulation shorter than the gap between two of them can be missed.',
  'A detector knows the kinds of manipulation in its training data. New kinds can pass unseen, and a person who knows the detector can defeat it.',
];
