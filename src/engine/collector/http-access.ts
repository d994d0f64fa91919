// How this process reaches an HTTP server that a job or a discovery names: kept connections, TLS
// from files, the Authorization header. It stands under scraping, discovery and remote write. Easy
// to get wrong: certificates and secrets in files change while we run, so they are read anew.
import type { Agent as HttpAgent, IncomingMessage } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import type { AuthConfig, TlsConfig } from './access-config.ts';

export interface AccessOptions {
  readonly auth?: AuthConfig;
  readonly tls?: TlsConfig;
  readonly disk: Disk;
  readonly clock: Clock;
}

export interface AccessRequest {
  /** GET where nothing is said. */
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

// Imported as a module, node:http would load all that it lends, fetch among it; and TLS is for
// those who speak it. Both count where memory does: see bin/agent.js.
const http = process.getBuiltinModule('node:http');
const https = (): typeof import('node:https') => process.getBuiltinModule('node:https');

/** How long contents of certificate files are believed. */
const TLS_FRESH_MS = 60_000;

export class HttpAccess {
  readonly #options: AccessOptions;
  readonly #plain = new http.Agent({ keepAlive: true });
  #secure: HttpsAgent | undefined;
  #secureText = '';
  #secureReadAt = -Infinity;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  close(): void {
    this.#plain.destroy();
    this.#secure?.destroy();
  }

  /** The Authorization header as the files say it now; undefined where nobody signs in. */
  async authorization(): Promise<string | undefined> {
    const { auth } = this.#options;
    if (auth === undefined) return undefined;
    if (auth.kind === 'basic') {
      const password = auth.password ?? (await this.#text(auth.passwordFile));
      return `Basic ${Buffer.from(`${auth.username}:${password}`).toString('base64')}`;
    }
    return `${auth.type} ${auth.credentials ?? (await this.#text(auth.credentialsFile))}`;
  }

  /** One request; a kept connection that the server had just closed is tried anew, once. */
  async send(url: URL, asked: AccessRequest): Promise<IncomingMessage> {
    const { method = 'GET', headers, body, signal } = asked;
    const { agent, send } = url.protocol === 'https:' ? await this.secure() : this.plain;
    for (let again = false; ; again = true) {
      const request = send(url, { agent, method, headers, signal });
      try {
        return await new Promise<IncomingMessage>((resolve, reject) => {
          request.on('response', resolve);
          request.on('error', reject);
          request.end(body);
        });
      } catch (thrown) {
        const reset = (thrown as NodeJS.ErrnoException).code === 'ECONNRESET';
        if (again || !reset || !request.reusedSocket) throw thrown;
      }
    }
  }

  /** Sends one request over kept connections; the agent goes with the options. */
  get plain(): { readonly send: typeof http.request; readonly agent: HttpAgent } {
    return { send: http.request, agent: this.#plain };
  }

  async secure(): Promise<{ readonly send: typeof http.request; readonly agent: HttpsAgent }> {
    return { send: https().request, agent: await this.#secureAgent() };
  }

  async #text(path: string | undefined): Promise<string> {
    if (path === undefined) return '';
    return new TextDecoder().decode(await this.#options.disk.readFile(path)).trim();
  }

  /** The agent with the certificates as the files hold them now, give or take a minute. */
  async #secureAgent(): Promise<HttpsAgent> {
    const { tls, clock } = this.#options;
    const now = clock.monotonic();
    if (this.#secure !== undefined && now - this.#secureReadAt < TLS_FRESH_MS) return this.#secure;
    const ca = tls?.caFile === undefined ? undefined : await this.#text(tls.caFile);
    const cert = tls?.certFile === undefined ? undefined : await this.#text(tls.certFile);
    const key = tls?.keyFile === undefined ? undefined : await this.#text(tls.keyFile);
    const text = JSON.stringify([ca, cert, key]);
    this.#secureReadAt = now;
    if (this.#secure !== undefined && text === this.#secureText) return this.#secure;
    this.#secure?.destroy();
    this.#secureText = text;
    const { Agent } = https();
    this.#secure = new Agent({
      keepAlive: true,
      rejectUnauthorized: !(tls?.insecureSkipVerify ?? false),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
      ...(tls?.minVersion === undefined ? {} : { minVersion: tls.minVersion }),
    });
    return this.#secure;
  }
}
