/** What the build puts beside the pages for local analysis, as `local/manifest.json` lists it. */
import { z } from 'zod';

const file = z.strictObject({
  /** From the site's root, without a leading slash. */
  path: z.string(),
  bytes: z.int().positive(),
});
export type ServedFile = z.infer<typeof file>;

export const manifestSchema = z.strictObject({
  /** Of Mesoscope, as results name it. */
  version: z.string(),
  defaultDetector: z.string(),
  detectors: z.array(file.extend({ name: z.string() })).min(1),
  faces: z.array(
    file.extend({ name: z.enum(['blazeface', 'facemesh', 'faceres']), part: z.enum(['json', 'bin']) }),
  ),
  /** ONNX Runtime: `cpu` is WebAssembly alone; `webgpu` is larger, and fetched only where there is a graphics chip. */
  engine: z.strictObject({ cpu: file, webgpu: file }),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const manifestPath = 'local/manifest.json';
/** Folder of ONNX Runtime's loaders, which it fetches by itself. */
export const engineFolder = 'ort/';
