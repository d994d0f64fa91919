// Bodies of a fleet without end: the requests of one step are encoded once, then times and values
// are written over in place, so that a sender of 100,000 samples a second costs little more than
// its compression. For benchmarks. Easy to get wrong: times must keep the length of their varint,
// which is six bytes from 2004 to 2109.
import { assert } from '../../src/engine/errors.ts';
import snappy from 'snappy';
import { fleetBodies } from './rwload.ts';

const TIME_BYTES = 6;
const STEP_MS = 1000;

interface Template {
  readonly bytes: Buffer;
  /** Where the value of each sample begins; a tag and the time stand behind it. */
  readonly values: readonly number[];
}

export class FleetTemplate {
  readonly #templates: readonly Template[];
  /** Samples of one step. */
  readonly series: number;
  #turn = 0;

  constructor(hosts: number, per: number) {
    const bodies = fleetBodies({ hosts, steps: 1, per, endMs: 2 ** 40 + STEP_MS });
    this.#templates = bodies.map((bytes) => ({ bytes, values: valuesOf(bytes) }));
    this.series = this.#templates.reduce((sum, { values }) => sum + values.length, 0);
  }

  /** The next request, all of its samples at this time; `requests` of them are a step. */
  next(timeMs: number): { readonly body: Buffer; readonly samples: number } {
    const { bytes, values } = this.#templates[this.#turn++ % this.#templates.length];
    for (const [i, at] of values.entries()) {
      // Counters and gauges as in a fleet: most move a little, some not at all.
      if ((i + this.#turn) % 3 !== 0) bytes.writeDoubleLE(bytes.readDoubleLE(at) + (i % 50), at);
      writeTime(bytes, at + 9, timeMs);
    }
    return { body: snappy.compressSync(bytes) as Buffer, samples: values.length };
  }

  /** Requests of a step. */
  get requests(): number {
    return this.#templates.length;
  }
}

function writeTime(bytes: Buffer, at: number, timeMs: number): void {
  let rest = timeMs;
  for (let i = 0; i < TIME_BYTES; i++) {
    bytes[at + i] = (rest % 128) | (i < TIME_BYTES - 1 ? 128 : 0);
    rest = Math.floor(rest / 128);
  }
  assert(rest === 0, 'a time of this century');
}

/** Walks series and samples of a WriteRequest. */
function valuesOf(bytes: Buffer): number[] {
  const found: number[] = [];
  let at = 0;
  const length = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    at++;
    const size = length();
    const end = at + size;
    while (at < end) {
      const tag = bytes[at++];
      const inner = length();
      if (tag === 18) {
        assert(inner === 1 + 8 + 1 + TIME_BYTES, 'a sample is a double and a time');
        found.push(at + 1);
      }
      at += inner;
    }
  }
  return found;
}
