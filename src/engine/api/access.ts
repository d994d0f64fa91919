// Who may come in: the bearer token, and the guard against a web page that makes a browser push.
// Stands before every handler but the two health checks. Easy to get wrong: a comparison that ends
// at the first wrong letter tells the token letter by letter.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A header's value, or the empty string; reads the raw list, so that no header object is made. */
export function header(request: IncomingMessage, name: string): string {
  const raw = request.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i].length === name.length && raw[i].toLowerCase() === name) return raw[i + 1];
  }
  return '';
}

export class Access {
  readonly #digest: Buffer | undefined;

  constructor(token: string | undefined) {
    this.#digest = token === undefined || token === '' ? undefined : digest(token);
  }

  /** True when no token is set or the request carries it. */
  allows(request: IncomingMessage): boolean {
    if (this.#digest === undefined) return true;
    const [scheme, token] = splitOnce(header(request, 'authorization'));
    if (scheme.toLowerCase() !== 'bearer') return false;
    return timingSafeEqual(digest(token), this.#digest);
  }

  /** The user of every limit: the holder of the token, else the address that asks. */
  user(request: IncomingMessage): string {
    return this.#digest === undefined ? (request.socket.remoteAddress ?? 'unknown') : 'token';
  }
}

/** True when a browser says that another site's page makes this request. */
export function isCrossSite(request: IncomingMessage): boolean {
  const site = header(request, 'sec-fetch-site');
  if (site !== '') return site !== 'same-origin' && site !== 'none';
  const origin = header(request, 'origin');
  if (origin === '') return false;
  const cut = origin.indexOf('://');
  return cut < 0 || origin.slice(cut + 3) !== header(request, 'host');
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function splitOnce(text: string): [string, string] {
  const cut = text.indexOf(' ');
  return cut < 0 ? [text, ''] : [text.slice(0, cut), text.slice(cut + 1).trim()];
}
