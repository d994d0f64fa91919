// A sample as the simulation knows it, from the sender's word to the last check. Easy to get wrong:
// values are bits, as bigint, because a NaN's payload would not survive a JavaScript number.
import { STALE_HIGH, STALE_LOW } from '../../src/engine/model/sample.ts';

export const STALE_BITS = (BigInt(STALE_HIGH) << 32n) | BigInt(STALE_LOW);

/** One sample; the series is its labelsKey. */
export interface Sent {
  readonly series: string;
  readonly t: number;
  /** Of a histogram: its sum. */
  readonly bits: bigint;
  /** A histogram's message, in base64. */
  readonly body?: string;
}
