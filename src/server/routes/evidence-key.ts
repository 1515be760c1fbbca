import { route } from '../route.ts';

export const evidenceKey = route({
  method: 'get',
  path: '/api/evidence-key.pem',
  summary: 'The public key that checks the signatures of evidence bundles from here',
  tag: 'Server',
  answers: { 200: { description: 'Ed25519, PEM.', type: 'application/x-pem-file' } },
  handle: (_, __, { signer }) =>
    new Response(signer.publicKey, {
      headers: { 'content-type': 'application/x-pem-file', 'cache-control': 'no-store' },
    }),
});
