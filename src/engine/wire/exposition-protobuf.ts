// Prometheus' protobuf exposition, length-delimited MetricFamily messages, into the columns of the
// text formats: the way by which scraped native histograms come. Each series is spelled as text
// would spell it, so that everything behind the parser stays the same. Easy to get wrong: what
// comes back is new bytes, and the ranges in the columns are ranges of these, not of the body.
// Source: prometheus/client_model, io/prometheus/client/metrics.proto.
import { BytePen } from '../codec/byte-pen.ts';
import { ProtoFields } from '../codec/proto-fields.ts';
import { MonError } from '../errors.ts';
import { SCRAPE_BYTES_MAX } from '../limits.ts';
import { METADATA, type MetadataKind, type ParsedExposition } from './exposition-columns.ts';
import { goNumber } from './go-number.ts';
import { NativeDraft } from './protobuf-histogram.ts';

/** What a scrape that wants native histograms asks for. */
export const ACCEPT_PROTOBUF =
  'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;' +
  'q=0.7,';

/** Whether a Content-Type header names this format. */
export function isProtobuf(contentType: string): boolean {
  const [type, ...rest] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (type !== 'application/vnd.google.protobuf') return false;
  return rest.includes('encoding=delimited') || rest.length === 0;
}

const TYPES = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram'];
const [SUMMARY, HISTOGRAM, GAUGE_HISTOGRAM] = [2, 4, 5];
const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function malformed(what: string): MonError {
  return new MonError('MON_BODY_MALFORMED', `protobuf: ${what}`);
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed('a name or value is not UTF-8');
  }
}

function fieldsOf(bytes: Uint8Array): ProtoFields {
  return new ProtoFields(bytes, malformed);
}

function escaped(text: string): string {
  return text.replace(/[\\\n"]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}

/** One number that a message holds, as its words. */
interface Bits {
  low: number;
  high: number;
}

/** Parses a body; `classic` keeps the classic buckets of histograms that are also native. */
class FamilyReader {
  readonly #into: ParsedExposition;
  readonly #classic: boolean;
  readonly #pen = new BytePen(4096);
  readonly #double = new Float64Array(1);
  readonly #words = new Uint32Array(this.#double.buffer);
  #name = '';
  #type = 0;
  #labels = '';
  #timeMs = NaN;

  constructor(into: ParsedExposition, classic: boolean) {
    this.#into = into;
    this.#classic = classic;
  }

  text(): Uint8Array {
    return this.#pen.take();
  }

  family(message: Uint8Array): void {
    const fields = fieldsOf(message);
    const metrics: Uint8Array[] = [];
    const told = { help: '', unit: '' };
    this.#name = '';
    this.#type = 0;
    while (fields.next()) {
      if (fields.number === 1) this.#name = textOf(fields.bytes());
      else if (fields.number === 2) told.help = textOf(fields.bytes());
      else if (fields.number === 3) this.#type = fields.uint64();
      else if (fields.number === 4) metrics.push(fields.bytes());
      else if (fields.number === 5) told.unit = textOf(fields.bytes());
      else fields.skip();
    }
    if (this.#name === '') throw malformed('a metric family without a name');
    this.#metadata(METADATA.type, TYPES[this.#type] ?? 'unknown');
    if (told.help !== '') this.#metadata(METADATA.help, escaped(told.help));
    if (told.unit !== '') this.#metadata(METADATA.unit, told.unit);
    for (const metric of metrics) this.#metric(metric);
  }

  #metadata(kind: MetadataKind, text: string): void {
    const row = this.#into.nextMetadata(kind);
    const plain = PLAIN_NAME.test(this.#name);
    const ranges = [
      ...this.#range(plain ? this.#name : `"${escaped(this.#name)}"`),
      ...this.#range(text),
    ];
    this.#into.metadataRanges.set(ranges, row);
  }

  /** Writes a text and a newline, which ends a name; answers from and to. */
  #range(text: string): [number, number] {
    const from = this.#pen.length;
    this.#pen.raw(Buffer.from(`${text}\n`));
    if (this.#pen.length > SCRAPE_BYTES_MAX) {
      throw new MonError('MON_BODY_TOO_LARGE', `the body is larger than ${SCRAPE_BYTES_MAX} bytes`);
    }
    return [from, this.#pen.length - 1];
  }

  #metric(message: Uint8Array): void {
    const fields = fieldsOf(message);
    const labels: string[] = [];
    let part: Uint8Array | undefined;
    let kind = 0;
    this.#timeMs = NaN;
    while (fields.next()) {
      const { number } = fields;
      if (number === 1) labels.push(labelText(fields.bytes()));
      else if (number === 6) this.#timeMs = fields.int64();
      else if ((number >= 2 && number <= 5) || number === 7) {
        kind = number;
        part = fields.bytes();
      } else fields.skip();
    }
    if (part === undefined) throw malformed(`a metric of ${quoted(this.#name)} without a value`);
    this.#labels = labels.join(',');
    if (kind === 4) this.#summary(part);
    else if (kind === 7) this.#histogram(part);
    else this.#sample(this.#name, '', doubleField(part, 1));
    const wants = this.#type === SUMMARY ? 4 : this.#type >= HISTOGRAM ? 7 : 0;
    if (wants !== 0 && kind !== wants) throw malformed(`${quoted(this.#name)} has another type`);
  }

  #summary(message: Uint8Array): void {
    const fields = fieldsOf(message);
    let count = 0;
    let sum: Bits = { low: 0, high: 0 };
    while (fields.next()) {
      if (fields.number === 1) count = fields.uint64();
      else if (fields.number === 2) sum = bitsOf(fields);
      else if (fields.number === 3) {
        const quantile = fields.bytes();
        const [at, value] = [doubleField(quantile, 1), doubleField(quantile, 2)];
        this.#sample(this.#name, `quantile="${goNumber(this.#numberOf(at))}"`, value);
      } else fields.skip();
    }
    this.#sample(`${this.#name}_sum`, '', sum);
    this.#sample(`${this.#name}_count`, '', this.#bits(count));
  }

  #histogram(message: Uint8Array): void {
    const fields = fieldsOf(message);
    const draft = new NativeDraft(malformed);
    const buckets: Uint8Array[] = [];
    while (fields.next()) {
      if (fields.number === 3) buckets.push(fields.bytes());
      else if (!draft.read(fields)) fields.skip();
    }
    const native = draft.native;
    if (native) {
      const i = this.#row(this.#name, '');
      const histogram = draft.finish(this.#type === GAUGE_HISTOGRAM);
      this.#into.histograms.set(i, { histogram, integer: draft.integer, startMs: draft.startMs });
      if (!this.#classic || buckets.length === 0) return;
    }
    for (const bucket of buckets) this.#bucket(bucket, draft);
    const total = this.#bits(draft.count);
    if (!draft.hasInfinite) this.#sample(`${this.#name}_bucket`, 'le="+Inf"', total);
    this.#sample(`${this.#name}_sum`, '', draft.sum);
    this.#sample(`${this.#name}_count`, '', total);
  }

  #bucket(message: Uint8Array, draft: NativeDraft): void {
    const fields = fieldsOf(message);
    let [count, bound] = [0, 0];
    while (fields.next()) {
      if (fields.number === 1) count = count === 0 ? fields.uint64() : (fields.uint64(), count);
      else if (fields.number === 2) bound = fields.double();
      else if (fields.number === 4) {
        const given = fields.double();
        if (given > 0) count = given;
      } else fields.skip();
    }
    if (bound === Infinity) draft.hasInfinite = true;
    this.#sample(`${this.#name}_bucket`, `le="${goNumber(bound)}"`, this.#bits(count));
  }

  #bits(value: number): Bits {
    this.#double[0] = value;
    return { low: this.#words[0], high: this.#words[1] };
  }

  #numberOf({ low, high }: Bits): number {
    this.#words[0] = low;
    this.#words[1] = high;
    return this.#double[0];
  }

  #sample(name: string, more: string, { low, high }: Bits): void {
    const i = this.#row(name, more);
    this.#into.words[i * 2] = low;
    this.#into.words[i * 2 + 1] = high;
  }

  /** Adds a row without a value. */
  #row(name: string, more: string): number {
    const into = this.#into;
    const i = into.count;
    if (i === into.values.length) into.grow();
    const parts = [this.#labels, more].filter((part) => part !== '');
    const plain = PLAIN_NAME.test(name);
    if (!plain) parts.unshift(`"${escaped(name)}"`);
    const braces = parts.length === 0 ? '' : `{${parts.join(',')}}`;
    const [start, end] = this.#range(plain ? name + braces : braces);
    into.starts[i] = start;
    into.ends[i] = end;
    into.timestamps[i] = this.#timeMs;
    into.count = i + 1;
    return i;
  }
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}

function labelText(message: Uint8Array): string {
  const fields = fieldsOf(message);
  let [name, value] = ['', ''];
  while (fields.next()) {
    if (fields.number === 1) name = textOf(fields.bytes());
    else if (fields.number === 2) value = textOf(fields.bytes());
    else fields.skip();
  }
  if (name === '') throw malformed('a label without a name');
  return `${PLAIN_LABEL.test(name) ? name : `"${escaped(name)}"`}="${escaped(value)}"`;
}

function bitsOf(fields: ProtoFields): Bits {
  fields.double();
  return { low: fields.lastLow, high: fields.lastHigh };
}

/** A double of a small message by its number; 0 where it is missing, as protobuf has it. */
function doubleField(message: Uint8Array, number: number): Bits {
  const fields = fieldsOf(message);
  let found: Bits = { low: 0, high: 0 };
  while (fields.next()) {
    if (fields.number === number) found = bitsOf(fields);
    else fields.skip();
  }
  return found;
}

/** The length before a message, and where the message begins. */
function lengthAt(bytes: Uint8Array, at: number): [length: number, from: number] {
  let length = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    if (at >= bytes.length) throw malformed('cut off');
    const byte = bytes[at++];
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [length, at];
  }
  throw malformed('a length without end');
}

/**
 * Parses a body into reused columns and answers the bytes that their ranges mean.
 * @throws MonError MON_BODY_MALFORMED, MON_BODY_TOO_LARGE; `into` is then empty.
 */
export function parseProtobuf(
  bytes: Uint8Array,
  into: ParsedExposition,
  classic: boolean,
): Uint8Array {
  into.clear();
  const reader = new FamilyReader(into, classic);
  try {
    for (let at = 0; at < bytes.length;) {
      const [length, from] = lengthAt(bytes, at);
      at = from + length;
      if (at > bytes.length) throw malformed('cut off');
      reader.family(bytes.subarray(from, at));
    }
  } catch (thrown) {
    into.clear();
    throw thrown;
  }
  return reader.text();
}
