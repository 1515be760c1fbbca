/**
 * Where clips' files and what analyses leave of them are kept: a folder, or a bucket that many machines reach.
 * Keys are made of ids by the server alone: nothing that a stranger sent becomes one.
 *
 * | key                        | what                                               |
 * | -------------------------- | -------------------------------------------------- |
 * | `media/ID`                 | a clip's file, as it was sent                      |
 * | `clips/ID/ATTEMPT/NAME`    | what an analysis left: report, result, crops, maps |
 * | `tasks/ID/ATTEMPT/NAME`    | what a task left: a part of a data set, a run      |
 * | `tasks/ID/going-on/A-S.tar` | what try A left at step S, for another to go on from |
 * | `folder-id`                | which database it belongs to                       |
 */
import type { Readable } from 'node:stream';

/** A stored file that is being read. */
export interface StoredFile {
  /** Bytes. */
  readonly size: number;
  /** Up to `length` bytes from `at`; fewer at the file's end. @throws STORE_UNREACHABLE, STORE_CHANGED */
  read(at: number, length: number): Promise<Buffer>;
  /** Bytes `first` to `last`, both included. */
  stream(first: number, last: number): Readable;
}

export interface ListedFile {
  key: string;
  bytes: number;
  /** Time of the last change, ms. */
  changed: number;
}

/** All of it throws STORE_UNREACHABLE where the place does not answer; what is absent is no error. */
export interface Store {
  /** For messages: without secrets. */
  readonly name: string;
  /** Its folder on this machine; undefined where bytes come over the network. */
  readonly folder: string | undefined;
  open(key: string): Promise<StoredFile | undefined>;
  /** The whole of a small file. */
  get(key: string): Promise<Buffer | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Copies a local file there. */
  send(path: string, key: string): Promise<void>;
  /** Moves a local file there: it is safe there, and gone here, once this returns. */
  adopt(path: string, key: string): Promise<void>;
  /** The same of all files of a local folder, which may already lie at its place. */
  adoptFolder(path: string, prefix: string): Promise<void>;
  copyFolder(from: string, to: string): Promise<void>;
  /** All files whose keys begin so, in no order. */
  list(prefix: string): AsyncIterable<ListedFile>;
  /** A file, or all that lies below a prefix. */
  remove(key: string): Promise<void>;
}
