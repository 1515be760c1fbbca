/**
 * TensorBoard event files: TFRecords of the protocol buffer `tensorflow.Event` (tensorflow/core/util/event.proto and
 * framework/summary.proto; fields used here: wall_time = 1, step = 2, file_version = 3, summary = 5, session_log = 7).
 *
 * A record is its length (8 bytes, little endian), the masked CRC-32C of those bytes, the data, and the data's own
 * masked CRC-32C.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import crc32c from 'crc-32/crc32c.js';
import type { RunLogger } from './logger.ts';
import { scalarsOf } from './scalars.ts';

export interface TensorboardEvent {
  wallTime: number;
  step?: number;
  fileVersion?: string;
  /** Tells TensorBoard that what an earlier file says from this step on is void: a run that goes on after a kill. */
  start?: true;
  values?: readonly (readonly [tag: string, value: number])[];
}

export function openTensorboard(folder: string, from: number, now: () => number = Date.now): RunLogger {
  mkdirSync(folder, { recursive: true });
  // The name that TensorBoard looks for; a run that goes on writes a file of its own.
  const name = `events.out.tfevents.${Math.floor(now() / 1000)}.${hostname()}.${process.pid}`;
  const file = openSync(join(folder, name), 'a');
  const put = (event: Omit<TensorboardEvent, 'wallTime'>) =>
    void writeSync(file, recordOf(encodeEvent({ wallTime: now() / 1000, ...event })));
  put({ fileVersion: 'brain.Event:2' });
  if (from > 0) put({ step: from, start: true });
  return {
    log(event) {
      const scalars = scalarsOf(event);
      if (scalars) put(scalars);
    },
    async close() {
      closeSync(file);
    },
  };
}

export function encodeEvent({ wallTime, step, fileVersion, start, values }: TensorboardEvent): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Bit64).double(wallTime);
  if (step !== undefined) writer.tag(2, WireType.Varint).int64(step);
  if (fileVersion !== undefined) writer.tag(3, WireType.LengthDelimited).string(fileVersion);
  if (values) {
    writer.tag(5, WireType.LengthDelimited).fork();
    for (const [tag, value] of values) {
      writer.tag(1, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).string(tag);
      writer.tag(2, WireType.Bit32).float(value);
      writer.join();
    }
    writer.join();
  }
  // SessionLog.status = START
  if (start) writer.tag(7, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(1).join();
  return writer.finish();
}

export function recordOf(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}

/** Rotated and shifted, as TFRecord wants it, so that a CRC of data that holds CRCs stays a good one. */
export function maskedCrc(data: Uint8Array): number {
  const crc = crc32c.buf(data) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
