// The names of alerts and groups. An alert's fingerprint is Prometheus' own (FNV-1a, 64 bits, over
// its sorted labels), since Alertmanager's clients know alerts by it. Easy to get wrong: 64 bits do
// not fit a number, so they are kept as two halves.
import { createHash } from 'node:crypto';
import type { Labels } from '../model/labels.ts';
import { goQuote } from '../wire/alert-matchers.ts';

const SEPARATOR = 255;

/** Sixteen hexadecimal digits. */
export function fingerprintOf(labels: Labels): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  const add = (byte: number): void => {
    low = (low ^ byte) >>> 0;
    // Times 0x100000001b3: the low half overflows into the high one.
    const product = low * 0x1b3;
    const carry = Math.floor(product / 0x100000000);
    high = (Math.imul(high, 0x1b3) + carry + ((low << 8) >>> 0)) >>> 0;
    low = product >>> 0;
  };
  for (const text of labels) {
    for (const byte of Buffer.from(text)) add(byte);
    add(SEPARATOR);
  }
  return hex(high) + hex(low);
}

function hex(half: number): string {
  return half.toString(16).padStart(8, '0');
}

/** A short stable name of anything long. */
export function shortHash(text: string, digits = 32): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** Labels as Go prints a label set; part of Alertmanager's group keys. */
export function labelSetText(labels: Labels): string {
  const pairs: string[] = [];
  for (let i = 0; i < labels.length; i += 2) pairs.push(`${labels[i]}=${goQuote(labels[i + 1])}`);
  return `{${pairs.join(', ')}}`;
}
