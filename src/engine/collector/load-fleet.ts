// Remote-write bodies of a made-up fleet, for measuring: hosts with a hundred metrics and ten
// labels each, counters and gauges. A body is laid down once, and a step only writes its times and
// values over those before, so that making them costs little beside taking them. Easy to get
// wrong: times must keep the length of their varint.
import { compressSync } from 'snappy';
import { assert } from '../errors.ts';
import { canonicalOf } from '../codec/canonical.ts';
import { makeLabels, NAME } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import { seededRandom } from '../runtime/random.ts';
import { WritePen } from '../wire/write-pen.ts';

/** Metrics of a host. */
export const FLEET_METRICS = 100;
/** A time of these years, in ms, takes six bytes as a varint. */
const TIME_BYTES = 6;
const VALUE_BYTES = 8;
const PLACEHOLDER = 2 ** 41 - 1;

interface Body {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where each value begins; a tag and its time follow. */
  readonly places: Uint32Array;
  readonly values: Float64Array;
}

/** Labels of a series by its number. */
export function fleetLabels(series: number): Labels {
  const host = Math.floor(series / FLEET_METRICS);
  const metric = series % FLEET_METRICS;
  return makeLabels([
    [NAME, `${metric % 3 === 0 ? 'gauge' : 'requests_total'}_${metric}`],
    ['arch', ['x64', 'x86'][host % 2]],
    ['datacenter', `us-east-1${'abc'[host % 3]}`],
    ['hostname', `host_${host}`],
    ['os', ['Ubuntu22.04', 'Debian12', 'Rocky9'][host % 3]],
    ['rack', String(host % 97)],
    ['region', ['us-east-1', 'eu-west-1', 'ap-southeast-2'][host % 3]],
    ['service', String(host % 19)],
    ['environment', ['production', 'staging', 'test'][host % 3]],
    ['team', ['SF', 'NYC', 'LON', 'CHI'][host % 4]],
  ]);
}

export class LoadFleet {
  readonly series: number;
  readonly #bodies: readonly Body[];
  readonly #random: () => number;

  /** Bodies of `per` samples, one of each series; equal seeds make equal values. */
  constructor(series: number, per: number, seed: number) {
    this.series = series;
    this.#random = seededRandom(seed);
    const pen = new WritePen();
    const bodies: Body[] = [];
    for (let from = 0; from < series; from += per) {
      bodies.push(layDown(pen, from, Math.min(per, series - from)));
    }
    this.#bodies = bodies;
  }

  get bodies(): number {
    return this.#bodies.length;
  }

  /** The next sample of every series of a body, packed as remote write is. */
  body(index: number, timestampMs: number): Uint8Array {
    const { bytes, view, places, values } = this.#bodies[index];
    const time = varint(timestampMs);
    for (let i = 0; i < places.length; i++) {
      const gauge = (i % FLEET_METRICS) % 3 === 0;
      const dice = this.#random();
      values[i] = gauge
        ? Math.min(100, Math.max(0, values[i] + Math.round((dice - 0.5) * 4)))
        : values[i] + Math.floor(dice * 50);
      view.setFloat64(places[i], values[i], true);
      bytes.set(time, places[i] + VALUE_BYTES + 1);
    }
    return compressSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) as Uint8Array;
  }
}

function layDown(pen: WritePen, from: number, count: number): Body {
  pen.clear();
  const places = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    pen.begin();
    pen.canonical(canonicalOf(fleetLabels(from + i)));
    pen.sample(0, PLACEHOLDER);
    // The sample is the last field of a series: its value, a tag, its time.
    places[i] = pen.written.length - TIME_BYTES - 1 - VALUE_BYTES;
    pen.end();
  }
  const bytes = pen.written.slice();
  const values = Float64Array.from(places, (_, i) => ((from + i) * 7919) % 100);
  return { bytes, view: new DataView(bytes.buffer), places, values };
}

function varint(n: number): Uint8Array {
  const out = new Uint8Array(TIME_BYTES);
  let rest = n;
  for (let i = 0; i < TIME_BYTES; i++) {
    out[i] = (rest % 128) | (i < TIME_BYTES - 1 ? 128 : 0);
    rest = Math.floor(rest / 128);
  }
  assert(rest === 0, 'the time has the length that was left for it');
  return out;
}
