/** Content credentials (C2PA): what a file says of its own origin. Read, never needed. */
import { open, stat } from 'node:fs/promises';
import { BMFF, JPEG, PNG } from '@trustnxt/c2pa-ts/asset';
import { SuperBox } from '@trustnxt/c2pa-ts/jumbf';
import {
  ActionAssertion,
  IngredientAssertion,
  type Manifest,
  ManifestStore,
} from '@trustnxt/c2pa-ts/manifest';
import { describe } from '../../base/errors.ts';
import { readAll } from '../../media/file.ts';
import type { ByteSource } from '../../media/types.ts';
import type { Credentials } from '../api.ts';

/** The library reads whole files into memory. */
const largest = 512 * 2 ** 20;

const statements: Record<Credentials['status'], string> = {
  absent:
    'The file carries no content credentials (C2PA). Their absence proves nothing: most files have none, and many services remove them.',
  valid:
    'The file carries content credentials (C2PA) whose signature and hashes agree with it. They tell what the signer states; whether the signer is to be trusted was not checked, and they do not prove that what is shown happened. Their absence would prove nothing either.',
  invalid:
    'The file carries content credentials (C2PA) that do not agree with it: it was changed after they were made, or they were damaged. That alone does not show manipulation, as their absence would prove nothing.',
  unreadable:
    'The file may carry content credentials (C2PA), but they could not be read. That says nothing about the clip, and their absence would prove nothing either.',
};

const answer = (
  status: Credentials['status'],
  rest: Partial<Pick<Credentials, 'manifests' | 'problems'>> = {},
): Credentials => ({ status, statement: statements[status], manifests: [], problems: [], ...rest });

/** What is said of a file whose credentials nobody could look at. */
export const unreadableCredentials = (problem: string): Credentials =>
  answer('unreadable', { problems: [problem] });

/** Never throws: a failure to read is told and changes nothing else. */
export async function readCredentials(from: string | ByteSource): Promise<Credentials> {
  try {
    const source = typeof from === 'string' ? await localFile(from) : from;
    // Nearly all files have none; finding that out costs no memory.
    if (!(await mentions(source, 'c2pa'))) return answer('absent');
    const { size } = source;
    if (size > largest) {
      return answer('unreadable', { problems: [`The file has ${size} bytes; at most ${largest} are read.`] });
    }
    const file = await readAll(source);
    // The library's types ask for a plain array; this one shares the file's memory.
    const bytes = new Uint8Array(file.buffer as ArrayBuffer, file.byteOffset, file.byteLength);
    const Asset = [JPEG, PNG, BMFF].find((kind) => kind.canRead(bytes));
    if (!Asset) return answer('unreadable', { problems: ['Not JPEG, PNG, MP4 or HEIF.'] });
    const asset = new Asset(bytes);
    const jumbf = asset.getManifestJUMBF();
    if (!jumbf) return answer('absent');
    const store = ManifestStore.read(SuperBox.fromBuffer(new Uint8Array(jumbf)));
    const result = await store.validate(asset);
    const active = store.getActiveManifest();
    return answer(result.isValid ? 'valid' : 'invalid', {
      manifests: store.manifests.map((manifest) => summary(manifest, manifest === active)),
      problems: result.statusEntries
        .filter(({ success }) => !success)
        .map(({ code, explanation }) => (explanation ? `${code}: ${explanation}` : String(code))),
    });
  } catch (error) {
    return answer('unreadable', { problems: [describe(error)] });
  }
}

function summary(manifest: Manifest, active: boolean): Credentials['manifests'][number] {
  const { claim, signature, assertions } = manifest;
  const all = assertions?.assertions ?? [];
  const data = signature?.signatureData;
  return {
    label: manifest.label ?? '',
    active,
    claimGenerator:
      [claim?.claimGeneratorName, claim?.claimGeneratorVersion].filter(Boolean).join(' ') || null,
    title: claim?.title ?? null,
    signedBy: data?.certificate?.subject ?? null,
    signedAt: data?.timestamp?.toISOString() ?? null,
    actions: all
      .filter((assertion) => assertion instanceof ActionAssertion)
      .flatMap(({ actions }) => actions.map(({ action }) => String(action))),
    ingredients: all
      .filter((assertion) => assertion instanceof IngredientAssertion)
      .map(({ title, instanceID }) => title ?? instanceID ?? 'unnamed'),
  };
}

/** A file of this machine. */
async function localFile(path: string): Promise<ByteSource> {
  const { size } = await stat(path);
  return {
    size,
    read: async (at, length) => {
      const file = await open(path, 'r');
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}

const pieceBytes = 2 ** 20;

/** Whether a word occurs in a file, read in pieces. */
async function mentions(source: ByteSource, word: string): Promise<boolean> {
  const overlap = word.length - 1;
  for (let at = 0; at < source.size; at += pieceBytes - overlap) {
    const { buffer, byteOffset, length } = await source.read(at, Math.min(pieceBytes, source.size - at));
    if (Buffer.from(buffer, byteOffset, length).includes(word)) return true;
  }
  return false;
}
