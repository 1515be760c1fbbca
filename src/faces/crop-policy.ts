/** Crop policies are data: a detector's contract and a data set's manifest carry one. */
import { z } from 'zod';

/** How a face becomes a square picture; see `faces/crop.ts` for the geometry of each. */
export const cropPolicySchema = z.discriminatedUnion('kind', [
  /** Eyes level, the face filling the square (MesoNet 3.1.1). `margin` is added on each side, in face widths. */
  z.strictObject({ kind: z.literal('aligned'), margin: z.number().min(0).max(2) }),
  /** Square around the tight box's centre, `scale` times its longest side (FaceForensics++: 1.3; 003: 2). */
  z.strictObject({
    kind: z.literal('square'),
    scale: z.number().min(0.5).max(4),
    fill: z.enum(['zero', 'edge']),
  }),
  /**
   * The tight box times one scale a side, stretched to the square: how DFDC's public face crops were made, and
   * what a detector trained on them has to be shown.
   */
  z.strictObject({
    kind: z.literal('stretched'),
    widthScale: z.number().min(0.5).max(4),
    heightScale: z.number().min(0.5).max(4),
    fill: z.enum(['zero', 'edge']),
  }),
  /** Square of side 2 x 1.1 x longest side, centred on the mean of the five landmarks, zero fill (004, IV-A). */
  z.strictObject({ kind: z.literal('landmark-centred'), scale: z.number().min(0.5).max(4) }),
]);
export type CropPolicy = z.infer<typeof cropPolicySchema>;
