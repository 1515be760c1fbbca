/** The face networks' files, wherever they come from: `@vladmandic/human` (MIT) carries them. */
export type FaceModelName = 'blazeface' | 'facemesh' | 'faceres';

/** One TensorFlow.js graph model as its two files hold it. */
export interface ModelFile {
  name: string;
  /** Parsed `NAME.json`; not yet checked. */
  json: unknown;
  /** `NAME.bin`: all weights, in the manifest's order. */
  weights: Uint8Array;
}

/** Reads models; a browser fetches them instead. */
export interface ModelFiles {
  /** Throws FACE_MODEL_MISSING. */
  read(name: FaceModelName): Promise<ModelFile>;
}
