/**
 * Fetching by address without becoming a door into the network that the server stands in: every address that a name
 * resolves to must be public, the connection goes to exactly the addresses that were checked, and each redirect is
 * checked anew.
 */
import { lookup as dnsLookup } from 'node:dns/promises';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { describe, errors, UserError } from '../../base/errors.ts';

export interface Resolved {
  address: string;
  family: number;
}

/** How names and addresses are judged; tests bring their own, since a test's servers are on this machine. */
export interface AddressRules {
  resolve: (host: string) => Promise<Resolved[]>;
  /** Why an address is not public; undefined where it is. */
  refuse: (address: string, port: number) => string | undefined;
  ports: readonly number[];
}

export function publicOnly(ports: readonly number[]): AddressRules {
  return {
    resolve: (host) => dnsLookup(host, { all: true, verbatim: true }),
    refuse: whyNotPublic,
    ports,
  };
}

/** Only ordinary public addresses pass: ranges that are missing from a list of bad ones are refused too. */
export function whyNotPublic(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return `${address} is no address`;
  // An IPv4 address in IPv6 clothes is judged as what it is.
  const range = ipaddr.process(address).range();
  return range === 'unicast' ? undefined : `${address} is a ${words[range] ?? range} address`;
}

const words: Record<string, string> = {
  private: 'private',
  loopback: 'loopback',
  linkLocal: 'link-local',
  uniqueLocal: 'private (unique local)',
  carrierGradeNat: "provider's private",
  unspecified: 'unspecified',
};

/** What is fetched: scheme, name and port are allowed, and so is every address of the name. */
export interface Checked {
  url: URL;
  addresses: Resolved[];
}

/** @throws URL_INVALID, URL_REFUSED, URL_FAILED */
export async function checkUrl(text: string, rules: AddressRules): Promise<Checked> {
  const url = parse(text);
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const shown = shownUrl(url);
  if (!rules.ports.includes(port)) throw errors.URL_REFUSED(shown, `port ${port} is not allowed`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // Node connects to a literal address without asking any lookup: it is checked here or nowhere.
  const family = isIP(host);
  const addresses = family
    ? [{ address: host, family }]
    : await rules.resolve(host).catch((error: NodeJS.ErrnoException) => {
        throw errors.URL_FAILED(shown, error.code === 'ENOTFOUND' ? 'no such name' : describe(error));
      });
  for (const { address } of addresses) {
    const reason = rules.refuse(address, port);
    if (reason) throw errors.URL_REFUSED(shown, reason);
  }
  if (addresses.length === 0) throw errors.URL_FAILED(shown, 'its name has no address');
  return { url, addresses };
}

function parse(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw errors.URL_INVALID(text.slice(0, 200), 'it cannot be parsed');
  }
  const shown = shownUrl(url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw errors.URL_INVALID(shown, `its scheme is ${url.protocol.slice(0, -1)}`);
  }
  if (url.username || url.password) throw errors.URL_INVALID(shown, 'it holds a user or password');
  return url;
}

/** As it may be stored and shown: without user, password and fragment. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search}`;
}

/** Follows redirects, each checked like the first address. The caller reads or destroys the answer. */
export async function openUrl(
  text: string,
  rules: AddressRules,
  { redirects, signal }: { redirects: number; signal: AbortSignal },
): Promise<{ response: IncomingMessage; url: URL }> {
  let next = text;
  for (let left = redirects; ; left--) {
    const checked = await checkUrl(next, rules);
    const response = await request(checked, signal);
    const { statusCode = 0, headers } = response;
    if (statusCode >= 200 && statusCode < 300) return { response, url: checked.url };
    response.destroy();
    const shown = shownUrl(checked.url);
    if (![301, 302, 303, 307, 308].includes(statusCode) || !headers.location) {
      throw errors.URL_FAILED(shown, `it answers ${statusCode}`);
    }
    if (left <= 0) throw errors.URL_FAILED(shown, `more than ${redirects} redirects`);
    next = new URL(headers.location, checked.url).href;
  }
}

function request({ url, addresses }: Checked, signal: AbortSignal): Promise<IncomingMessage> {
  // The addresses that were checked and no others, whatever the name resolves to by now.
  const lookup: LookupFunction = (_, options, done) => {
    if (options.all) done(null, addresses);
    else done(null, addresses[0].address, addresses[0].family);
  };
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? httpsGet : httpGet;
    const asked = get(
      url,
      {
        lookup,
        agent: false,
        signal,
        headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'mesoscope' },
      },
      resolve,
    );
    asked.setTimeout(30_000, () => asked.destroy(new Error('no answer for 30 s')));
    asked.on('error', (error) =>
      reject(error instanceof UserError ? error : errors.URL_FAILED(shownUrl(url), describe(error))),
    );
  });
}
