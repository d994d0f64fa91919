// Makes remote-write 1.0 bodies by hand: the sender's side of the wire, independent of the walker
// that reads it. Labels are sorted as a Prometheus sender sorts them unless the caller gives them
// otherwise.
import { Buffer } from 'node:buffer';
import snappy from 'snappy';

export interface WriteSeries {
  readonly labels: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly samples: readonly WriteSample[];
  /** Histogram messages. */
  readonly histograms?: readonly Uint8Array[];
}

export interface WriteSample {
  readonly timestamp: number;
  readonly value: number;
  /** The value bit by bit, where a number would not do: NaNs with a payload. */
  readonly bits?: bigint;
}

function varint(n: number): Buffer {
  const out: number[] = [];
  let rest = n;
  while (rest > 127) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return Buffer.from(out);
}

/** A length-delimited protobuf field. */
export function field(number: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(body.length), body]);
}

function pairs(labels: WriteSeries['labels']): readonly (readonly [string, string])[] {
  if (Array.isArray(labels)) return labels as readonly (readonly [string, string])[];
  return Object.entries(labels as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The protobuf of a WriteRequest, not yet compressed. Timestamps are non-negative ms. */
export function encodeWriteRequest(series: readonly WriteSeries[]): Buffer {
  const parts = series.map((one) => {
    const labels = pairs(one.labels).map(([name, value]) =>
      field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
    );
    const samples = one.samples.map(({ timestamp, value, bits }) => {
      const double = Buffer.alloc(9);
      double[0] = 9;
      if (bits === undefined) double.writeDoubleLE(value, 1);
      else double.writeBigUInt64LE(bits, 1);
      return field(2, Buffer.concat([double, Buffer.from([16]), varint(timestamp)]));
    });
    const histograms = (one.histograms ?? []).map((body) => field(4, Buffer.from(body)));
    return field(1, Buffer.concat([...labels, ...samples, ...histograms]));
  });
  return Buffer.concat(parts);
}

/** A whole body as it goes over the wire. */
export function writeRequestBody(series: readonly WriteSeries[]): Buffer {
  return snappy.compressSync(encodeWriteRequest(series)) as Buffer;
}

export const WRITE_HEADERS = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
};
