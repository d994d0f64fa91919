// Messages on a stream of bytes: four bytes of length, then a value (value-wire.ts). Under
// socket-channel.ts. Easy to get wrong: a chunk of a socket ends anywhere, also inside a length,
// and a length is believed only up to a bound.
import { MonError } from '../errors.ts';
import { encodeValue } from './value-wire.ts';

const HEAD_BYTES = 4;

/** A message as it goes over the wire. @throws MonError MON_LIMIT_EXCEEDED. */
export function encodeFrame(value: unknown, bytesMax: number): Buffer {
  const frame = encodeValue(value, HEAD_BYTES);
  const size = frame.length - HEAD_BYTES;
  if (size > bytesMax) {
    throw new MonError('MON_LIMIT_EXCEEDED', `a message of ${size} bytes is above ${bytesMax}`);
  }
  frame.writeUInt32LE(size, 0);
  return frame;
}

/** Cuts what a socket brings into the bodies of messages. */
export class FrameCutter {
  #bytesMax: number;
  #chunks: Buffer[] = [];
  #held = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** From the next message on. */
  set bytesMax(bytes: number) {
    this.#bytesMax = bytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
  }

  /** The next whole message, if it is there. @throws MonError MON_RECORD_MALFORMED. */
  next(): Uint8Array | undefined {
    if (this.#held < HEAD_BYTES) return undefined;
    if (this.#chunks[0].length < HEAD_BYTES) this.#join();
    const size = this.#chunks[0].readUInt32LE(0);
    if (size > this.#bytesMax) {
      throw new MonError('MON_RECORD_MALFORMED', `a message of ${size} bytes is not taken here`);
    }
    const end = HEAD_BYTES + size;
    if (this.#held < end) return undefined;
    if (this.#chunks[0].length < end) this.#join();
    const [first] = this.#chunks;
    if (first.length === end) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(end);
    this.#held -= end;
    return first.subarray(HEAD_BYTES, end);
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks, this.#held)];
  }
}
