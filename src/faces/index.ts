/** Frames → faces → tracks → crops: what other folders use. */
export { cropFace, cropMatrix, cropSquare } from './crop.ts';
export { type CropPolicy, cropPolicySchema } from './crop-policy.ts';
export { FaceFinder, type FaceSource, type FinderOptions, type FindOptions } from './finder.ts';
export { fivePoints, type Pose, pointOf, poseOf, sixtyEightPoints, tightBox } from './landmarks.ts';
export type { ModelFiles } from './model-files.ts';
export { openFinder } from './open-finder.ts';
export { type FaceQuality, qualityOf } from './quality.ts';
export {
  type Cut,
  type FaceInTrack,
  FaceTracker,
  type FollowedFrame,
  type TrackerOptions,
} from './tracker.ts';
export type { Face, FivePoints, Track, TrackedFace } from './types.ts';
export { type Affine, apply, type Fill, invert, warpAffine } from './warp.ts';
