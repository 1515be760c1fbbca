import { errors } from '../../base/errors.ts';
import { acceptUrl, chooseScan } from '../accept.ts';
import { clipSummarySchema, urlRequestSchema } from '../api.ts';
import { clipRow, summaryOf } from '../documents.ts';
import { json, route } from '../route.ts';
import { checkUrl, shownUrl } from '../security/address.ts';
import { senderOf } from '../sender.ts';
import { displayName } from '../storage/names.ts';

export const clipFromUrl = route({
  method: 'post',
  path: '/api/clips/url',
  summary: 'Fetch a file from a public address and scan it',
  tag: 'Clips',
  json: urlRequestSchema,
  answers: {
    201: {
      description: 'It will be fetched; what goes wrong is told by the clip.',
      schema: clipSummarySchema,
    },
    422: { description: 'The address is not public, or cannot be fetched.' },
  },
  handle: async (c, { json: body }, services) => {
    const { config, rules, storage, database } = services;
    if (!config.url.enabled) throw errors.URL_REFUSED(body.url, 'this server fetches no addresses');
    const choice = chooseScan(services, { ...body, client: senderOf(c), trace: c.get('trace') });
    await storage.checkSpace();
    // Checked again when it is fetched, and at each redirect: here so that a mistake is told at once.
    const { url } = await checkUrl(body.url, rules);
    const last = url.pathname.split('/').at(-1) ?? '';
    const name = displayName(decode(last) || url.hostname);
    const id = await acceptUrl(services, shownUrl(url), name, choice);
    return json(summaryOf(await clipRow(database, id)), 201, { location: `/api/clips/${id}` });
  },
});

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
