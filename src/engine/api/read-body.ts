// A request's body in one piece of memory. The first station of a pushed sample: bytes are copied
// once, from the socket's pages into a buffer that is used again for the next body. Easy to get
// wrong: the length a sender declares is a promise, not a fact, and a body may stop half way.
import type { IncomingMessage } from 'node:http';
import { MonError } from '../errors.ts';
import { BODIES_PENDING_BYTES_MAX } from '../limits.ts';
import { giveBack } from '../runtime/give-back.ts';

const STEP = 64 * 1024;
/** Buffers kept for the next body: a few of the common size, so that idle memory stays small. */
const KEPT_MAX = 8;
const KEPT_BYTES_MAX = 1024 * 1024;

/** Buffers for bodies; knows how much is out and refuses when it is too much. */
export class BodyPool {
  readonly #kept: Buffer[] = [];
  #pending = 0;

  /** Bytes of the bodies that are being read or stored now. */
  get pendingBytes(): number {
    return this.#pending;
  }

  /**
   * A buffer of at least so many bytes. @throws MonError MON_SERVER_FAILED when too much is out.
   */
  take(bytes: number): Buffer {
    const size = Math.max(STEP, Math.ceil(bytes / STEP) * STEP);
    const kept = this.#kept.at(-1);
    const fits = kept !== undefined && kept.length >= size;
    const length = fits ? kept.length : size;
    if (this.#pending + length > BODIES_PENDING_BYTES_MAX) {
      const hint = 'send again in a moment, or send smaller bodies';
      throw new MonError('MON_SERVER_FAILED', 'too many bodies are being stored at once', { hint });
    }
    this.#pending += length;
    if (fits) this.#kept.pop();
    return fits ? kept : Buffer.allocUnsafeSlow(size);
  }

  /** Gives a buffer back; nobody may read it any more. */
  give(buffer: Buffer): void {
    this.#pending -= buffer.length;
    if (buffer.length <= KEPT_BYTES_MAX && this.#kept.length < KEPT_MAX) this.#kept.push(buffer);
  }
}

/** A body and the buffer it lies in, which goes back to the pool when the body has been used. */
export interface Body {
  readonly bytes: Buffer;
  readonly buffer: Buffer;
}

/**
 * Reads the whole body. `declared` is the content-length, or -1 when the sender does not tell.
 * @throws MonError MON_BODY_TOO_LARGE (the rest stays unread), MON_BODY_MALFORMED when the sender
 *   stopped half way, MON_SERVER_FAILED when too many bodies are held.
 */
export function readBody(
  request: IncomingMessage,
  pool: BodyPool,
  declared: number,
  bytesMax: number,
): Promise<Body> {
  return new Promise((resolve, reject) => {
    if (declared > bytesMax) return reject(tooLarge(bytesMax));
    let buffer = pool.take(Math.max(declared, 0));
    let length = 0;
    let settled = false;
    const refuse = (why: unknown): void => {
      if (settled) return;
      settled = true;
      request.removeAllListeners('data');
      request.pause();
      pool.give(buffer);
      reject(why);
    };
    request.on('data', (page: Buffer) => {
      const needed = length + page.length;
      if (needed > bytesMax) return refuse(tooLarge(bytesMax));
      if (needed > buffer.length) {
        try {
          buffer = grown(pool, buffer, length, needed);
        } catch (why) {
          return refuse(why);
        }
      }
      page.copy(buffer, length);
      giveBack(page);
      length = needed;
    });
    request.on('end', () => {
      if (settled) return;
      settled = true;
      resolve({ bytes: buffer.subarray(0, length), buffer });
    });
    const broken = 'the connection ended before the body did';
    const cut = (): void => {
      // A request closes after every answer too, and an error is dear to make.
      if (!settled) refuse(new MonError('MON_BODY_MALFORMED', broken));
    };
    request.on('error', cut);
    request.on('close', cut);
  });
}

function grown(pool: BodyPool, buffer: Buffer, length: number, needed: number): Buffer {
  const larger = pool.take(Math.max(needed, buffer.length * 2));
  buffer.copy(larger, 0, 0, length);
  pool.give(buffer);
  return larger;
}

function tooLarge(bytesMax: number): MonError {
  const hint = 'send fewer samples in one body';
  return new MonError('MON_BODY_TOO_LARGE', `the body has more than ${bytesMax} bytes`, { hint });
}
