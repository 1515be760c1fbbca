/** Faces with 68 points from ../shared/data/train, for looking at and measuring forgeries. */
import { readFileSync } from 'node:fs';
import { type Box, boundsOf } from '../src/base/geometry.ts';
import type { LandmarkedPicture } from '../src/data/forgery/index.ts';
import { type Affine, invert, warpAffine } from '../src/faces/warp.ts';
import { readPicture } from '../src/media/image.ts';

export interface NamedFace extends LandmarkedPicture {
  file: string;
  person: string;
}

const folder = '../shared/data/train/ytfaces';

/** Rows of YouTube Faces: file, person, 68 hand-checked points. */
export function youTubeFaces(): { file: string; person: string; points: { x: number; y: number }[] }[] {
  return readFileSync(`${folder}/frames.csv`, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [file, person, ...numbers] = line.split(',');
      const points = Array.from({ length: 68 }, (_, i) => ({
        x: Number(numbers[2 * i]),
        y: Number(numbers[2 * i + 1]),
      }));
      return { file, person, points };
    });
}

/** A square around the face, `scale` times its longest side, resampled to `size` pixels; 0 keeps the frame as it is. */
export async function readYouTubeFace(
  row: ReturnType<typeof youTubeFaces>[number],
  size: number,
  scale = 1.6,
): Promise<NamedFace> {
  const picture = await readPicture(`${folder}/${row.file}`);
  return {
    file: row.file,
    person: row.person,
    ...(size > 0 ? cut({ picture, points: row.points }, size, scale) : { picture, points: row.points }),
  };
}

export function cut({ picture, points }: LandmarkedPicture, size: number, scale: number): LandmarkedPicture {
  const face: Box = boundsOf(points);
  const side = Math.max(face.width, face.height) * scale;
  const step = side / size;
  const matrix: Affine = [
    step,
    0,
    face.x + face.width / 2 - side / 2,
    0,
    step,
    face.y + face.height / 2 - side / 2,
  ];
  const back = invert(matrix);
  return {
    picture: warpAffine(picture, matrix, size, size, { fill: 'edge' }),
    points: points.map(({ x, y }) => ({ x: back[0] * x + back[2], y: back[4] * y + back[5] })),
  };
}
