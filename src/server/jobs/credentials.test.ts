import { readFile, writeFile } from 'node:fs/promises';
import * as x509 from '@peculiar/x509';
import { JPEG } from '@trustnxt/c2pa-ts/asset';
import { CoseAlgorithmIdentifier, LocalSigner } from '@trustnxt/c2pa-ts/cose';
import { ActionAssertion, DataHashAssertion, ManifestStore } from '@trustnxt/c2pa-ts/manifest';
import { expect, test } from 'vitest';
import { makeClip, numberedPicture, temporaryFolder } from '../../../test/media-fixtures.ts';
import { encodeJpeg } from '../../media/image.ts';
import { readCredentials } from './credentials.ts';

const made = temporaryFolder();

test('a file without credentials has none, and that proves nothing', async () => {
  const credentials = await readCredentials(await makeClip(made('plain.mp4'), 3));
  expect(credentials).toMatchObject({ status: 'absent', manifests: [], problems: [] });
  expect(credentials.statement).toContain('absence proves nothing');
});

test('a signed file tells its signer; a byte changed afterwards is noticed', async () => {
  const path = made('signed.jpg');
  await writeFile(path, await signed(await encodeJpeg(numberedPicture(1), 90)));
  const valid = await readCredentials(path);
  expect(valid).toMatchObject({ status: 'valid', problems: [] });
  expect(valid.manifests).toEqual([
    expect.objectContaining({
      active: true,
      signedBy: 'CN=Test signer, O=Mesoscope',
      actions: ['c2pa.created'],
    }),
  ]);
  // Anyone can make such a certificate: that it fits must not be told as trust.
  expect(valid.statement).toContain('whether the signer is to be trusted was not checked');

  const bytes = await readFile(path);
  bytes[bytes.length - 20] ^= 1;
  await writeFile(path, bytes);
  const changed = await readCredentials(path);
  expect(changed.status).toBe('invalid');
  expect(changed.problems.join()).toContain('assertion.dataHash.mismatch');
});

test('what cannot be read is told, never thrown', async () => {
  const path = made('broken.jpg');
  const bytes = await signed(await encodeJpeg(numberedPicture(1), 90));
  const at = Buffer.from(bytes).indexOf('jumd');
  bytes.fill(0xff, at + 60, at + 160);
  await writeFile(path, bytes);
  const broken = await readCredentials(path);
  expect(broken).toMatchObject({ status: 'unreadable', manifests: [] });
  expect(broken.problems).toHaveLength(1);
  const missing = await readCredentials(made('not-there.jpg'));
  expect(missing.problems[0]).toContain('ENOENT');
});

/** The picture with a manifest, signed by a certificate of our own making. */
async function signed(jpeg: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const [above, own] = [await keys(), await keys()];
  const times = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) };
  const issuer = await x509.X509CertificateGenerator.createSelfSigned({
    ...times,
    serialNumber: '01',
    name: 'CN=Test issuer, O=Mesoscope',
    keys: above,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(above.publicKey),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    ...times,
    serialNumber: '02',
    subject: 'CN=Test signer, O=Mesoscope',
    issuer: issuer.subject,
    publicKey: own.publicKey,
    signingKey: above.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      // E-mail protection: what C2PA asks of certificates that sign.
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.4'], true),
      await x509.AuthorityKeyIdentifierExtension.create(above.publicKey),
    ],
  });
  const key = new Uint8Array(await crypto.subtle.exportKey('pkcs8', own.privateKey));
  const signer = new LocalSigner(key, CoseAlgorithmIdentifier.ES256, certificate, [issuer]);
  const asset = new JPEG(new Uint8Array(jpeg));
  const store = new ManifestStore();
  const manifest = store.createManifest({
    assetFormat: 'image/jpeg',
    instanceID: 'xmp:iid:test',
    defaultHashAlgorithm: 'SHA-256',
    signer,
  });
  const hash = DataHashAssertion.create('SHA-256');
  manifest.addAssertion(hash);
  const actions = new ActionAssertion();
  actions.actions.push({ action: 'c2pa.created' } as never);
  manifest.addAssertion(actions);
  await asset.ensureManifestSpace(store.measureSize());
  await hash.updateWithAsset(asset);
  await manifest.sign(signer);
  await asset.writeManifestJUMBF(store.getBytes());
  return asset.getDataRange();
}
