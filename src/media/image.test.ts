import { writeFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { numberedPicture, numberOf, pixel, temporaryFolder } from '../../test/media-fixtures.ts';
import { encodeJpeg, encodePng, readMask, readPicture, resizePicture } from './image.ts';
import { openClip } from './open.ts';
import type { Frame, Picture } from './types.ts';

const file = temporaryFolder();
const source = numberedPicture(345);
const raw = ({ data, width, height }: Picture) => sharp(data, { raw: { width, height, channels: 3 } });

async function only(path: string): Promise<Frame> {
  const reader = await openClip(path);
  const frames: Frame[] = [];
  for await (const frame of reader.frames({ kind: 'even', count: 32 })) frames.push(frame);
  await reader.close();
  expect(frames).toHaveLength(1);
  return frames[0];
}

describe('pictures as clips', () => {
  it.each([
    ['jpeg', 'jpeg'],
    ['png', 'png'],
    ['webp', 'webp'],
    ['avif', 'avif'],
  ] as const)('%s', async (format, container) => {
    const path = file(`picture-${format}`);
    await raw(source).toFormat(format, { quality: 95 }).toFile(path);
    const reader = await openClip(path);
    expect(reader.info).toMatchObject({
      kind: 'image',
      container,
      width: 96,
      height: 64,
      durationSeconds: 0,
    });
    expect(await reader.scan()).toMatchObject({ frames: 1, keyFrames: [0] });
    await reader.close();
    const frame = await only(path);
    expect(numberOf(frame)).toBe(345);
    expect(frame).toMatchObject({ index: 0, timeSeconds: 0, keyFrame: true });
  });

  it('a still GIF is a clip of one frame', async () => {
    const path = file('still.gif');
    await raw(source).gif().toFile(path);
    expect(numberOf(await only(path))).toBe(345);
  });

  it.each([
    [1, 0, 4, 4],
    [3, 180, 92, 60],
    [6, 90, 60, 4],
    [8, 270, 4, 92],
  ])('EXIF orientation %d is honoured', async (orientation, rotation, x, y) => {
    const path = file(`exif${orientation}.jpg`);
    await raw(source).withMetadata({ orientation }).jpeg({ quality: 95 }).toFile(path);
    const reader = await openClip(path);
    expect(reader.info.rotation).toBe(rotation);
    await reader.close();
    const frame = await only(path);
    expect([frame.width, frame.height]).toEqual([reader.info.width, reader.info.height]);
    const [r, g] = pixel(frame, x, y);
    expect(r).toBeGreaterThan(180);
    expect(g).toBeLessThan(80);
  });

  it('1x1, 20,000 pixels wide, grey, 16-bit, palette and transparent pictures', async () => {
    const make = async (name: string, image: Sharp) => {
      await image.png().toFile(file(name));
      return only(file(name));
    };
    const plain = (width: number, height: number, background: string) =>
      sharp({ create: { width, height, channels: 3, background } });
    expect((await make('1.png', plain(1, 1, '#010203'))).data).toEqual(Uint8Array.of(1, 2, 3));
    const wide = await make('wide.png', plain(20_000, 8, '#405060'));
    expect([wide.width, wide.height, wide.data.length]).toEqual([20_000, 8, 480_000]);
    expect(pixel(wide, 19_999, 7)).toEqual([64, 80, 96]);
    expect(pixel(await make('grey.png', plain(3, 3, '#777777').toColourspace('b-w')), 1, 1)).toEqual([
      119, 119, 119,
    ]);
    const deep = await make('deep.png', plain(2, 2, '#0a0b0c').toColourspace('rgb16'));
    expect(pixel(deep, 1, 1)).toEqual([10, 11, 12]);
    const clear = sharp({
      create: { width: 2, height: 2, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    });
    expect(pixel(await make('clear.png', clear), 0, 0)).toEqual([255, 255, 255]);
  });

  it('refuses what is too large or damaged', async () => {
    const path = file('damaged.png');
    const bytes = await encodePng(source);
    await writeFile(path, bytes);
    await expect(openClip(path, { maxPixels: 100 })).rejects.toMatchObject({ code: 'CLIP_TOO_LARGE' });
    await writeFile(path, bytes.subarray(0, bytes.length / 2));
    await expect(only(path)).rejects.toMatchObject({ code: 'CLIP_NO_FRAMES' });
    await writeFile(path, bytes.subarray(0, 12));
    await expect(openClip(path)).rejects.toMatchObject({ code: 'CLIP_NOT_MEDIA' });
  });
});

describe('reading and writing pictures', () => {
  it('PNG keeps every byte, JPEG nearly', async () => {
    expect(await readPicture(await encodePng(source))).toEqual(source);
    const again = await readPicture(await encodeJpeg(source, 95));
    expect(numberOf(again)).toBe(345);
    expect((await encodeJpeg(source, 20)).length).toBeLessThan((await encodeJpeg(source, 95)).length);
  });

  it('reads masks from alpha, and from luminance where nothing is transparent', async () => {
    const values = Uint8Array.from([0, 255, 128, 7]);
    const options = { raw: { width: 2, height: 2, channels: 1 as const } };
    const grey = await sharp(values, options).png().toBuffer();
    expect(await readMask(grey)).toEqual({ width: 2, height: 2, data: values });
    const alpha = await sharp(Buffer.alloc(12, 90), { raw: { width: 2, height: 2, channels: 3 } })
      .joinChannel(Buffer.from(values), options)
      .png()
      .toBuffer();
    expect(await readMask(alpha)).toEqual({ width: 2, height: 2, data: values });
    await expect(readMask(Buffer.from('no picture'))).rejects.toMatchObject({ code: 'CLIP_NOT_MEDIA' });
  });

  it('resizes', async () => {
    const small = await resizePicture(source, 48, 32, 'linear');
    expect([small.width, small.height, small.data.length]).toEqual([48, 32, 48 * 32 * 3]);
    expect(numberOf(small)).toBe(345);
  });
});
