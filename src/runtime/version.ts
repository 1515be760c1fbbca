import * as ort from '#onnxruntime';

/** ONNX Runtime's version, as run records and measurements name it. */
export const engineVersion: string = ort.env.versions.common;
