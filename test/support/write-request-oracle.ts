// Reads a remote-write 1.0 WriteRequest by a protobuf library, as what a test compares with: a line
// a sample, so that a failing test shows what differs.
import protobuf from 'protobufjs';
import { decodeHistogram } from '../../src/engine/codec/histogram.ts';

const PROTO = `syntax = "proto3";
message Label { string name = 1; string value = 2; }
message Sample { double value = 1; int64 timestamp = 2; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2;
  repeated bytes histograms = 4; }
message MetricMetadata { int32 type = 1; string metric_family_name = 2; string help = 4;
  string unit = 5; }
message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }`;
const Message = protobuf.parse(PROTO).root.lookupType('WriteRequest');

interface Plain {
  readonly timeseries?: {
    readonly labels?: { readonly name?: string; readonly value?: string }[];
    readonly samples?: { readonly value?: number; readonly timestamp?: number }[];
    readonly histograms?: Uint8Array[];
  }[];
  readonly metadata?: { metricFamilyName?: string; type?: number; help?: string; unit?: string }[];
}

/** A line a sample, `name{labels} value time`, and the families of the metadata. */
export function writtenLines(bytes: Uint8Array): { lines: string[]; metadata: string[] } {
  const { timeseries = [], metadata = [] } = Message.toObject(Message.decode(bytes), {
    longs: Number,
  }) as Plain;
  const lines = timeseries.flatMap(({ labels = [], samples = [], histograms = [] }) => {
    const pairs = labels.map(({ name = '', value = '' }) => [name, value] as const);
    const name = pairs.find(([key]) => key === '__name__')?.[1] ?? '';
    const rest = pairs.filter(([key]) => key !== '__name__').map(([k, v]) => `${k}="${v}"`);
    const series = `${name}{${rest.join(',')}}`;
    return [
      ...samples.map(({ value = 0, timestamp = 0 }) => `${series} ${value} ${timestamp}`),
      ...histograms.map((body) => {
        const { histogram, timestampMs } = decodeHistogram(body);
        const { schema, count, sum, positive } = histogram;
        const buckets = [...positive.indexes].map((at, i) => `${at}:${positive.counts[i]}`);
        return `${series} {schema:${schema} count:${count} sum:${sum} ${buckets}} ${timestampMs}`;
      }),
    ];
  });
  const families = metadata.map(({ metricFamilyName, type = 0, help = '', unit = '' }) => {
    return [metricFamilyName, type, help, unit].join('|');
  });
  return { lines, metadata: families };
}
