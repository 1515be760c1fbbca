/** Content credentials (C2PA): what a file says of its own origin. Read, never needed. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { BMFF, JPEG, PNG } from '@trustnxt/c2pa-ts/asset';
import { SuperBox } from '@trustnxt/c2pa-ts/jumbf';
import {
  ActionAssertion,
  IngredientAssertion,
  type Manifest,
  ManifestStore,
} from '@trustnxt/c2pa-ts/manifest';
import { describe } from '../../base/errors.ts';
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

/** Never throws: a failure to read is told and changes nothing else. */
export async function readCredentials(path: string): Promise<Credentials> {
  try {
    // Nearly all files have none; finding that out costs no memory.
    if (!(await mentions(path, 'c2pa'))) return answer('absent');
    const { size } = await stat(path);
    if (size > largest) {
      return answer('unreadable', { problems: [`The file has ${size} bytes; at most ${largest} are read.`] });
    }
    const file = await readFile(path);
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

/** Whether a word occurs in a file, read in pieces. */
async function mentions(path: string, word: string): Promise<boolean> {
  let tail = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    if (tail.length > 0 && Buffer.concat([tail, chunk.subarray(0, word.length)]).includes(word)) return true;
    if (chunk.includes(word)) return true;
    tail = chunk.subarray(Math.max(0, chunk.length - word.length + 1));
  }
  return false;
}
