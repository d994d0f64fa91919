// Remote-write bodies of a large fleet, made so cheaply that the sender is not what is measured:
// each body is laid down once, and a step only writes its times and values over those before. For
// benchmarks of whole servers. Easy to get wrong: times must keep the length of their varint.
import { Buffer } from 'node:buffer';
import snappy from 'snappy';
import { NAME } from '../../src/engine/model/labels.ts';
import { encodeWriteRequest, WRITE_HEADERS } from './write-request.ts';

const METRICS = 100;
/** A time of these years, in ms, takes six bytes as a varint. */
const TIME_BYTES = 6;
const SAMPLE_BYTES = 9 + 1 + TIME_BYTES;
const PLACEHOLDER = 2 ** 41 - 1;

interface Body {
  readonly bytes: Buffer;
  /** Where each value begins; its time follows. */
  readonly places: Uint32Array;
  readonly values: Float64Array;
}

/** Labels of a series by its number: ten of them, a hundred metrics a host. */
export function fleetLabels(series: number): Record<string, string> {
  const host = Math.floor(series / METRICS);
  return {
    [NAME]: `metric_${series % METRICS}`,
    arch: ['x64', 'x86'][host % 2],
    datacenter: `us-east-1${'abc'[host % 3]}`,
    hostname: `host_${host}`,
    os: ['Ubuntu16.10', 'Ubuntu16.04LTS', 'Ubuntu15.10'][host % 3],
    rack: String(host % 97),
    region: ['us-east-1', 'eu-west-1', 'ap-southeast-2'][host % 3],
    service: String(host % 19),
    service_environment: ['production', 'staging', 'test'][host % 3],
    team: ['SF', 'NYC', 'LON', 'CHI'][host % 4],
  };
}

export class FleetPush {
  readonly #bodies: Body[] = [];

  /** Bodies of `per` samples, one of each series. */
  constructor(series: number, per: number) {
    for (let from = 0; from < series; from += per) {
      const count = Math.min(per, series - from);
      const samples = [{ timestamp: PLACEHOLDER, value: 0 }];
      const all = Array.from({ length: count }, (_, i) => ({
        labels: fleetLabels(from + i),
        samples,
      }));
      const places = new Uint32Array(count);
      const values = Float64Array.from({ length: count }, (_, i) => ((from + i) * 7919) % 10_000);
      const parts = all.map((one) => encodeWriteRequest([one]));
      let at = 0;
      parts.forEach((part, i) => {
        at += part.length;
        // The sample is the last field of a series: its value, a tag, its time.
        places[i] = at - SAMPLE_BYTES + 1;
      });
      this.#bodies.push({ bytes: Buffer.concat(parts), places, values });
    }
  }

  get bodies(): number {
    return this.#bodies.length;
  }

  /** The next sample of every series of a body: counters that rise by a few. */
  body(index: number, timestamp: number): Buffer<ArrayBuffer> {
    const { bytes, places, values } = this.#bodies[index];
    const time = varint(timestamp);
    for (let i = 0; i < places.length; i++) {
      values[i] += (i * 31 + index) % 50;
      bytes.writeDoubleLE(values[i], places[i]);
      time.copy(bytes, places[i] + 9);
    }
    return snappy.compressSync(bytes) as Buffer<ArrayBuffer>;
  }

  /** Sends one body. */
  async sendOne(url: string, index: number, timestamp: number): Promise<void> {
    await post(url, this.body(index, timestamp));
  }

  /** Sends every series once, some bodies at a time. @throws when one is not taken. */
  async send(url: string, timestamp: number, atOnce = 4): Promise<void> {
    let next = 0;
    const sender = async (): Promise<void> => {
      while (next < this.#bodies.length) {
        const body = this.body(next++, timestamp);
        await post(url, body);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, sender));
  }
}

/** Pushes a body until it is taken: a busy server may ask for it again. */
export async function post(url: string, body: Buffer<ArrayBuffer>): Promise<void> {
  for (;;) {
    const init = { method: 'POST', headers: WRITE_HEADERS, body };
    const response = await fetch(`${url}/api/v1/write`, init);
    const text = await response.text();
    if (response.ok) return;
    if (response.status !== 503) throw new Error(`${response.status}: ${text}`);
  }
}

function varint(n: number): Buffer {
  const out = Buffer.alloc(TIME_BYTES);
  let rest = n;
  for (let i = 0; i < TIME_BYTES; i++) {
    out[i] = (rest % 128) | (i < TIME_BYTES - 1 ? 128 : 0);
    rest = Math.floor(rest / 128);
  }
  return out;
}
