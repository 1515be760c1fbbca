/** The data of the protocols: stand-ins of the same shape at smoke scale, the documents' own at paper scale. */
import type { LayoutName } from '../../data/layouts/index.ts';
import { parseCrop } from '../../data/prepare/crop-text.ts';
import type { Laboratory } from './laboratory.ts';

/** FaceForensics++'s methods in the order of 003's tables, and the pseudo-forgery that stands for each. */
export const methods = [
  { short: 'DF', name: 'Deepfakes', forgery: 'autoencoder-texture' },
  { short: 'F2F', name: 'Face2Face', forgery: 'expression-warp' },
  { short: 'FS', name: 'FaceSwap', forgery: 'face-swap' },
  { short: 'NT', name: 'NeuralTextures', forgery: 'mouth-blend' },
] as const;

/** How a method is called in the manifests of this scale. */
export const methodName = (lab: Laboratory, { name, forgery }: (typeof methods)[number]) =>
  lab.scale === 'paper' ? name : forgery;

/** What the stand-in for FaceForensics++ is, for the tables' notes. */
export const fourMethodsDiffers = [
  'FaceForensics++ cannot be had here: 600 portraits (FFHQ, shrunk) stand for its videos, and four pseudo-forgeries for its methods: DF a texture from behind a bottleneck, F2F a warped expression, FS a landmark face swap, NT a mouth from another picture.',
  'Every picture gets sensor-like noise before anything is forged of it, and nothing is compressed afterwards: a plain trace, as in raw video.',
];

const faceCrop = JSON.stringify({ kind: 'stretched', widthScale: 1.17, heightScale: 1.36, fill: 'edge' });
const pictures = {
  crop: parseCrop(faceCrop),
  sampling: { kind: 'even', count: 1 },
  format: 'jpg',
  jpegQuality: 95,
  faces: 'main',
  leastFace: 40,
} as const;

/** Real portraits, cut as detectors see faces, with landmarks. */
export function portraits(lab: Laboratory): Promise<string> {
  const source = {
    path: lab.inData('train/portraits/ffhq'),
    layout: 'folder' as LayoutName,
    label: 0 as const,
  };
  return lab.prepared('portraits', source, { ...pictures, size: 192 });
}

/** Pairs of an untouched picture and one of four methods, with masks. */
export async function fourMethods(
  lab: Laboratory,
  { crop, sampling, size, compression }: PaperCut,
): Promise<string> {
  if (lab.scale === 'paper') {
    const source = { path: lab.data, layout: 'ffpp' as LayoutName, compression };
    return lab.prepared(`ffpp-${compression}`, source, {
      ...pictures,
      crop: parseCrop(crop),
      sampling,
      size,
    });
  }
  return lab.synthesized('four-methods', await portraits(lab), {
    mix: Object.fromEntries(methods.map(({ forgery }) => [forgery, 1])),
    perImage: 4,
    crop: { scale: 1, size: 64 },
    format: 'png',
    jpegQuality: 95,
    post: false,
    grain: 12,
  });
}

/** How a document cuts FaceForensics++. */
export interface PaperCut {
  crop: string;
  sampling: Parameters<Laboratory['prepared']>[2]['sampling'];
  size: number;
  compression: 'raw' | 'c23' | 'c40';
}

/** Portraits of people beside portraits that StyleGAN2 made, cut alike; at paper scale the folders of the user. */
export function generated(lab: Laboratory, size: number): Promise<string> {
  const path = lab.scale === 'paper' ? lab.data : lab.inData('train/portraits');
  const source = { path, layout: 'folder' as LayoutName, real: 'ffhq', fake: 'stylegan2' };
  return lab.prepared('generated', source, { ...pictures, size });
}
