// The Histogram message of Prometheus' protobuf exposition on its way in: the figures that classic
// and native histograms share, and the spans of native ones. It stands beside the parser of the
// format. Easy to get wrong: a native histogram without observations is told from a classic one
// only by an empty span. Source: prometheus/client_model, io/prometheus/client/metrics.proto.
import { ProtoFields } from '../codec/proto-fields.ts';
import type { BucketList, FloatHistogram } from '../model/histogram.ts';
import { HINT, indexesOf, makeHistogram, SCHEMA_MAX, SCHEMA_MIN } from '../model/histogram.ts';

/** Buckets of one histogram that are taken; spans may claim any number. */
const BUCKETS_MAX = 65_536;

class Side {
  readonly spans: number[] = [];
  readonly deltas: number[] = [];
  readonly counts: number[] = [];

  /** Buckets with absolute counts. */
  list(wrong: (what: string) => Error): BucketList {
    const { spans, deltas, counts } = this;
    let total = 0;
    let index = 0;
    for (let i = 0; i < spans.length; i += 2) {
      if (i > 0 && spans[i] < 0) throw wrong('a span goes backwards');
      total += spans[i + 1];
      index += spans[i] + spans[i + 1];
      if (Math.abs(index) >= 2 ** 31) throw wrong('a span ends nowhere');
    }
    const given = counts.length > 0 ? counts : deltas;
    if (total > BUCKETS_MAX) throw wrong(`more than ${BUCKETS_MAX} buckets`);
    if (total !== given.length) throw wrong(`${total} buckets in spans, ${given.length} counts`);
    const out = Float64Array.from(given);
    if (given === deltas) for (let i = 1; i < out.length; i++) out[i] += out[i - 1];
    for (const count of out) if (!(count >= 0)) throw wrong('a bucket has a negative count');
    return { indexes: indexesOf(spans), counts: out };
  }
}

/** What has been read of one message. */
export class NativeDraft {
  /** True once a bucket up to infinity was seen. */
  hasInfinite = false;
  count = 0;
  /** The words of the sum. */
  sum = { low: 0, high: 0 };
  integer = true;
  startMs = 0;
  readonly #wrong: (what: string) => Error;
  readonly #negative = new Side();
  readonly #positive = new Side();
  #sum = 0;
  #schema = 0;
  #zeroThreshold = 0;
  #zeroCount = 0;

  constructor(wrong: (what: string) => Error) {
    this.#wrong = wrong;
  }

  /** Whether the message holds a native histogram. */
  get native(): boolean {
    const spans = this.#positive.spans.length + this.#negative.spans.length;
    return spans > 0 || this.#zeroThreshold > 0 || this.#zeroCount > 0;
  }

  /** Reads the field at hand; false when it is none of a histogram's. */
  read(fields: ProtoFields): boolean {
    return this.#readCount(fields) || this.#readFigure(fields) || this.#readList(fields);
  }

  /** @throws what `wrong` makes of buckets that fit no native histogram. */
  finish(gauge: boolean): FloatHistogram {
    if (this.#schema < SCHEMA_MIN || this.#schema > SCHEMA_MAX) {
      throw this.#wrong(`schema ${this.#schema}`);
    }
    if (!(this.#zeroThreshold >= 0)) throw this.#wrong('a negative zero threshold');
    if (!(this.count >= 0 && this.#zeroCount >= 0)) throw this.#wrong('a negative count');
    return makeHistogram({
      hint: gauge ? HINT.gauge : HINT.unknown,
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: this.#zeroCount,
      count: this.count,
      sum: this.#sum,
      negative: this.#negative.list(this.#wrong),
      positive: this.#positive.list(this.#wrong),
    });
  }

  #readCount(fields: ProtoFields): boolean {
    switch (fields.number) {
      case 1:
        this.#take(fields.uint64(), true);
        return true;
      case 4:
        this.#take(fields.double(), false);
        return true;
      case 7:
        this.#zeroCount = Math.max(this.#zeroCount, fields.uint64());
        return true;
      case 8:
        this.#zeroCount = Math.max(this.#zeroCount, fields.double());
        return true;
      default:
        return false;
    }
  }

  /** A count of 0 in one form leaves what the other form says. */
  #take(count: number, integer: boolean): void {
    if (count === 0 && this.count > 0) return;
    this.count = count;
    if (count > 0) this.integer = integer;
  }

  #readFigure(fields: ProtoFields): boolean {
    switch (fields.number) {
      case 2:
        this.#sum = fields.double();
        this.sum = { low: fields.lastLow, high: fields.lastHigh };
        return true;
      case 5:
        this.#schema = fields.sint32();
        return true;
      case 6:
        this.#zeroThreshold = fields.double();
        return true;
      case 15:
        this.startMs = timestampMs(fields.bytes(), this.#wrong);
        return true;
      default:
        return false;
    }
  }

  #readList(fields: ProtoFields): boolean {
    const [negative, positive] = [this.#negative, this.#positive];
    switch (fields.number) {
      case 9:
        negative.spans.push(...span(fields.bytes(), this.#wrong));
        return true;
      case 10:
        fields.sint64s(negative.deltas);
        return true;
      case 11:
        fields.doubles(negative.counts);
        return true;
      case 12:
        positive.spans.push(...span(fields.bytes(), this.#wrong));
        return true;
      case 13:
        fields.sint64s(positive.deltas);
        return true;
      case 14:
        fields.doubles(positive.counts);
        return true;
      default:
        return false;
    }
  }
}

function span(bytes: Uint8Array, wrong: (what: string) => Error): [number, number] {
  const fields = new ProtoFields(bytes, wrong);
  let [offset, length] = [0, 0];
  while (fields.next()) {
    if (fields.number === 1) offset = fields.sint32();
    else if (fields.number === 2) length = fields.uint64();
    else fields.skip();
  }
  return [offset, length];
}

/** A google.protobuf.Timestamp in ms. */
function timestampMs(bytes: Uint8Array, wrong: (what: string) => Error): number {
  const fields = new ProtoFields(bytes, wrong);
  let [seconds, nanos] = [0, 0];
  while (fields.next()) {
    if (fields.number === 1) seconds = fields.int64();
    else if (fields.number === 2) nanos = fields.int64();
    else fields.skip();
  }
  const ms = seconds * 1000 + Math.floor(nanos / 1e6);
  if (!Number.isSafeInteger(ms)) throw wrong('a time out of range');
  return ms;
}
