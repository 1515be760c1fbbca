/** The key that signs evidence bundles: Ed25519, made on first use where none is given. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, errors } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';

export interface Signer {
  /** SPKI, PEM. */
  readonly publicKey: string;
  /** SHA-256 of the public key's SPKI DER, lower-case hex. */
  readonly fingerprint: string;
  /** 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** Where the user's own key lies: the configuration folder of this system. */
export function userKeyPath(env: NodeJS.ProcessEnv = process.env): string {
  const folder = env.XDG_CONFIG_HOME || env.APPDATA || join(homedir(), '.config');
  return join(folder, 'mesoscope', 'evidence-key.pem');
}

/**
 * Reads a private key (PKCS #8, PEM).
 * @throws KEY_INVALID, KEY_EXPOSED where other users of the machine could read it
 */
export async function readSigner(path: string): Promise<Signer> {
  let key: KeyObject;
  try {
    const { mode } = await stat(path);
    // Windows has no such bits.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw errors.KEY_EXPOSED(path, mode & 0o777);
    key = createPrivateKey(await readFile(path));
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'UserError') throw thrown;
    throw errors.KEY_INVALID(path, describe(thrown));
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw errors.KEY_INVALID(path, `it is of the kind ${key.asymmetricKeyType}, not ed25519`);
  }
  const shared = createPublicKey(key);
  return {
    publicKey: shared.export({ type: 'spki', format: 'pem' }).toString(),
    fingerprint: fingerprintOf(shared),
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
  };
}

/** The key at the path, made where there is none, for its owner alone. @throws KEY_INVALID, KEY_EXPOSED, OUTPUT_UNWRITABLE */
export async function openSigner(path: string): Promise<Signer> {
  const there = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw errors.KEY_INVALID(path, describe(cause));
    return undefined;
  });
  if (!there) await makeKey(path);
  return readSigner(path);
}

/** Whole or not there, and never over another's: two programs that start together end with one key. */
async function makeKey(path: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw errors.OUTPUT_UNWRITABLE(path, code ?? describe(cause));
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** SHA-256 of the SPKI DER. */
export function fingerprintOf(key: KeyObject): string {
  return sha256(key.export({ type: 'spki', format: 'der' }));
}

/** A public key from PEM text; undefined where it is none of Ed25519. Private keys are not taken for public ones. */
export function publicKeyFrom(pem: string): KeyObject | undefined {
  if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(pem)) return undefined;
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The fingerprint that a user names: as 64 hex digits, or by a file with the public key. @throws KEY_INVALID */
export async function expectedFingerprint(given: string): Promise<string> {
  const [, digits] = /^(?:ed25519:)?([0-9a-f]{64})$/i.exec(given) ?? [];
  if (digits) return digits.toLowerCase();
  const text = await readFile(given, 'utf8').catch((cause) => {
    throw errors.KEY_INVALID(given, describe(cause));
  });
  const key = publicKeyFrom(text);
  if (!key) throw errors.KEY_INVALID(given, 'it holds no public Ed25519 key in PEM');
  return fingerprintOf(key);
}
