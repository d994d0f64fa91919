// The plan of a sealed column: against what its integers are told, from where and in which unit,
// so that the fewest bits are left. Tries every way by what its tokens and extra bits would take;
// column-encode.ts then writes the numbers. Easy to get wrong: all sums wrap at 2^64, and that is
// right, because the decoder wraps the same way.
import { alloc } from './arena';
import {
  COLUMN_SAMPLES,
  integersAt,
  residualCount,
  residualsAt,
  WAY_DELTA,
  WAY_LINE,
  WAY_TURN,
  WAY_VALUE,
  zigzag,
} from './column-state';

/** What the code of one more kind of token costs in a page, about, in bits. */
const CODE_BITS: f64 = 5.0;

/** What a plan without signs has to be better by. */
const WITHOUT_SIGNS: f64 = 1.01;

const histogram: usize = memory.data(256 * 4, 16);

let way: u32 = 0;
let signed: bool = false;
let base: i64 = 0;
let unit: u64 = 1;
let mirrored: bool = false;
let uniform: bool = false;

export function planWay(): u32 {
  return way;
}

export function planSigned(): bool {
  return signed;
}

/** The least residual, when there are no signs. */
export function planBase(): i64 {
  return base;
}

/** What all residuals are multiples of, from the base. */
export function planUnit(): u64 {
  return unit;
}

/** True when signs are turned round. */
export function planMirrored(): bool {
  return mirrored;
}

/** True when all residuals are the same. */
export function planUniform(): bool {
  return uniform;
}

/** The step of the line from the first to the last integer. */
export function lineStep(count: u32): i64 {
  if (count < 2) return 0;
  const from = integersAt();
  const rise = load<i64>(from + (<usize>(count - 1) << 3)) - load<i64>(from);
  return rise / <i64>(count - 1);
}

/** Fills the residuals of a way and answers how many there are. */
export function residuals(kind: u32, count: u32): u32 {
  const from = integersAt();
  const to = residualsAt();
  const n = residualCount(kind, count);
  const end = <usize>n << 3;
  if (kind == WAY_VALUE) {
    memory.copy(to, from, end);
  } else if (kind == WAY_DELTA) {
    for (let i: usize = 0; i < end; i += 8) {
      store<i64>(to + i, load<i64>(from + i, 8) - load<i64>(from + i));
    }
  } else if (kind == WAY_TURN) {
    for (let i: usize = 0; i < end; i += 8) {
      const middle = load<i64>(from + i, 8);
      store<i64>(to + i, load<i64>(from + i, 16) - middle - (middle - load<i64>(from + i)));
    }
  } else {
    const step = lineStep(count);
    let line = load<i64>(from);
    for (let i: usize = 0; i < end; i += 8) {
      line += step;
      store<i64>(to + i, load<i64>(from + i, 8) - line);
    }
  }
  return n;
}

function commonDivisor(a: u64, b: u64): u64 {
  let left = a;
  let right = b;
  while (right != 0) {
    const rest = left % right;
    left = right;
    right = rest;
  }
  return left;
}

function leastOf(n: u32): i64 {
  const from = residualsAt();
  if (n == 0) return 0;
  let least = load<i64>(from);
  for (let i: u32 = 1; i < n; ++i) least = min(least, load<i64>(from + (<usize>i << 3)));
  return least;
}

/** Sets base, unit and mirror for n residuals: unsigned from the least, or with signs about 0. */
export function survey(n: u32, signs: bool): void {
  const from = residualsAt();
  const end = <usize>n << 3;
  signed = signs;
  base = signs ? 0 : leastOf(n);
  unit = 0;
  mirrored = false;
  uniform = true;
  for (let i: usize = 0; i < end; i += 8) {
    const r = load<i64>(from + i) - base;
    uniform = uniform && load<i64>(from + i) == load<i64>(from);
    if (r == 0) continue;
    // The first change decides the sign, so that opposite columns give the same tokens.
    if (unit == 0) mirrored = signs && r < 0;
    const size = <u64>(signs && r < 0 ? 0 - r : r);
    if (unit != 1 && (unit == 0 || size % unit != 0)) unit = commonDivisor(size, unit);
  }
  if (unit == 0) unit = 1;
}

/** The number that tokens tell, of a residual under the plan at hand. */
// @ts-ignore: decorator
@inline
export function numberOf(r: i64): u64 {
  if (!signed) return unit == 1 ? <u64>(r - base) : <u64>(r - base) / unit;
  let turned = mirrored ? 0 - r : r;
  if (unit != 1) {
    const size = <u64>(turned < 0 ? 0 - turned : turned) / unit;
    turned = turned < 0 ? 0 - <i64>size : <i64>size;
  }
  return zigzag(turned);
}

/** Empties the histogram of tokens. */
export function countNone(): void {
  memory.fill(histogram, 0, 256 * 4);
}

/** Counts a token. */
// @ts-ignore: decorator
@inline
export function countOne(token: u32): void {
  const at = histogram + (<usize>token << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Of each n up to COLUMN_SAMPLES: n times its logarithm; asked for too often to be worked out. */
let weights: usize = 0;

function fillWeights(): void {
  weights = alloc((COLUMN_SAMPLES + 1) * 8);
  for (let n: u32 = 0; n <= COLUMN_SAMPLES; ++n) {
    const weight = n == 0 ? 0 : <f64>n * Math.log2(<f64>n);
    store<f64>(weights + (<usize>n << 3), weight);
  }
}

/** Bits that the tokens counted take, `n` of them, when each is told by its frequency. */
export function countedBits(n: u32): f64 {
  if (weights == 0) fillWeights();
  let bits = load<f64>(weights + (<usize>n << 3));
  for (let i: u32 = 0; i < 256; ++i) {
    const times = load<u32>(histogram + (<usize>i << 2));
    if (times != 0) bits += CODE_BITS - load<f64>(weights + (<usize>times << 3));
  }
  return bits;
}

/** Bits of n residuals under the plan at hand, with their magnitudes as tokens. */
function planBits(n: u32): f64 {
  const at = residualsAt();
  const end = <usize>n << 3;
  countNone();
  let extra: u64 = 0;
  for (let i: usize = 0; i < end; i += 8) {
    const length = 64 - clz(numberOf(load<i64>(at + i)));
    countOne(<u32>length);
    extra += length - <u64>(length != 0);
  }
  return countedBits(n) + <f64>extra;
}

/** Picks the plan with the fewest bits; leaves its residuals in place and answers their count. */
export function choosePlan(count: u32): u32 {
  let best = Infinity;
  let bestWay: u32 = WAY_VALUE;
  let bestSigns = false;
  for (let kind: u32 = WAY_VALUE; kind <= WAY_LINE && best > 0; ++kind) {
    const n = residuals(kind, count);
    // Values themselves are told from the least one: signs would gain nothing.
    const variants: u32 = kind == WAY_VALUE ? 1 : 2;
    for (let signs: u32 = 0; signs < variants; ++signs) {
      survey(n, signs == 1);
      let bits = uniform ? 0 : planBits(n);
      // With signs a column has the tokens of its opposite, which zstd then takes as a repeat.
      if (signs == 0 && kind != WAY_VALUE) bits *= WITHOUT_SIGNS;
      if (bits >= best) continue;
      best = bits;
      bestWay = kind;
      bestSigns = signs == 1;
    }
  }
  const n = residuals(bestWay, count);
  survey(n, bestSigns);
  way = bestWay;
  return n;
}
