// How long records wait for others before a request goes out: a few milliseconds where there is
// little, and under load while they keep coming. Inside the sender. Easy to get wrong: senders that
// wait for their answers send nothing meanwhile, so that waiting for more than all of them
// together would only slow them down; a silence says that nothing further comes.
import {
  KAFKA_BUSY_BYTES,
  KAFKA_LINGER_BUSY_MS,
  KAFKA_LINGER_MS,
  KAFKA_QUIET_MS_MAX,
  KAFKA_REQUEST_BYTES,
} from '../limits-links.ts';

/** Records of one push come together; gaps below are none. */
const GAP_MS_MIN = 0.5;
/** The usual gap moves by this part towards each new one. */
const GAP_SHARE = 1 / 8;

export class Gathering {
  #busy = false;
  #lastMs = -Infinity;
  /** The usual time between pushes, ms. */
  #gapMs: number = KAFKA_LINGER_MS;

  /** A record came at this monotonic time. */
  pushed(nowMs: number): void {
    const gap = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (gap < GAP_MS_MIN || gap === Infinity) return;
    this.#gapMs += (Math.min(gap, KAFKA_LINGER_BUSY_MS) - this.#gapMs) * GAP_SHARE;
  }

  /** A request goes out: the time until the next record says nothing of how records come. */
  flushed(): void {
    this.#lastMs = -Infinity;
  }

  /** A request with so many bytes of records was taken. */
  sent(bytes: number): void {
    this.#busy = bytes >= KAFKA_BUSY_BYTES;
  }

  /** How long what waits should wait from now on, ms; 0: it is time. */
  waitMs(nowMs: number, bytes: number, oldestMs: number): number {
    if (bytes >= KAFKA_REQUEST_BYTES) return 0;
    if (!this.#busy) return Math.max(0, oldestMs + KAFKA_LINGER_MS - nowMs);
    const quietMs = Math.max(KAFKA_LINGER_MS, Math.min(KAFKA_QUIET_MS_MAX, 2 * this.#gapMs));
    const until = Math.min(oldestMs + KAFKA_LINGER_BUSY_MS, this.#lastMs + quietMs);
    return Math.max(0, until - nowMs);
  }
}
