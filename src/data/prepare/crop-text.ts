/** Crop policies as they are typed. */
import { errors } from '../../base/errors.ts';
import { type CropPolicy, cropPolicySchema } from '../../faces/crop-policy.ts';

/** What the documents crop. */
export const paperCrops: Readonly<Record<string, string>> = {
  '000 (MesoNet)': 'aligned:0.1',
  'FaceForensics++': 'square:1.3',
  '003': 'square:2',
  '004': 'landmark-centred:1.1',
};

/** `aligned:MARGIN`, `square:SCALE`, `landmark-centred:SCALE`, or the policy as JSON. Throws USAGE. */
export function parseCrop(text: string): CropPolicy {
  const parsed = cropPolicySchema.safeParse(read(text));
  if (parsed.success) return parsed.data;
  throw errors.USAGE(
    `"${text}" is no crop policy: use aligned:MARGIN, square:SCALE, landmark-centred:SCALE or JSON.`,
  );
}

function read(text: string): unknown {
  const match = /^(aligned|square|landmark-centred):(\d+(?:\.\d+)?)$/.exec(text);
  if (match) {
    const [, kind, number] = match;
    if (kind === 'aligned') return { kind, margin: Number(number) };
    return kind === 'square'
      ? { kind, scale: Number(number), fill: 'edge' }
      : { kind, scale: Number(number) };
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
