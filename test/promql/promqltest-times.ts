// Times of Prometheus' test scripts: durations from the epoch, in ms. They may be negative, and a
// bare 0 needs no unit.
import { durationMs } from '../../src/engine/promql/literals.ts';

/** A time or length of a script in ms. */
export function timeOf(text: string): number {
  const negative = text.startsWith('-');
  const plain = negative ? text.slice(1) : text;
  const ms = plain === '0' ? 0 : durationMs(plain);
  if (ms === undefined) throw new Error(`no duration: ${text}`);
  return negative ? -ms : ms;
}
