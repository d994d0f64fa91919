// Columns for property tests of sealed blocks: shapes that fleets send, shapes that some encoding
// was made for, and bits that nobody should send. Easy to get wrong: values are made as bits, so
// that NaN payloads survive until they are compared.
import type { Random } from '../../src/engine/runtime/random.ts';
import { below, pick } from './random-labels.ts';

const STALE = 0x7ff0000000000002n;
const ODD: readonly bigint[] = [
  STALE,
  0x7ff8000000000000n,
  0xfff8000000000001n,
  0x7ff4000000000abcn,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x8000000000000000n,
  0x0000000000000001n,
  0x800fffffffffffffn,
  0x0010000000000000n,
  0x7fefffffffffffffn,
  0x433fffffffffffffn,
];

type Shape = (random: Random) => () => number;

const walk =
  (step: number, scale: (q: number) => number): Shape =>
  (random) => {
    let q = below(random, 1_000_000);
    return () => scale((q += below(random, step * 2 + 1) - step));
  };

/** Each makes the generator of one column. */
export const COLUMN_SHAPES: Readonly<Record<string, Shape>> = {
  constant: (random) => {
    const value = pick(random, [0, 1, -1, 0.1, random(), 2 ** 60, 1e300]);
    return () => value;
  },
  'constant, then another': (random) => {
    let value = below(random, 10);
    return () => (random() < 0.01 ? (value = below(random, 10)) : value);
  },
  counter: (random) => {
    let q = below(random, 1e9);
    return () => (q += below(random, 50));
  },
  'steady counter': (random) => {
    let q = below(random, 1e9);
    return () => (q += 1000);
  },
  'counter with resets': (random) => {
    let q = below(random, 1e6);
    return () => (q = random() < 0.01 ? 0 : q + below(random, 500));
  },
  'pages of bytes': (random) => walk(1000, (q) => q * 4096)(random),
  tenths: walk(5, (q) => q / 10),
  'nine decimals': walk(100_000, (q) => q / 1e9),
  'by a thousandth': walk(100, (q) => q * 0.001),
  'micro twice': walk(100_000, (q) => q / 1000 / 1000),
  'random doubles': (random) => () => random() + random() * 2 ** -32,
  'wide doubles': (random) => () => (random() - 0.5) * 10 ** below(random, 300),
  'single floats': (random) => () => Math.fround(random() * 100),
  'sums of tenths': (random) => {
    let value = 0;
    return () => (value += below(random, 3) * 0.1);
  },
  'huge integers': (random) => () => Math.floor(random() * 2 ** 62),
  powers: (random) => () => 2 ** (below(random, 2000) - 1000),
  signs: (random) => () => pick(random, [1, -1]) * below(random, 1e6),
};

function bitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** `count` values as words, low word first: a shape, sometimes with odd bits among them. */
export function randomWords(random: Random, count: number, name?: string): Uint32Array {
  const shape = COLUMN_SHAPES[name ?? pick(random, Object.keys(COLUMN_SHAPES))];
  const next = shape(random);
  const odds = pick(random, [0, 0, 0, 0.01, 0.1, 0.5, 1]);
  const bits = new BigUint64Array(count);
  for (let i = 0; i < count; i++) {
    bits[i] = random() < odds ? randomOdd(random) : bitsOf(next());
  }
  return new Uint32Array(bits.buffer);
}

function randomOdd(random: Random): bigint {
  if (random() < 0.5) return pick(random, ODD);
  return (BigInt(below(random, 2 ** 32)) << 32n) | BigInt(below(random, 2 ** 32));
}

/** Rising times: on the beat, jittered, with holes, or at random. */
export function randomTimes(random: Random, count: number, startMs: number): Float64Array {
  const kind = below(random, 4);
  const step = pick(random, [1000, 10_000, 15_000]);
  let t = startMs;
  return Float64Array.from({ length: count }, (_, i) => {
    if (kind === 0) return startMs + i * step;
    if (kind === 1) return startMs + i * step + below(random, 20);
    if (kind === 2) return (t += step * (random() < 0.05 ? 1 + below(random, 50) : 1));
    return (t += 1 + below(random, 100_000));
  });
}
