/** Checks an evidence bundle without trusting anything in it. */
import { verify as verifySignature } from 'node:crypto';
import type { z } from 'zod';
import { sha256 } from '../../base/hash.ts';
import { type ClipResult, resultSchema } from '../../detect/result.ts';
import { isCanonical, readArchive } from './archive.ts';
import { fingerprintOf, publicKeyFrom } from './key.ts';
import { type LogEntry, readChain } from './log.ts';
import {
  logFile,
  type Manifest,
  manifestFile,
  manifestSchema,
  publicKeyFile,
  signatureFile,
} from './manifest.ts';

export type CheckName = 'archive' | 'signature' | 'files' | 'log' | 'result' | 'key';

export interface Check {
  name: CheckName;
  /** `unknown`: it could not be checked, or nothing was given to check it against. */
  status: 'passed' | 'failed' | 'unknown';
  /** One sentence. */
  words: string;
  /** What is wrong, one by one. */
  problems: string[];
}

export interface Verification {
  /** No check failed, and none but that of the key was left out. */
  ok: boolean;
  checks: Check[];
  manifest: Manifest | null;
  result: ClipResult | null;
}

type Files = ReadonlyMap<string, Uint8Array>;

/** @param expected the maker's fingerprint where it is known. Never throws: whatever is wrong is a failed check. */
export function verifyBundle(bytes: Uint8Array, expected?: string): Verification {
  const archive = readArchive(bytes);
  if (!archive.files) {
    const check = failed('archive', 'It is no evidence bundle of Mesoscope.', [archive.problem]);
    return { ok: false, checks: [check], manifest: null, result: null };
  }
  const { files } = archive;
  const manifestBytes = files.get(manifestFile);
  const manifest = parsed(manifestSchema, manifestBytes);
  const result = parsed(resultSchema, files.get('result.json'));
  const checks = [
    checkArchive(bytes, files),
    checkSignature(files),
    manifest
      ? checkFiles(files, manifest)
      : failed('files', 'What belongs to the bundle cannot be known.', [
          `${manifestFile} is missing or wrong`,
        ]),
    checkLog(files, manifest),
    checkResult(files, manifest, result),
    checkKey(manifest, files, expected),
  ];
  const ok = checks.every(
    ({ status, name }) => status === 'passed' || (status === 'unknown' && name === 'key'),
  );
  return { ok, checks, manifest, result };
}

function checkArchive(bytes: Uint8Array, files: Files): Check {
  return isCanonical(bytes, files)
    ? passed('archive', 'The zip holds these files and nothing beside them.')
    : failed('archive', 'The zip is not as it was made.', [
        'bytes around the files were changed or added, or it was packed anew: other programs may see other files in it',
      ]);
}

function checkSignature(files: Files): Check {
  const [manifest, signature] = [files.get(manifestFile), files.get(signatureFile)];
  const key = publicKeyFrom(text(files.get(publicKeyFile)));
  const problems = [
    ...(manifest ? [] : [`${manifestFile} is missing`]),
    ...(signature ? [] : [`${signatureFile} is missing`]),
    ...(key ? [] : [`${publicKeyFile} holds no Ed25519 key`]),
  ];
  if (!manifest || !signature || !key)
    return failed('signature', 'There is no signature to check.', problems);
  return signature.length === 64 && verifySignature(null, manifest, key, signature)
    ? passed('signature', `The manifest was signed by the key ${fingerprintOf(key)}.`)
    : failed('signature', 'The signature does not fit the manifest.', [
        `${manifestFile}, ${signatureFile} or ${publicKeyFile} was changed`,
      ]);
}

function checkFiles(files: Files, manifest: Manifest): Check {
  const problems: string[] = [];
  const listed = new Set([manifestFile, signatureFile, publicKeyFile]);
  for (const { name, sha256: hash, bytes } of manifest.files) {
    if (listed.has(name)) problems.push(`${name} is listed twice, or lists itself`);
    listed.add(name);
    const content = files.get(name);
    if (!content) problems.push(`${name} is missing`);
    else if (content.length !== bytes || sha256(content) !== hash) problems.push(`${name} was changed`);
  }
  for (const name of files.keys()) if (!listed.has(name)) problems.push(`${name} was added`);
  return problems.length === 0
    ? passed('files', `All ${manifest.files.length} files have the hashes that the manifest names.`)
    : failed('files', 'The files are not those of the manifest.', problems);
}

/** Of a known result that was given to a clip of another name, these were written anew, with that name. */
const namedAnew = ['report.html', 'result.json'];

function filesOf(entry: LogEntry | undefined): Record<string, unknown> {
  return (entry?.details.files ?? {}) as Record<string, unknown>;
}

function checkLog(files: Files, manifest: Manifest | null): Check {
  const content = files.get(logFile);
  if (!content) return failed('log', 'There is no log.', [`${logFile} is missing`]);
  const { entries, last, problems } = readChain(text(content));
  const all = [...problems];
  if (manifest && (manifest.log.last !== last || manifest.log.entries !== entries.length)) {
    all.push('the log does not end with the entry that the manifest names');
  }
  // What the analysis wrote down when it ended, against what lies here.
  const given = filesOf(entries.findLast(({ event }) => event === 'given'));
  for (const entry of entries) {
    if (entry.event !== 'written') continue;
    for (const [name, hash] of Object.entries(filesOf(entry))) {
      const file = files.get(name);
      const expected = namedAnew.includes(name) ? (given[name] ?? hash) : hash;
      if (!file) all.push(`${name}, which the log tells of, is missing`);
      else if (sha256(file) !== expected) all.push(`${name} is not what the log says was written`);
    }
  }
  return all.length === 0
    ? passed(
        'log',
        `The chain of the log is whole: ${entries.length} entries, none changed, removed or moved.`,
      )
    : failed('log', 'The log is not as it was written.', all);
}

function checkResult(files: Files, manifest: Manifest | null, result: ClipResult | null): Check {
  if (!manifest || !result) {
    const words = files.has('result.json') ? 'is no result of a scan' : 'is missing';
    return failed('result', 'There is no result to read.', manifest ? [`result.json ${words}`] : []);
  }
  const problems = [
    ...(manifest.clip.sha256 === result.clip.sha256 ? [] : ['result.json tells of another clip']),
    ...(manifest.detector?.sha256 === result.detector?.sha256 ? [] : ['result.json names another detector']),
  ];
  return problems.length === 0
    ? passed('result', 'Manifest and result name the same clip and the same detector.')
    : failed('result', 'Manifest and result contradict each other.', problems);
}

function checkKey(manifest: Manifest | null, files: Files, expected: string | undefined): Check {
  const key = publicKeyFrom(text(files.get(publicKeyFile)));
  const own = key && fingerprintOf(key);
  if (own === undefined || (manifest && manifest.key.fingerprint !== own)) {
    return failed('key', 'The key in the bundle is not the one that the manifest names.', []);
  }
  if (expected === undefined) {
    return {
      name: 'key',
      status: 'unknown',
      words: 'Whose key it is was not checked: no key was given to compare it with.',
      problems: [],
    };
  }
  return own === expected
    ? passed('key', 'It is the key that you gave.')
    : failed('key', 'It is not the key that you gave.', [`signed by ${own}, expected ${expected}`]);
}

function passed(name: CheckName, words: string): Check {
  return { name, status: 'passed', words, problems: [] };
}

function failed(name: CheckName, words: string, problems: string[]): Check {
  return { name, status: 'failed', words, problems };
}

function text(bytes: Uint8Array | undefined): string {
  return bytes ? new TextDecoder().decode(bytes) : '';
}

function parsed<S extends z.ZodType>(schema: S, bytes: Uint8Array | undefined): z.output<S> | null {
  try {
    const result = schema.safeParse(JSON.parse(text(bytes)));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}
