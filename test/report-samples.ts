/** Made-up analyses for the report's tests and pictures: drawn faces, seeded scores, no real person or file. */
import { Random } from '../src/base/random.ts';
import type { Contract } from '../src/detect/contract.ts';
import { contractSchema } from '../src/detect/contract.ts';
import type { ClipResult, TrackResult, Verdict } from '../src/detect/result.ts';
import { resultSchema } from '../src/detect/result.ts';
import type { ClipAnalysis, EvidenceCrop } from '../src/detect/types.ts';
import type { Picture } from '../src/media/types.ts';

/** `measured`: calibrated, with error rates. `weak`: neither, and with a figure that says so. */
export function sampleContract(kind: 'measured' | 'weak' = 'measured'): Contract {
  const measured = kind === 'measured';
  return contractSchema.parse({
    schema: 'mesoscope.detector/1',
    name: measured ? 'sample-measured' : 'sample-weak',
    description: measured
      ? 'A made-up detector for tests'
      : 'The network of the first paper with its authors’ weights',
    network: { name: 'mesoinception4', options: {} },
    crop: measured ? { kind: 'square', scale: 1.3, fill: 'zero' } : { kind: 'aligned', margin: 0.1 },
    input: { name: 'image', height: 256, width: 256, mean: [0, 0, 0], deviation: [1, 1, 1] },
    outputs: measured ? { score: 'score', map: 'map' } : { score: 'score' },
    aggregation: { frames: { kind: 'mean' }, tracks: 'max' },
    calibration: measured ? { kind: 'platt', slope: 0.82, offset: -0.4 } : { kind: 'none' },
    thresholds: {
      likely: measured ? 0.8 : 0.7,
      notFound: measured ? 0.2 : 0.3,
      basis: measured ? '1 % false alarms and 5 % misses on validation tracks' : 'Set by hand; not validated',
    },
    quality: {
      minFacePixels: 48,
      minSharpness: 10,
      minMeshConfidence: 0.5,
      minFaces: 5,
      measured: measured
        ? [
            {
              condition: 'H.264 at CRF 23 to 40, faces up to 120 pixels',
              maxFacePixels: 120,
              falseAlarms: 0.04,
              misses: 0.21,
              tracks: 412,
            },
            {
              condition: 'H.264 at CRF 23 to 40, all face sizes',
              falseAlarms: 0.02,
              misses: 0.13,
              tracks: 1264,
            },
          ]
        : [],
    },
    training: {
      data: measured ? 'Made-up data set, 1,000 tracks' : 'Faces of the first paper’s authors',
      terms: 'none',
      recipe: 'none',
    },
    figures: measured
      ? [{ metric: 'AUC', value: 0.93, interval: [0.91, 0.95], protocol: 'held-out tracks' }]
      : [
          {
            metric: 'AUC',
            value: 0.61,
            interval: [0.52, 0.69],
            protocol: 'held-out clips of four data sets',
          },
        ],
    limits: ['Trained on frontal and half-profile faces; full profiles are scored less surely'],
    licence: 'Apache-2.0',
    golden: [{ seed: 1, score: 0.5 }],
  });
}

interface TrackPlan {
  person: number;
  from: number;
  to: number;
  level: number;
  spread?: number;
  verdict: Verdict;
  reasons?: string[];
  width?: number;
  /** A stretch in which the face is not seen. */
  gap?: readonly [number, number];
  /** Why the face was seen in the gap and not scored. */
  unscored?: string;
  maps?: boolean;
}

interface ClipPlan {
  path: string;
  duration: number;
  /** Looks at the clip. */
  looks: number;
  tracks: TrackPlan[];
  cuts?: number[];
  verdict: Verdict;
  calibrated?: boolean;
  reasons?: string[];
  dropped?: ClipResult['dropped'];
}

const clamp = (value: number) => Number(Math.min(0.995, Math.max(0.005, value)).toFixed(4));

function build(plan: ClipPlan, seed: number): ClipAnalysis {
  const random = new Random(seed, plan.path);
  const evidence: EvidenceCrop[] = [];
  const tracks = plan.tracks.map((item, index): TrackResult => {
    const times = Array.from(
      { length: plan.looks },
      (_, i) => (plan.duration * i) / Math.max(1, plan.looks - 1),
    ).filter((t) => t >= item.from && t <= item.to && !(item.gap && t > item.gap[0] && t < item.gap[1]));
    const frames = times.map((timeSeconds, i) => ({
      frameIndex: Math.round(timeSeconds * 25),
      timeSeconds: Number(timeSeconds.toFixed(3)),
      box: { x: 200 + index * 90, y: 120, width: item.width ?? 160, height: (item.width ?? 160) * 1.2 },
      score: clamp(item.level + (item.spread ?? 0.06) * (0.7 * random.normal() + 0.8 * Math.sin(i / 3))),
    }));
    const mean = frames.reduce((sum, frame) => sum + frame.score, 0) / Math.max(1, frames.length);
    const half = (item.spread ?? 0.06) * 0.6;
    const id = index + 1;
    const sorted = frames.toSorted((a, b) => b.score - a.score);
    const kept = sorted.length <= 6 ? sorted : [...sorted.slice(0, 3), ...sorted.slice(-3)];
    evidence.push(...kept.map((frame) => drawCrop(id, item, frame, seed)));
    return {
      id,
      person: item.person,
      startSeconds: frames[0]?.timeSeconds ?? item.from,
      endSeconds: frames.at(-1)?.timeSeconds ?? item.to,
      faces: frames.length,
      score: frames.length > 0 ? clamp(mean) : null,
      interval:
        frames.length === 0 ? null : frames.length === 1 ? [0, 1] : [clamp(mean - half), clamp(mean + half)],
      verdict: item.verdict,
      reasons: item.reasons ?? [],
      facePixels: item.width ?? 160,
      frames,
      ...(item.unscored && item.gap
        ? {
            unscored: [
              { reason: item.unscored, startSeconds: item.gap[0], endSeconds: item.gap[1], faces: 11 },
            ],
          }
        : {}),
    };
  });
  const top = tracks.filter((track) => track.score !== null).toSorted((a, b) => b.score! - a.score!)[0];
  const still = plan.duration === 0;
  const result = resultSchema.parse({
    schema: 'mesoscope.result/1',
    tool: { name: 'mesoscope', version: '0.1.0' },
    clip: {
      path: plan.path,
      sha256: 'a3f1c09e7b5d24680f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdef'.padEnd(64, '0'),
      bytes: still ? 248_113 : 3_482_117,
      container: still ? 'jpeg' : 'mp4',
      codec: still ? 'mjpeg' : 'h264',
      width: 1280,
      height: 720,
      durationSeconds: plan.duration,
      frames: still ? 1 : Math.round(plan.duration * 25),
    },
    detector: {
      name: plan.calibrated === false ? 'sample-weak' : 'sample-measured',
      sha256: '5e'.repeat(32),
    },
    settings: { sample: `even:${plan.looks}`, aggregation: { frames: { kind: 'mean' }, tracks: 'max' } },
    status: top ? 'scored' : 'not_assessable',
    verdict: plan.verdict,
    score: top?.score ?? null,
    interval: top?.interval ?? null,
    calibrated: plan.calibrated ?? true,
    reasons: plan.reasons ?? [],
    tracks,
    cuts: plan.cuts ?? [],
    framesAnalysed: plan.looks,
    dropped: plan.dropped ?? [],
    timing: { open: 0.04, decode: 1.21, faces: 0.62, crop: 0.05, network: 0.44 },
  });
  return { result, evidence };
}

/** A face as a child draws it, so that no one takes it for a person: skin, hair, eyes, mouth, grain. */
function drawCrop(
  trackId: number,
  plan: TrackPlan,
  frame: { frameIndex: number; timeSeconds: number; score: number },
  seed: number,
): EvidenceCrop {
  const size = 128;
  const region = { centreX: 64, centreY: 64, width: size, height: size, angle: 0 };
  const random = new Random(seed, 'crop', plan.person, frame.frameIndex);
  const look = new Random(seed, 'person', plan.person);
  const skin = [look.integer(140, 235), 0, 0];
  skin[1] = skin[0] * look.uniform(0.72, 0.84);
  skin[2] = skin[0] * look.uniform(0.55, 0.72);
  const hair = [look.integer(20, 120), look.integer(20, 80), look.integer(15, 60)];
  const wall = [look.integer(90, 200), look.integer(110, 200), look.integer(120, 210)];
  const [dx, dy] = [random.uniform(-4, 4), random.uniform(-4, 4)];
  const data = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [u, v] = [(x - 64 - dx) / 44, (y - 68 - dy) / 56];
      const face = u * u + v * v;
      let colour = wall;
      if (face < 1.25 && v < 0.1) colour = hair;
      if (face < 1) colour = v < -0.55 ? hair : skin;
      const eye = (side: number) => ((u - side * 0.4) / 0.17) ** 2 + ((v + 0.12) / 0.09) ** 2;
      if (eye(-1) < 1 || eye(1) < 1) colour = [245, 245, 240];
      if (eye(-1) < 0.3 || eye(1) < 0.3) colour = [40, 30, 25];
      if ((u / 0.38) ** 2 + ((v - 0.5 - 0.25 * u * u) / 0.09) ** 2 < 1) colour = [150, 60, 60];
      const shade = 1 - 0.22 * Math.max(0, u) + 0.05 * random.normal();
      for (let c = 0; c < 3; c++)
        data[(y * size + x) * 3 + c] = Math.max(0, Math.min(255, colour[c] * shade));
    }
  }
  const crop: Picture = { width: size, height: size, data };
  const { frameIndex, timeSeconds, score } = frame;
  if (!plan.maps) return { trackId, frameIndex, timeSeconds, score, region, crop };
  const map = { width: 16, height: 16, data: new Float32Array(256) };
  for (let i = 0; i < 256; i++) {
    const [mx, my] = [(i % 16) / 15 - 0.5, Math.floor(i / 16) / 15 - 0.62];
    map.data[i] = score * Math.exp(-(mx * mx + my * my) * 14);
  }
  return { trackId, frameIndex, timeSeconds, score, region, crop, map };
}

export const hostileName =
  "\"><img src=x onerror=alert(1)></title><script>alert('&amp;')</script>\u202Egpj.mp4";

/** One of each kind, by name. */
export function sampleAnalyses(): Record<string, { analysis: ClipAnalysis; contract: Contract }> {
  const measured = sampleContract();
  const weak = sampleContract('weak');
  const likely = build(
    {
      path: 'archive/2026/press-conference-clip-from-messenger.mp4',
      duration: 41.6,
      looks: 64,
      cuts: [14.2, 27.9],
      verdict: 'manipulation_likely',
      tracks: [
        {
          person: 1,
          from: 0.8,
          to: 14,
          level: 0.9,
          spread: 0.07,
          verdict: 'manipulation_likely',
          width: 212,
          maps: true,
        },
        {
          person: 2,
          from: 3,
          to: 25,
          level: 0.12,
          verdict: 'no_manipulation_found',
          width: 148,
          gap: [8, 14.1],
          maps: true,
        },
        {
          person: 1,
          from: 28,
          to: 39,
          level: 0.72,
          spread: 0.16,
          verdict: 'inconclusive',
          reasons: ['the score lies between the thresholds 0.2 and 0.8'],
          width: 96,
          maps: true,
        },
      ],
      dropped: [
        { reason: 'face narrower than 48 pixels', count: 7 },
        { reason: 'face too blurred', count: 3 },
        { reason: 'frame could not be decoded', count: 1 },
      ],
    },
    1,
  );
  const clean = build(
    {
      path: 'interview.mov',
      duration: 8.4,
      looks: 32,
      verdict: 'no_manipulation_found',
      tracks: [
        {
          person: 1,
          from: 0,
          to: 8.4,
          level: 0.07,
          spread: 0.03,
          verdict: 'no_manipulation_found',
          width: 240,
        },
      ],
    },
    2,
  );
  const unsure = build(
    {
      path: 'WhatsApp Video 2026-02-11 at 18.22.05.mp4',
      duration: 12.0,
      looks: 32,
      verdict: 'inconclusive',
      calibrated: false,
      reasons: ['track 1: the score lies between the thresholds 0.3 and 0.7'],
      tracks: [
        {
          person: 1,
          from: 0,
          to: 11.8,
          level: 0.52,
          spread: 0.18,
          verdict: 'inconclusive',
          reasons: ['the score lies between the thresholds 0.3 and 0.7'],
          width: 74,
          gap: [3.6, 7.6],
          unscored: 'face too blurred',
        },
      ],
      dropped: [{ reason: 'face too blurred', count: 11 }],
    },
    3,
  );
  const nobody = build(
    {
      path: 'landscape.webm',
      duration: 20,
      looks: 32,
      verdict: 'not_assessable',
      reasons: ['no face was found'],
      tracks: [],
    },
    4,
  );
  const crowd = build(
    {
      path: 'crowd.mkv',
      duration: 3725,
      looks: 96,
      cuts: [410, 1290, 1802, 2900],
      verdict: 'manipulation_likely',
      tracks: Array.from({ length: 12 }, (_, i) => {
        const level = i === 4 ? 0.92 : i % 3 === 0 ? 0.45 : 0.1;
        const verdict =
          level > 0.8 ? 'manipulation_likely' : level > 0.2 ? 'inconclusive' : 'no_manipulation_found';
        return {
          person: i + 1,
          from: i * 240,
          to: i * 240 + 1080,
          level,
          verdict,
          width: 60 + i * 9,
        } as const;
      }),
    },
    5,
  );
  const picture = build(
    {
      path: 'portrait.jpg',
      duration: 0,
      looks: 1,
      verdict: 'inconclusive',
      calibrated: false,
      reasons: ['track 1: only 1 usable face, 5 are wanted for a verdict'],
      tracks: [
        {
          person: 1,
          from: 0,
          to: 0,
          level: 0.81,
          verdict: 'inconclusive',
          reasons: ['only 1 usable face, 5 are wanted for a verdict'],
          width: 310,
        },
      ],
    },
    6,
  );
  const hostile = structuredClone(unsure);
  hostile.result.clip.path = `in/${hostileName}`;
  hostile.result.clip.codec = '<b>h264</b>';
  hostile.result.tracks[0].reasons = ['</td><script>1</script>'];
  hostile.result.dropped = [{ reason: '<i>x</i>', count: 1 }];
  return {
    likely: { analysis: likely, contract: measured },
    clean: { analysis: clean, contract: measured },
    unsure: { analysis: unsure, contract: weak },
    nobody: { analysis: nobody, contract: measured },
    broken: { analysis: broken(), contract: measured },
    crowd: { analysis: crowd, contract: measured },
    picture: { analysis: picture, contract: weak },
    hostile: { analysis: hostile, contract: weak },
  };
}

function broken(): ClipAnalysis {
  const message =
    'in/download.mp4 is cut off before its index (moov atom not found). Fetch the file again; nothing in it can be decoded.';
  const result = resultSchema.parse({
    schema: 'mesoscope.result/1',
    tool: { name: 'mesoscope', version: '0.1.0' },
    clip: {
      path: 'in/download.mp4',
      sha256: 'c4'.repeat(32),
      bytes: 917_504,
      container: null,
      codec: null,
      width: null,
      height: null,
      durationSeconds: null,
      frames: null,
    },
    detector: null,
    settings: null,
    status: 'error',
    verdict: 'not_assessable',
    score: null,
    interval: null,
    calibrated: false,
    reasons: [],
    tracks: [],
    cuts: [],
    framesAnalysed: 0,
    dropped: [],
    timing: {},
    error: { code: 'CLIP_TRUNCATED', message },
  });
  return { result, evidence: [] };
}
