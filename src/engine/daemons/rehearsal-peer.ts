// The asking end of the rehearsal: HTTP/1.1 over a plain socket, one question at a time, of which
// only the end of each answer is looked for. Node's own client would cost as much as the server.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { MonError } from '../errors.ts';

const HEAD_END = '\r\n\r\n';
const NO_CONTENT = 'HTTP/1.1 204';
/** More than a socket hands over at once. */
const LARGE_BODY = 300_000;
const LAST_CHUNK = '0\r\n\r\n';

export class RehearsalPeer {
  readonly #socket: Socket;
  readonly #head: string;
  #seen: Buffer[] = [];
  #done: (() => void) | undefined;
  #failed: ((why: Error) => void) | undefined;

  private constructor(socket: Socket, head: string) {
    this.#socket = socket;
    this.#head = head;
    socket.on('data', (bytes: Buffer) => this.#took(bytes));
    // An error is followed by the close.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#failed?.(new MonError('MON_ABORTED', 'the rehearsal ended')));
  }

  /** @throws MonError MON_SERVER_UNREACHABLE. */
  static connect(host: string, port: number): Promise<RehearsalPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      const failed = (cause: Error): void =>
        reject(new MonError('MON_SERVER_UNREACHABLE', 'the rehearsal could not begin', { cause }));
      socket.once('error', failed);
      socket.once('connect', () => {
        socket.removeListener('error', failed);
        resolve(new RehearsalPeer(socket, `host: ${host}:${port}\r\n`));
      });
    });
  }

  /** Resolves when the whole answer has come, whatever it says. */
  ask(form: Readonly<Record<string, string | number>>): Promise<void> {
    const path = 'time' in form ? 'query' : 'query_range';
    const pairs = Object.entries(form).map(([k, v]): [string, string] => [k, String(v)]);
    return this.#post(path, new URLSearchParams(pairs).toString());
  }

  /** Other requests than queries: short answers, none, refusals, and a body in many pieces. */
  async askOdd(): Promise<void> {
    const accept = 'accept: text/html\r\naccept-encoding: gzip\r\n';
    for (const path of ['/-/healthy', '/api/v1/notifications/live', '/nothing']) {
      await this.#send(`GET ${path} HTTP/1.1\r\n${this.#head}${accept}\r\n`);
    }
    await this.#post('nothing', '');
    await this.#post('query', `query=1&time=0&more=${'x'.repeat(LARGE_BODY)}`);
  }

  #post(path: string, body: string): Promise<void> {
    return this.#send(
      `POST /api/v1/${path} HTTP/1.1\r\n${this.#head}connection: keep-alive\r\n` +
        'content-type: application/x-www-form-urlencoded;charset=UTF-8\r\naccept: */*\r\n' +
        'accept-language: *\r\nsec-fetch-mode: cors\r\nuser-agent: mon\r\n' +
        `accept-encoding: gzip, deflate\r\ncontent-length: ${body.length}${HEAD_END}${body}`,
    );
  }

  #send(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#socket.write(text);
    });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #took(bytes: Buffer): void {
    this.#seen.push(bytes);
    const text = Buffer.concat(this.#seen).toString('latin1');
    const head = text.indexOf(HEAD_END);
    if (head < 0) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head + 2))?.[1];
    const end = head + HEAD_END.length + Number(length ?? 0);
    const chunked = length === undefined && !text.startsWith(NO_CONTENT);
    if (chunked ? !text.endsWith(LAST_CHUNK) : text.length < end) return;
    this.#seen = [];
    this.#done?.();
  }
}
