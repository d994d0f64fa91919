// Receivers for tests of the whole: HTTP stubs that remember what they were sent and answer as
// told, and a real SMTP server.
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly json: Record<string, unknown>;
  readonly atMs: number;
}

export type StubAnswer =
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  | 'never'
  | 'close';

export class HttpStub {
  readonly received: Received[] = [];
  answer: (received: Received) => StubAnswer = () => ({ status: 200, body: 'ok' });
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const body = Buffer.concat(parts).toString('utf8');
        const { url: path = '', method = '', headers } = request;
        const one = { path, method, headers, body, json: parsed(body), atMs: performance.now() };
        const answer = this.answer(one);
        if (answer === 'close') return void request.socket.destroy();
        if (answer === 'never') return;
        this.received.push(one);
        response.writeHead(answer.status, answer.headers ?? {});
        response.end(answer.body ?? '');
      });
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function parsed(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** A mail as it came over the wire. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly messageId: string;
  readonly subject: string;
}

export class MailStub {
  readonly mails: ReceivedMail[] = [];
  /** What it says to a sender: undefined takes the mail. */
  refuse: (() => { code: number; words: string } | undefined) | undefined;
  readonly #server: SMTPServer;

  constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      logger: false,
      onData: (stream, session, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', () => {
          const no = this.refuse?.();
          if (no !== undefined) {
            return done(Object.assign(new Error(no.words), { responseCode: no.code }));
          }
          const text = Buffer.concat(parts).toString('utf8');
          const { mailFrom, rcptTo } = session.envelope;
          this.mails.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            text,
            messageId: /^Message-ID: (.*)\r$/im.exec(text)?.[1] ?? '',
            subject: /^Subject: (.*)\r$/im.exec(text)?.[1] ?? '',
          });
          done();
        });
      },
    });
    this.#server.on('error', () => undefined);
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }
}
