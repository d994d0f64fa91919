// Samples a second of the Gorilla kernels, chunks of 120 at 15 s, and bytes a sample:
// the median of the rounds, with the slowest and the fastest. Every chunk is compared bit by bit
// after. Easy to get wrong: one chunk over and over teaches the branch predictor by heart, so
// thousands of different ones are walked.
import { strict as assert } from 'node:assert';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';

const CHUNKS = 4000;
const SAMPLES = 120;
const CHUNK_BYTES = 2048;
const ROUNDS = 21;
const WARM = 4;

const random = seededRandom(7);
const below = (n: number): number => Math.floor(random() * n);

/** Each makes the generator of one series. */
const SHAPES: Record<string, () => () => number> = {
  counter: () => {
    let value = below(1e6);
    return () => (value += below(50));
  },
  'counter, large steps': () => {
    let value = below(1e9);
    return () => (value += below(100_000));
  },
  'gauge, 0.1 steps': () => {
    let tenths = below(1000);
    return () => (tenths += below(7) - 3) / 10;
  },
  'random doubles': () => () => random() + random() * 2 ** -32,
  constant: () => {
    const value = random();
    return () => value;
  },
};

const kernels = new Kernels();
const { exports } = kernels;
const columns = exports.alloc(CHUNKS * SAMPLES * 16) >>> 0;
const out = exports.alloc(SAMPLES * 16) >>> 0;
const chunks = exports.alloc(CHUNKS * CHUNK_BYTES) >>> 0;
const sizes = new Uint32Array(CHUNKS);

function fill(shape: () => () => number, jitterMs: number): void {
  const floats = kernels.f64;
  for (let c = 0; c < CHUNKS; c++) {
    const next = shape();
    const at = columns / 8 + c * SAMPLES * 2;
    for (let i = 0; i < SAMPLES; i++) {
      const late = jitterMs === 0 ? 0 : below(jitterMs);
      floats[at + i] = 1_700_000_000_000 + i * 15_000 + late;
      floats[at + SAMPLES + i] = next();
    }
  }
}

function encodeAll(): void {
  for (let c = 0; c < CHUNKS; c++) {
    const from = columns + c * SAMPLES * 16;
    exports.gorillaColumns(from, from + SAMPLES * 8, SAMPLES);
    sizes[c] = (exports.gorillaEncode(chunks + c * CHUNK_BYTES, CHUNK_BYTES) + 7) >>> 3;
  }
}

function decodeAll(): void {
  exports.gorillaColumns(out, out + SAMPLES * 8, SAMPLES);
  for (let c = 0; c < CHUNKS; c++) exports.gorillaDecode(chunks + c * CHUNK_BYTES, sizes[c]);
}

function compareAll(): void {
  const bytes = kernels.bytes;
  for (let c = 0; c < CHUNKS; c++) {
    exports.gorillaColumns(out, out + SAMPLES * 8, SAMPLES);
    assert.equal(exports.gorillaDecode(chunks + c * CHUNK_BYTES, sizes[c]), SAMPLES);
    const from = columns + c * SAMPLES * 16;
    const got = bytes.subarray(out, out + SAMPLES * 16);
    const same = Buffer.compare(got, bytes.subarray(from, from + SAMPLES * 16)) === 0;
    assert.ok(same, `chunk ${c} is not what went in`);
  }
}

/** Million samples a second of each round, slowest first. */
function rates(call: () => void): number[] {
  const all: number[] = [];
  for (let round = 0; round < ROUNDS + WARM; round++) {
    const started = performance.now();
    call();
    const seconds = (performance.now() - started) / 1000;
    if (round >= WARM) all.push((CHUNKS * SAMPLES) / seconds / 1e6);
  }
  return all.sort((a, b) => a - b);
}

function told(all: readonly number[]): string {
  const [least, middle, most] = [all[0], all[all.length >> 1], all[all.length - 1]];
  return `${middle.toFixed(0)} M/s (${least.toFixed(0)} to ${most.toFixed(0)})`;
}

for (const jitterMs of [0, 20]) {
  for (const [name, shape] of Object.entries(SHAPES)) {
    fill(shape, jitterMs);
    const encode = told(rates(encodeAll));
    const decode = told(rates(decodeAll));
    compareAll();
    const size = sizes.reduce((sum, bytes) => sum + bytes, 0) / CHUNKS / SAMPLES;
    const title = `${name}${jitterMs === 0 ? '' : ', jittered'}`.padEnd(32);
    const line = `encode ${encode.padEnd(22)} decode ${decode.padEnd(22)}`;
    process.stdout.write(`${title} ${line} ${size.toFixed(2)} bytes a sample\n`);
  }
}
