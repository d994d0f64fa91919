// An ExportMetricsServiceRequest in protobuf, read into plain objects. It stands before the OTLP
// writer. Easy to get wrong: times are nanoseconds in 64 bits, of which a float holds only 53, so
// they are brought to ms by their words; numbers of points come as double or as a signed integer.
// Source: opentelemetry-proto, collector/metrics/v1 and metrics/v1/metrics.proto.
import { isUtf8 } from 'node:buffer';
import { ProtoFields } from '../codec/proto-fields.ts';
import { MonError } from '../errors.ts';
import { TextCache } from './text-cache.ts';
import type {
  ExponentialBuckets,
  ExponentialPoint,
  HistogramPoint,
  Metric,
  NumberPoint,
  Resource,
  SummaryPoint,
} from './otlp-model.ts';

const texts = new TextCache();
/** What stands for bytes that are no UTF-8, and for itself. */
const REPLACED = '\ufffd';
/** How deep attribute values may hold one another. */
const DEPTH_MAX = 8;

function malformed(what: string): MonError {
  return new MonError('MON_BODY_MALFORMED', `OTLP: ${what}`);
}

function fieldsOf(bytes: Uint8Array): ProtoFields {
  return new ProtoFields(bytes, malformed);
}

/** A text; protobuf's are UTF-8, and what is none must not become another series. */
function text(fields: ProtoFields): string {
  const bytes = fields.bytes();
  const found = texts.text(bytes);
  if (found.includes(REPLACED) && !isUtf8(bytes)) throw malformed('a text is no UTF-8');
  return found;
}

/** A fixed64 as a number, exact up to 2^53. */
function fixed(fields: ProtoFields): number {
  fields.double();
  return fields.lastHigh * 2 ** 32 + fields.lastLow;
}

function signedFixed(fields: ProtoFields): number {
  fields.double();
  return (fields.lastHigh | 0) * 2 ** 32 + fields.lastLow;
}

/** Nanoseconds as whole milliseconds; 2^32 ns are 4294 ms and 967,296 ns. */
function millis(fields: ProtoFields): number {
  fields.double();
  const { lastHigh, lastLow } = fields;
  return lastHigh * 4294 + Math.floor((lastHigh * 967_296 + lastLow) / 1e6);
}

/**
 * Reads a body; `packed` leaves number points as they lie in it, to be walked without objects
 * (otlp-points.ts). @throws MonError MON_BODY_MALFORMED.
 */
export function readOtlpProtobuf(bytes: Uint8Array, packed = false): Resource[] {
  // Views of a Buffer are Buffers, which cost more to make.
  const fields = fieldsOf(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const resources: Resource[] = [];
  while (fields.next()) {
    if (fields.number === 1) resources.push(resource(fields.bytes(), packed));
    else fields.skip();
  }
  return resources;
}

function resource(bytes: Uint8Array, packed: boolean): Resource {
  const fields = fieldsOf(bytes);
  const attributes = new Map<string, string>();
  const metrics: Metric[] = [];
  while (fields.next()) {
    if (fields.number === 1) readAttributes(fields.bytes(), 1, attributes);
    else if (fields.number === 2) scope(fields.bytes(), metrics, packed);
    else fields.skip();
  }
  return { attributes, metrics };
}

/** The KeyValue messages of a field of a message. */
export function readAttributes(bytes: Uint8Array, number: number, into: Map<string, string>): void {
  const fields = fieldsOf(bytes);
  while (fields.next()) {
    if (fields.number === number) readPair(fields.bytes(), into);
    else fields.skip();
  }
}

function readPair(bytes: Uint8Array, into: Map<string, string>): void {
  const [key, value] = pair(bytes, 0);
  if (key !== '') into.set(key, typeof value === 'string' ? value : JSON.stringify(value));
}

type Any = string | number | boolean | null | Any[] | { [key: string]: Any };

function pair(bytes: Uint8Array, depth: number): [string, Any] {
  const fields = fieldsOf(bytes);
  let key = '';
  let value: Any = '';
  while (fields.next()) {
    if (fields.number === 1) key = text(fields);
    else if (fields.number === 2) value = anyValue(fields.bytes(), depth);
    else fields.skip();
  }
  return [key, value];
}

function anyValue(bytes: Uint8Array, depth: number): Any {
  if (depth > DEPTH_MAX) throw malformed('attribute values lie too deep in one another');
  const fields = fieldsOf(bytes);
  let value: Any = '';
  while (fields.next()) {
    if (fields.number === 1) value = text(fields);
    else if (fields.number === 2) value = fields.uint64() !== 0;
    else if (fields.number === 3) value = fields.int64();
    else if (fields.number === 4) value = fields.double();
    else if (fields.number === 5) value = listOf(fields.bytes(), depth);
    else if (fields.number === 6) value = objectOf(fields.bytes(), depth);
    else if (fields.number === 7) value = Buffer.from(fields.bytes()).toString('base64');
    else fields.skip();
  }
  return value;
}

function listOf(bytes: Uint8Array, depth: number): Any[] {
  const fields = fieldsOf(bytes);
  const out: Any[] = [];
  while (fields.next()) {
    if (fields.number === 1) out.push(anyValue(fields.bytes(), depth + 1));
    else fields.skip();
  }
  return out;
}

function objectOf(bytes: Uint8Array, depth: number): { [key: string]: Any } {
  const fields = fieldsOf(bytes);
  const out = Object.create(null) as { [key: string]: Any };
  while (fields.next()) {
    if (fields.number !== 1) {
      fields.skip();
      continue;
    }
    const [key, value] = pair(fields.bytes(), depth + 1);
    out[key] = value;
  }
  return out;
}

function scope(bytes: Uint8Array, into: Metric[], packed: boolean): void {
  const fields = fieldsOf(bytes);
  while (fields.next()) {
    if (fields.number === 2) into.push(metric(fields.bytes(), packed));
    else fields.skip();
  }
}

const KINDS = new Map([
  [5, 'gauge'],
  [7, 'sum'],
  [9, 'histogram'],
  [10, 'exponential'],
  [11, 'summary'],
] as const);

function metric(bytes: Uint8Array, packed: boolean): Metric {
  const fields = fieldsOf(bytes);
  const words = ['', '', ''];
  let kind: Metric['kind'] = 'none';
  let data: Uint8Array = new Uint8Array(0);
  while (fields.next()) {
    const { number } = fields;
    const found = KINDS.get(number as 5);
    if (number <= 3) words[number - 1] = text(fields);
    else if (found !== undefined) {
      kind = found;
      data = fields.bytes();
    } else fields.skip();
  }
  const [name, description, unit] = words;
  if (packed && (kind === 'gauge' || kind === 'sum')) {
    return { name, description, unit, kind, ...NO_POINTS, packed: data, ...sumOf(data) };
  }
  return { name, description, unit, kind, ...dataOf(kind, data) };
}

const NO_POINTS = { numbers: [], histograms: [], exponentials: [], summaries: [] } as const;

/** What a Gauge or Sum says beside its points. */
function sumOf(bytes: Uint8Array) {
  const fields = fieldsOf(bytes);
  let temporality = 0;
  let monotonic = false;
  while (fields.next()) {
    if (fields.number === 2) temporality = fields.uint64();
    else if (fields.number === 3) monotonic = fields.uint64() !== 0;
    else fields.skip();
  }
  return { temporality, monotonic };
}

function dataOf(kind: Metric['kind'], bytes: Uint8Array) {
  const fields = fieldsOf(bytes);
  const numbers: NumberPoint[] = [];
  const histograms: HistogramPoint[] = [];
  const exponentials: ExponentialPoint[] = [];
  const summaries: SummaryPoint[] = [];
  let temporality = 0;
  let monotonic = false;
  while (fields.next()) {
    if (fields.number === 1) {
      const point = fields.bytes();
      if (kind === 'histogram') histograms.push(histogramPoint(point));
      else if (kind === 'exponential') exponentials.push(exponentialPoint(point));
      else if (kind === 'summary') summaries.push(summaryPoint(point));
      else numbers.push(numberPoint(point));
    } else if (fields.number === 2) temporality = fields.uint64();
    else if (fields.number === 3) monotonic = fields.uint64() !== 0;
    else fields.skip();
  }
  return { numbers, histograms, exponentials, summaries, temporality, monotonic };
}

/** What every point has, on its way in. */
class Draft {
  readonly attributes = new Map<string, string>();
  timeMs = 0;
  startMs = 0;
  flags = 0;

  /** Reads the times of a point; false for other fields. */
  read(fields: ProtoFields): boolean {
    if (fields.number === 2) this.startMs = millis(fields);
    else if (fields.number === 3) this.timeMs = millis(fields);
    else return false;
    return true;
  }

  get point() {
    const { attributes, timeMs, startMs, flags } = this;
    return { attributes, timeMs, startMs, flags };
  }
}

/** One NumberDataPoint. @throws MonError MON_BODY_MALFORMED. */
export function numberPoint(bytes: Uint8Array): NumberPoint {
  const fields = fieldsOf(bytes);
  const draft = new Draft();
  let value: number | undefined;
  while (fields.next()) {
    if (draft.read(fields)) continue;
    if (fields.number === 4) value = fields.double();
    else if (fields.number === 6) value = signedFixed(fields);
    else if (fields.number === 7) readPair(fields.bytes(), draft.attributes);
    else if (fields.number === 8) draft.flags = fields.uint64();
    else fields.skip();
  }
  return { ...draft.point, value };
}

function histogramPoint(bytes: Uint8Array): HistogramPoint {
  const fields = fieldsOf(bytes);
  const draft = new Draft();
  const counts: number[] = [];
  const bounds: number[] = [];
  let count = 0;
  let sum: number | undefined;
  while (fields.next()) {
    if (draft.read(fields)) continue;
    if (fields.number === 4) count = fixed(fields);
    else if (fields.number === 5) sum = fields.double();
    else if (fields.number === 6) fields.fixed64s(counts);
    else if (fields.number === 7) fields.doubles(bounds);
    else if (fields.number === 9) readPair(fields.bytes(), draft.attributes);
    else if (fields.number === 10) draft.flags = fields.uint64();
    else fields.skip();
  }
  return { ...draft.point, count, sum, bounds, counts };
}

function exponentialPoint(bytes: Uint8Array): ExponentialPoint {
  const fields = fieldsOf(bytes);
  const draft = new Draft();
  const figures = { count: 0, scale: 0, zeroCount: 0, zeroThreshold: 0 };
  let sum: number | undefined;
  let positive: ExponentialBuckets = { offset: 0, counts: [] };
  let negative = positive;
  while (fields.next()) {
    if (draft.read(fields)) continue;
    if (fields.number === 1) readPair(fields.bytes(), draft.attributes);
    else if (fields.number === 4) figures.count = fixed(fields);
    else if (fields.number === 5) sum = fields.double();
    else if (fields.number === 6) figures.scale = fields.sint32();
    else if (fields.number === 7) figures.zeroCount = fixed(fields);
    else if (fields.number === 8) positive = buckets(fields.bytes());
    else if (fields.number === 9) negative = buckets(fields.bytes());
    else if (fields.number === 10) draft.flags = fields.uint64();
    else if (fields.number === 14) figures.zeroThreshold = fields.double();
    else fields.skip();
  }
  return { ...draft.point, ...figures, sum, positive, negative };
}

function buckets(bytes: Uint8Array): ExponentialBuckets {
  const fields = fieldsOf(bytes);
  const counts: number[] = [];
  let offset = 0;
  while (fields.next()) {
    if (fields.number === 1) offset = fields.sint32();
    else if (fields.number === 2) fields.uint64s(counts);
    else fields.skip();
  }
  return { offset, counts };
}

function summaryPoint(bytes: Uint8Array): SummaryPoint {
  const fields = fieldsOf(bytes);
  const draft = new Draft();
  const quantiles: [number, number][] = [];
  let count = 0;
  let sum = 0;
  while (fields.next()) {
    if (draft.read(fields)) continue;
    if (fields.number === 4) count = fixed(fields);
    else if (fields.number === 5) sum = fields.double();
    else if (fields.number === 6) quantiles.push(quantile(fields.bytes()));
    else if (fields.number === 7) readPair(fields.bytes(), draft.attributes);
    else if (fields.number === 8) draft.flags = fields.uint64();
    else fields.skip();
  }
  return { ...draft.point, count, sum, quantiles };
}

function quantile(bytes: Uint8Array): [number, number] {
  const fields = fieldsOf(bytes);
  const out: [number, number] = [0, 0];
  while (fields.next()) {
    if (fields.number === 1) out[0] = fields.double();
    else if (fields.number === 2) out[1] = fields.double();
    else fields.skip();
  }
  return out;
}
