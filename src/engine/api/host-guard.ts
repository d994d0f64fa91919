// The guard against DNS rebinding: a web page whose name is made to point at this machine reaches a
// server on loopback, and the browser takes both for one site. The Host header still tells the
// name. Easy to get wrong: only loopback without a token is guarded; behind a proxy names are
// others'.
import type { IncomingMessage } from 'node:http';
import { header } from './access.ts';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3}|localhost)$/i;

export class HostGuard {
  readonly #known: string | undefined;

  /** `host` is what the server listens on, as it was told. */
  constructor(host: string, hasToken: boolean) {
    this.#known = !hasToken && LOOPBACK.test(bare(host)) ? bare(host).toLowerCase() : undefined;
  }

  /** Whether the request names this machine, as far as that matters here. */
  allows(request: IncomingMessage): boolean {
    if (this.#known === undefined) return true;
    const said = header(request, 'host');
    if (said === '') return true;
    const name = nameOf(said).toLowerCase();
    return LOOPBACK.test(name) || name.endsWith('.localhost') || name === this.#known;
  }
}

/** The name of `name:port` or `[address]:port`. */
function nameOf(host: string): string {
  if (host.startsWith('[')) return bare(host.slice(0, host.indexOf(']') + 1));
  const cut = host.lastIndexOf(':');
  return (cut < 0 ? host : host.slice(0, cut)).replace(/\.$/, '');
}

function bare(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
