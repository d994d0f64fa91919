// A name server for tests over UDP: records by type and name, "no such name" for the others, and
// SERVFAIL or silence when it is told so. Source: RFC 1035, RFC 2782.
import { createSocket } from 'node:dgram';
import type { RemoteInfo } from 'node:dgram';

const TYPES = { A: 1, NS: 2, MX: 15, AAAA: 28, SRV: 33 } as const;
export type RecordType = keyof typeof TYPES;

function nameBytes(name: string): Buffer {
  const parts = name.split('.').filter((part) => part !== '');
  const labels = parts.map((part) => Buffer.concat([Buffer.of(part.length), Buffer.from(part)]));
  return Buffer.concat([...labels, Buffer.of(0)]);
}

function u16(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2);
  numbers.forEach((n, i) => bytes.writeUInt16BE(n, i * 2));
  return bytes;
}

function data(type: RecordType, text: string): Buffer {
  const words = text.split(' ');
  if (type === 'A') return Buffer.from(text.split('.').map(Number));
  if (type === 'AAAA') {
    return u16(...text.split(':').map((word) => parseInt(word, 16)));
  }
  if (type === 'MX') return Buffer.concat([u16(Number(words[0])), nameBytes(words[1])]);
  if (type === 'SRV') {
    return Buffer.concat([u16(...words.slice(0, 3).map(Number)), nameBytes(words[3])]);
  }
  return nameBytes(text);
}

export class FakeDns {
  /** "TYPE name" -> records as a zone file has them. */
  readonly records = new Map<string, string[]>();
  mode: 'answer' | 'fail' | 'silent' = 'answer';
  readonly asked: string[] = [];
  address = '';
  readonly #socket = createSocket('udp4');

  async up(): Promise<void> {
    this.#socket.on('message', (message, from) => this.#answer(message, from));
    await new Promise<void>((resolve) => this.#socket.bind(0, '127.0.0.1', resolve));
    this.address = `127.0.0.1:${this.#socket.address().port}`;
  }

  down(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(resolve));
  }

  #answer(message: Buffer, from: RemoteInfo): void {
    if (this.mode === 'silent') return;
    const parts: string[] = [];
    let at = 12;
    for (let length = message[at++]; length > 0; length = message[at++]) {
      parts.push(message.toString('latin1', at, at + length));
      at += length;
    }
    const number = message.readUInt16BE(at);
    const question = message.subarray(12, at + 4);
    const type = Object.entries(TYPES).find(([, n]) => n === number)?.[0] as RecordType;
    const key = `${type} ${parts.join('.').toLowerCase()}`;
    this.asked.push(key);
    const found = this.records.get(key) ?? [];
    const known = [...this.records.keys()].some((one) => one.endsWith(` ${parts.join('.')}`));
    const code = this.mode === 'fail' ? 2 : known ? 0 : 3;
    const records = this.mode === 'fail' ? [] : found;
    const head = u16(message.readUInt16BE(0), 0x8180 | code, 1, records.length, 0, 0);
    const answers = records.map((text) => {
      const bytes = data(type, text);
      return Buffer.concat([u16(0xc00c, number, 1, 0, 1, bytes.length), bytes]);
    });
    const reply = Buffer.concat([head, question, ...answers]);
    this.#socket.send(reply, from.port, from.address);
  }
}
