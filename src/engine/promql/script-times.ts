// Times of Prometheus' test scripts: durations from the epoch, in ms. They may be negative, and a
// bare 0 needs no unit.
import { durationMs } from './literals.ts';

/** A time or length of a script in ms. @throws Error when it is none. */
export function timeOf(text: string): number {
  const negative = text.startsWith('-');
  const plain = negative ? text.slice(1) : text;
  const ms = plain === '0' ? 0 : durationMs(plain);
  if (ms === undefined) throw new Error(`no duration: ${text}`);
  return negative ? -ms : ms;
}

/**
 * The offsets of an `@st` line, in ms from each sample's own time: `_`, `_x3`, `-1m`, `-1m+10sx3`.
 * Undefined stands for a sample whose start is not known.
 */
export function startOffsets(text: string): (number | undefined)[] {
  return text.trim().split(/\s+/).flatMap(offsetsOf);
}

const ITEM = /^([+-]?\d+[a-wyz]*)(?:([+-])(\d+[a-wyz]*))?(?:x(\d+))?$/;

function offsetsOf(item: string): (number | undefined)[] {
  const gap = /^_(?:x(\d+))?$/.exec(item);
  if (gap !== null)
    return Array.from({ length: Math.min(1e6, Number(gap[1] ?? 1)) }, () => undefined);
  const found = ITEM.exec(item);
  if (found === null) throw new Error(`no start offset: ${item}`);
  const [, first, sign, by, times] = found;
  const base = timeOf(first.replace(/^\+/, ''));
  const delta = by === undefined ? 0 : timeOf(by) * (sign === '-' ? -1 : 1);
  const length = Number(times ?? 0) + 1;
  if (length > 1_000_000) throw new Error(`too many offsets: ${item}`);
  return Array.from({ length }, (_, i) => base + i * delta);
}
