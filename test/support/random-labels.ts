// Label sets for property tests: mostly as fleets have them, sometimes as nobody should. Easy to
// get wrong: a test about order needs names above U+D7FF, where UTF-8 and UTF-16 disagree.
import { makeLabels, NAME, type Labels } from '../../src/engine/model/labels.ts';
import type { Random } from '../../src/engine/runtime/random.ts';

/** One of the things given. */
export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)];
}

/** A whole number from 0 to below - 1. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

const PLAIN_NAMES = ['job', 'instance', 'le', 'A', 'Zone', '_x', 'host', 'zz', 'a', 'ab', 'a.b'];
const ODD_NAMES = [
  '__proto__',
  'constructor',
  'é',
  '名前',
  '\uffee',
  '𝔘𝔫',
  '\ud7ff',
  ' ',
  '\u0000',
];
const VALUES = [
  '1',
  'a',
  'us-east-1a',
  '',
  'ü',
  '日本',
  '👩‍🚀',
  '\u001b[31m',
  'x'.repeat(130),
  '\u0000',
];

/** A sorted set with a name; up to 12 labels. */
export function randomLabels(random: Random): Labels {
  const pairs: [string, string][] = [[NAME, `m_${below(random, 40)}`]];
  for (let i = below(random, 12); i > 0; i--) {
    const name = random() < 0.8 ? pick(random, PLAIN_NAMES) : pick(random, ODD_NAMES);
    pairs.push([name, random() < 0.5 ? String(below(random, 1000)) : pick(random, VALUES)]);
  }
  return makeLabels(pairs);
}

/** Random bytes. */
export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(random, 256));
}

/** The bytes with a few changes: bits turned, pieces cut out, doubled or put in. */
export function mutated(random: Random, bytes: Uint8Array): Uint8Array {
  let out = Uint8Array.from(bytes);
  for (let changes = 1 + below(random, 4); changes > 0; changes--) {
    const at = below(random, out.length + 1);
    const length = below(random, Math.min(16, out.length - at + 1));
    switch (below(random, 5)) {
      case 0:
        if (at < out.length) out[at] ^= 1 << below(random, 8);
        break;
      case 1:
        if (at < out.length) out[at] = pick(random, [0, 1, 0x7f, 0x80, 0xff, below(random, 256)]);
        break;
      case 2:
        out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at + length)]);
        break;
      case 3:
        out = Uint8Array.from([...out.subarray(0, at + length), ...out.subarray(at)]);
        break;
      default:
        out = out.slice(0, at);
    }
  }
  return out;
}
