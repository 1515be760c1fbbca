/** What an evidence bundle's check notices: everything. */
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampleAnalyses } from '../../../test/report-samples.ts';
import { sha256 } from '../../base/hash.ts';
import { type ClipResult, resultSchema } from '../../detect/result.ts';
import { readArchive, writeArchive } from './archive.ts';
import { expectedFingerprint, openSigner, readSigner, type Signer, userKeyPath } from './key.ts';
import { JobLog, noEntry, readChain } from './log.ts';
import { packBundle } from './pack.ts';
import { compareResults, replayTolerance } from './replay.ts';
import { type CheckName, type Verification, verifyBundle } from './verify.ts';
import { proofOf } from './wording.ts';

let folder = '';
let signer: Signer;
let other: Signer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mesoscope-bundle-'));
  signer = await openSigner(join(folder, 'deep', 'key.pem'));
  other = await openSigner(join(folder, 'other.pem'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const { analysis, contract } = sampleAnalyses().likely;
const text = (value: string) => new TextEncoder().encode(value);

const clock = () => new Date('2026-03-04T05:06:07Z');

/** A small bundle: the sample's result and made-up pictures. */
function make(by = signer, log = new JobLog('', clock), result: ClipResult = analysis.result): Uint8Array {
  const json = text(`${JSON.stringify(result, null, 2)}\n`);
  const files = new Map([
    ['report.html', text('<p>report</p>')],
    ['result.json', json],
    ['crops/0.jpg', text('a picture')],
  ]);
  log.add('begun', { name: 'clip.mp4' });
  log.add('written', {
    files: Object.fromEntries([...files].map(([name, content]) => [name, sha256(content)])),
  });
  return packBundle({
    ...{ result, contract, name: 'clip.mp4', seed: 0, replay: 'npx mesoscope scan clip.mp4', log, files },
    ...{ faces: {}, credentials: null, exhibit: {}, signer: by, now: clock() },
  });
}

const statuses = ({ checks }: Verification) =>
  Object.fromEntries(checks.map(({ name, status }) => [name, status])) as Record<CheckName, string>;

const filesOf = (bytes: Uint8Array) => new Map(readArchive(bytes).files);

/** The bundle with some of its files changed, packed as ours are. */
function changed(change: (files: Map<string, Uint8Array>) => void, bytes = make()): Uint8Array {
  const files = filesOf(bytes);
  change(files);
  return writeArchive(files);
}

describe('a bundle that nobody touched', () => {
  test('passes, and says that it does not prove who made it', () => {
    const verification = verifyBundle(make());
    expect(verification.ok).toBe(true);
    expect(statuses(verification)).toEqual({
      ...{ archive: 'passed', signature: 'passed', files: 'passed' },
      ...{ log: 'passed', result: 'passed', key: 'unknown' },
    });
    const { proven, notProven } = proofOf(verification);
    expect(proven.join()).toContain('by the key in it');
    expect(notProven.join()).toContain('anybody can make a key');
    expect(notProven.join()).toContain('--replay');
  });

  test('passes with the key of its maker, by fingerprint and by file', async () => {
    const path = join(folder, 'public.pem');
    await writeFile(path, signer.publicKey);
    for (const given of [signer.fingerprint, `ed25519:${signer.fingerprint.toUpperCase()}`, path]) {
      const verification = verifyBundle(make(), await expectedFingerprint(given));
      expect(statuses(verification).key).toBe('passed');
      expect(verification.ok).toBe(true);
      expect(proofOf(verification).notProven.join()).not.toContain('anybody');
    }
  });

  test('can be checked with OpenSSL: the signature is over manifest.json alone', async () => {
    const { execFileSync } = await import('node:child_process');
    const files = filesOf(make());
    for (const name of ['manifest.json', 'manifest.sig', 'public-key.pem']) {
      await writeFile(join(folder, name), files.get(name) as Uint8Array);
    }
    const args =
      'pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.json -sigfile manifest.sig';
    expect(execFileSync('openssl', args.split(' '), { cwd: folder }).toString()).toContain('Successfully');
  });

  test('is the same to the byte when made again: a golden hash of the zip alone', () => {
    expect(make()).toEqual(make());
    const archive = writeArchive(
      new Map([
        ['b/1.txt', text('two')],
        ['a.txt', text('one')],
      ]),
    );
    // Should this ever change, bundles that were made before would fail their check.
    expect(sha256(archive)).toBe('c6bfd9a611d2002a48328fb735329bc4c557e1f6658ee1b205c188ddd5b828c3');
  });
});

test('one byte changed anywhere is noticed: every byte between the files, and many in each', () => {
  const bytes = make();
  // Within a file all bytes are alike to its hash: the ends, and every 211th.
  const alike = new Set<number>();
  for (const content of filesOf(bytes).values()) {
    const start = Buffer.from(bytes.buffer).indexOf(content);
    for (let at = start + 1; at < start + content.length - 1; at++) if (at % 211 !== 0) alike.add(at);
  }
  const unnoticed: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (alike.has(at)) continue;
    bytes[at] ^= 1 << (at % 8);
    if (verifyBundle(bytes).ok) unnoticed.push(at);
    bytes[at] ^= 1 << (at % 8);
  }
  expect(verifyBundle(bytes).ok).toBe(true);
  expect(unnoticed).toEqual([]);
});

test('a bundle that is cut off or continued is noticed, at every length', () => {
  const bytes = make();
  for (let length = 0; length < bytes.length; length += 101) {
    expect(verifyBundle(bytes.subarray(0, length)).ok).toBe(false);
  }
  for (const more of ['x', 'PK\u0005\u0006']) {
    expect(verifyBundle(Buffer.concat([bytes, text(more)])).ok).toBe(false);
    expect(verifyBundle(Buffer.concat([text(more), bytes])).ok).toBe(false);
  }
});

describe('what was changed is named', () => {
  const problems = (bytes: Uint8Array, name: CheckName) =>
    verifyBundle(bytes).checks.find((check) => check.name === name)?.problems;

  test('a file changed, removed, added, renamed', () => {
    expect(
      problems(
        changed((files) => files.set('crops/0.jpg', text('another'))),
        'files',
      ),
    ).toEqual(['crops/0.jpg was changed']);
    expect(
      problems(
        changed((files) => files.delete('report.html')),
        'files',
      ),
    ).toEqual(['report.html is missing']);
    expect(
      problems(
        changed((files) => files.set('crops/9.jpg', text('new'))),
        'files',
      ),
    ).toEqual(['crops/9.jpg was added']);
    for (const name of ['manifest.json', 'manifest.sig', 'public-key.pem', 'log.jsonl', 'result.json']) {
      expect(verifyBundle(changed((files) => files.delete(name))).ok).toBe(false);
    }
  });

  test('packed anew by another program, with the same files', () => {
    const files = filesOf(make());
    const bytes = zipSync(Object.fromEntries(files), { level: 0 });
    expect(statuses(verifyBundle(bytes))).toMatchObject({ archive: 'failed', files: 'passed' });
    const reversed = zipSync(Object.fromEntries([...files].reverse()), {
      level: 0,
      mtime: new Date(1980, 0, 1),
    });
    expect(verifyBundle(reversed).ok).toBe(false);
  });

  test("a result that was changed before the signing: the log's own hashes tell", () => {
    const log = new JobLog('', clock);
    log.add('written', { files: { 'crops/0.jpg': sha256('what was really seen') } });
    expect(problems(make(signer, log), 'log')).toEqual(['crops/0.jpg is not what the log says was written']);
  });

  test('a known result given to a clip of another name: its texts may be written anew, its pictures not', () => {
    const [before, seen] = [sha256('under the first name'), sha256('what was really seen')];
    const named = new JobLog('', clock);
    named.add('written', { files: { 'report.html': before } });
    const report = filesOf(make()).get('report.html') as Uint8Array;
    named.add('given', { files: { 'report.html': sha256(report) } });
    expect(statuses(verifyBundle(make(signer, named))).log).toBe('passed');
    const pictured = new JobLog('', clock);
    pictured.add('written', { files: { 'crops/0.jpg': seen } });
    const crop = filesOf(make()).get('crops/0.jpg') as Uint8Array;
    pictured.add('given', { files: { 'crops/0.jpg': sha256(crop) } });
    expect(problems(make(signer, pictured), 'log')).toEqual([
      'crops/0.jpg is not what the log says was written',
    ]);
  });

  test('another key: a bundle signed anew passes without --key and fails with it', () => {
    const forged = make(other, new JobLog('', clock), { ...analysis.result, score: 0.01 });
    expect(verifyBundle(forged).ok).toBe(true);
    const verification = verifyBundle(forged, signer.fingerprint);
    expect(verification.ok).toBe(false);
    expect(statuses(verification)).toMatchObject({ key: 'failed', signature: 'passed' });
    // The key exchanged alone, or the signature of another.
    const swapped = changed((files) => files.set('public-key.pem', text(other.publicKey)));
    expect(statuses(verifyBundle(swapped))).toMatchObject({ signature: 'failed', key: 'failed' });
    const resigned = changed((files) =>
      files.set('manifest.sig', other.sign(files.get('manifest.json') as Uint8Array)),
    );
    expect(statuses(verifyBundle(resigned)).signature).toBe('failed');
  });

  test('another detector or another clip in the result than in the manifest', () => {
    const forge = (change: (manifest: { detector: { sha256: string }; clip: { sha256: string } }) => void) =>
      changed((files) => {
        const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json')));
        change(manifest);
        files.set('manifest.json', text(JSON.stringify(manifest)));
        files.set('manifest.sig', signer.sign(files.get('manifest.json') as Uint8Array));
      });
    const detector = forge((manifest) => {
      manifest.detector.sha256 = '0'.repeat(64);
    });
    expect(problems(detector, 'result')).toEqual(['result.json names another detector']);
    const clip = forge((manifest) => {
      manifest.clip.sha256 = '0'.repeat(64);
    });
    expect(problems(clip, 'result')).toEqual(['result.json tells of another clip']);
  });
});

describe('archives that attack', () => {
  const refused = (entries: Parameters<typeof zipSync>[0], options = {}) => {
    const { ok, checks } = verifyBundle(zipSync(entries, options));
    expect(ok).toBe(false);
    expect(checks).toHaveLength(1);
    return checks[0].problems[0];
  };

  test.each(['../evil', '/etc/passwd', 'a/../../b', 'C:\\x', 'a\\b', '..', 'a/b/c', 'x\u001b[2J', ''])(
    'a file called %j is refused, and nothing is read',
    (name) => {
      expect(refused({ [name]: text('x') }, { level: 0 })).toContain('with the name');
    },
  );

  test('a file called __proto__ is refused, which makers of zips written in JavaScript cannot even make', () => {
    const bytes = Buffer.from(writeArchive(new Map([['aaproto__', text('x')]])));
    for (let at = bytes.indexOf('aaproto__'); at >= 0; at = bytes.indexOf('aaproto__')) bytes.write('__', at);
    expect(verifyBundle(bytes).checks[0].problems).toEqual(['it holds a file with the name "__proto__"']);
  });

  test('a bomb is refused before it is unpacked', () => {
    const bomb = zipSync({ 'report.html': new Uint8Array(64 * 2 ** 20) }, { level: 9 });
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(verifyBundle(bomb).checks[0].problems).toEqual([
      'report.html is compressed, which files of a bundle never are',
    ]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
  });

  test('a stored file that says to be larger than the archive, and files that lie over each other', () => {
    const bytes = writeArchive(new Map([['a.txt', text('small')]]));
    const directory = Buffer.from(bytes.buffer).indexOf('PK\u0001\u0002', 0, 'latin1');
    const lying = new Uint8Array(bytes);
    // Sizes in the central directory, at 20 and 24 (APPNOTE 4.3.12).
    new DataView(lying.buffer).setUint32(directory + 20, 0x7fff_ffff, true);
    new DataView(lying.buffer).setUint32(directory + 24, 0x7fff_ffff, true);
    expect(verifyBundle(lying).checks[0].problems).toEqual(['its files are larger than itself']);
  });

  test('a directory that names a file twice, or says to have four billion', () => {
    const one = writeArchive(
      new Map([
        ['a.txt', text('1')],
        ['b.txt', text('2')],
      ]),
    );
    const twice = Buffer.from(one);
    for (let at = twice.indexOf('b.txt'); at >= 0; at = twice.indexOf('b.txt', at)) twice.write('a.txt', at);
    expect(verifyBundle(twice).checks[0].problems).toEqual(['it holds a.txt twice']);
    const many = Buffer.from(one);
    many.writeUInt16LE(0xffff, many.length - 22 + 10);
    many.writeUInt16LE(0xffff, many.length - 22 + 8);
    expect(verifyBundle(many).ok).toBe(false);
  });

  test('random bytes are refused', () => {
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(100),
      text('PK\u0005\u0006'),
      text('x'.repeat(70_000)),
    ]) {
      expect(verifyBundle(bytes).ok).toBe(false);
    }
  });

  test('deeply nested or polluting JSON in the manifest is a failed check, not an exception', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    for (const json of [deep, '{"__proto__":{"ok":true}}', '{"schema":"mesoscope.evidence/1"}', '\u0000']) {
      const bytes = changed((files) => files.set('manifest.json', text(json)));
      expect(verifyBundle(bytes)).toMatchObject({ ok: false, manifest: null });
    }
    expect(({} as { ok?: boolean }).ok).toBeUndefined();
  });
});

describe('the chain of a log', () => {
  const log = new JobLog('', clock);
  for (const event of ['begun', 'loaded', 'scored', 'written']) log.add(event, { event });
  const lines = log.toString().trimEnd().split('\n');
  const problems = (changedLines: string[]) => readChain(`${changedLines.join('\n')}\n`).problems;

  test('is whole as it was written, and goes on where a log was read again', () => {
    const chain = readChain(log.toString());
    expect(chain.problems).toEqual([]);
    expect(chain.last).toBe(log.last);
    expect(chain.entries.map(({ n, previous }) => [n, previous === noEntry])).toEqual([
      ...[
        [1, true],
        [2, false],
        [3, false],
        [4, false],
      ],
    ]);
    const more = new JobLog(log.toString(), clock);
    more.add('bundled');
    expect(readChain(more.toString())).toMatchObject({ problems: [], entries: { length: 5 } });
  });

  test('breaks where an entry is changed, removed, moved, doubled or put in', () => {
    expect(problems([lines[0], lines[1].replace('loaded', 'loafed'), lines[2], lines[3]])).toEqual([
      'line 3 does not carry the hash of the line before it',
    ]);
    expect(problems([lines[0], lines[2], lines[3]])).toContain(
      'line 2 does not carry the hash of the line before it',
    );
    expect(problems([lines[1], lines[2], lines[3]])[0]).toBe('line 1 is numbered 2');
    expect(problems([lines[0], lines[2], lines[1], lines[3]]).length).toBeGreaterThan(2);
    expect(problems([...lines, lines[3]])).toContain('line 5 is numbered 4');
    expect(problems([...lines, '{}'])).toEqual(['line 5 is no entry of a log']);
    expect(readChain(log.toString().trimEnd()).problems).toEqual(['the log does not end with a line end']);
  });

  test('cut off at its end is noticed by the manifest, which names the last entry', () => {
    const bytes = changed((files) => {
      const kept = new TextDecoder().decode(files.get('log.jsonl')).trimEnd().split('\n').slice(0, -1);
      files.set('log.jsonl', text(`${kept.join('\n')}\n`));
    });
    expect(verifyBundle(bytes).checks.find(({ name }) => name === 'log')?.problems).toContain(
      'the log does not end with the entry that the manifest names',
    );
  });
});

describe('the key', () => {
  test('is made for its owner alone, and kept', async () => {
    const path = join(folder, 'kept', 'key.pem');
    const made = await Promise.all([openSigner(path), openSigner(path), openSigner(path)]);
    // Three programs that start together end with one key.
    expect(new Set(made.map(({ fingerprint }) => fingerprint)).size).toBe(1);
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await openSigner(path)).fingerprint).toBe(made[0].fingerprint);
  });

  test.skipIf(process.platform === 'win32')('that others can read is refused', async () => {
    const path = join(folder, 'open.pem');
    await openSigner(path);
    await chmod(path, 0o640);
    await expect(readSigner(path)).rejects.toMatchObject({
      code: 'KEY_EXPOSED',
      fact: expect.stringContaining('mode 0640'),
    });
  });

  test('of another kind, or none, is refused; a private key is no public one', async () => {
    const path = join(folder, 'rsa.pem');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await expect(readSigner(path)).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(readSigner(join(folder, 'nowhere.pem'))).rejects.toMatchObject({ code: 'KEY_INVALID' });
    const own = join(folder, 'other.pem');
    expect(await readFile(own, 'utf8')).toContain('PRIVATE');
    await expect(expectedFingerprint(own)).rejects.toMatchObject({ code: 'KEY_INVALID' });
  });

  test("lies in the user's configuration folder", () => {
    expect(userKeyPath({ XDG_CONFIG_HOME: '/x' })).toBe(join('/x', 'mesoscope', 'evidence-key.pem'));
  });
});

describe('a repeated scan', () => {
  const { result } = analysis;
  const copy = () => resultSchema.parse(JSON.parse(JSON.stringify(result)));

  test('agrees with itself, and counts what it compared', () => {
    const { agrees, largest, compared } = compareResults(result, copy());
    const frames = result.tracks.reduce((sum, track) => sum + track.frames.length, 0);
    expect({ agrees, largest }).toEqual({ agrees: true, largest: 0 });
    expect(compared).toBe(3 * (1 + result.tracks.length) + frames);
  });

  test('may differ within the tolerance, and no further: in any score of any frame', () => {
    const within = copy();
    const shift = (by: number) => {
      const again = copy();
      const frame = again.tracks[0].frames[1];
      frame.score = frame.score > 0.5 ? frame.score - by : frame.score + by;
      return compareResults(result, again);
    };
    expect(within).toEqual(result);
    expect(shift(replayTolerance * 0.9)).toMatchObject({ agrees: true });
    expect(shift(replayTolerance * 1.1)).toMatchObject({ agrees: false, differences: { length: 1 } });
  });

  test('that is not a number, or a failure, is no agreement', () => {
    const none = { ...copy(), score: Number.NaN };
    expect(compareResults(result, none).agrees).toBe(false);
    const failure: ClipResult = {
      ...copy(),
      status: 'error',
      verdict: 'not_assessable',
      score: null,
      tracks: [],
    };
    const { agrees, differences } = compareResults(result, failure);
    expect(agrees).toBe(false);
    expect(differences).toContain(`the score of the clip was ${result.score}, is null`);
  });
});
