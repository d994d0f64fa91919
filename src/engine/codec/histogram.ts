// A native histogram <-> the Histogram message of remote write 1.0 and 2.0 (the fields are the
// same): the body of a histogram sample in a log record. Integer histograms carry deltas from
// bucket to bucket, float ones absolute counts. Easy to get wrong: a stale histogram is a sum
// with the stale marker's bits, which no JavaScript number can be trusted to keep; spans may
// claim any length, so they are held against the counts before memory is taken.
// Source: prometheus/prompb/io/prometheus/write/v2/types.proto.
import { MonError } from '../errors.ts';
import {
  CUSTOM_SCHEMA,
  HINT,
  SCHEMA_MAX,
  SCHEMA_MIN,
  indexesOf,
  isCustom,
  makeHistogram,
  spansOf,
} from '../model/histogram.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import { ProtoFields } from './proto-fields.ts';
import { ProtoPen } from './proto-pen.ts';
import type { BucketList, FloatHistogram, ResetHint } from '../model/histogram.ts';

/** The numbers of the message's fields. */
const FIELD = {
  countInt: 1,
  countFloat: 2,
  sum: 3,
  schema: 4,
  zeroThreshold: 5,
  zeroCountInt: 6,
  zeroCountFloat: 7,
  negativeSpans: 8,
  negativeDeltas: 9,
  negativeCounts: 10,
  positiveSpans: 11,
  positiveDeltas: 12,
  positiveCounts: 13,
  resetHint: 14,
  timestamp: 15,
  customValues: 16,
  startTimestamp: 17,
} as const;

/** The highest schema that is taken; what is finer than 8 is brought down to it. */
const SCHEMA_RESERVED_MAX = 52;

/** What a message says. */
export interface HistogramMessage {
  readonly histogram: FloatHistogram;
  /** Counts are whole numbers and were sent as such. */
  readonly integer: boolean;
  /** The stale marker: the series has ended here. */
  readonly stale: boolean;
  /** Milliseconds. */
  readonly timestampMs: number;
  /** When the counter began, in ms; 0 where unknown. */
  readonly startMs: number;
}

function malformed(what: string): MonError {
  return new MonError('MON_RECORD_MALFORMED', `histogram: ${what}`);
}

interface Side {
  readonly spans: number[];
  readonly deltas: number[];
  readonly counts: number[];
}

/** A message on its way in. */
interface Draft {
  count: number;
  sum: number;
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  hint: number;
  timestampMs: number;
  startMs: number;
  integer: boolean;
  stale: boolean;
  readonly negative: Side;
  readonly positive: Side;
  readonly custom: number[];
}

function emptyDraft(): Draft {
  return {
    count: 0,
    sum: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    hint: 0,
    timestampMs: 0,
    startMs: 0,
    integer: true,
    stale: false,
    negative: { spans: [], deltas: [], counts: [] },
    positive: { spans: [], deltas: [], counts: [] },
    custom: [],
  };
}

/** Reads a message. @throws MonError MON_RECORD_MALFORMED for bytes that are no valid histogram. */
export function decodeHistogram(bytes: Uint8Array): HistogramMessage {
  const fields = new ProtoFields(bytes, malformed);
  const draft = emptyDraft();
  while (fields.next()) {
    const known = readCount(fields, draft) || readFigure(fields, draft) || readList(fields, draft);
    if (!known) fields.skip();
  }
  const { count, sum, schema, zeroThreshold, zeroCount, hint, integer } = draft;
  const histogram = makeHistogram({
    hint: (hint > HINT.gauge ? HINT.unknown : hint) as ResetHint,
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    negative: bucketList(draft.negative, integer),
    positive: bucketList(draft.positive, integer),
    custom: Float64Array.from(draft.custom),
  });
  const { stale, timestampMs, startMs } = draft;
  return { histogram: checked(histogram), integer, stale, timestampMs, startMs };
}

/** Reads a count, which is sent in one of two forms; false for other fields. */
function readCount(fields: ProtoFields, draft: Draft): boolean {
  switch (fields.number) {
    case FIELD.countInt:
      draft.count = fields.uint64();
      return true;
    case FIELD.countFloat:
      draft.count = fields.double();
      draft.integer = false;
      return true;
    case FIELD.zeroCountInt:
      draft.zeroCount = fields.uint64();
      return true;
    case FIELD.zeroCountFloat:
      draft.zeroCount = fields.double();
      return true;
    default:
      return false;
  }
}

/** Reads a field that holds one number; false for others. */
function readFigure(fields: ProtoFields, draft: Draft): boolean {
  switch (fields.number) {
    case FIELD.sum:
      draft.sum = fields.double();
      draft.stale = fields.lastLow === STALE_LOW && fields.lastHigh === STALE_HIGH;
      return true;
    case FIELD.schema:
      draft.schema = fields.sint32();
      return true;
    case FIELD.zeroThreshold:
      draft.zeroThreshold = fields.double();
      return true;
    case FIELD.resetHint:
      draft.hint = fields.uint64();
      return true;
    case FIELD.timestamp:
      draft.timestampMs = fields.int64();
      return true;
    case FIELD.startTimestamp:
      draft.startMs = fields.int64();
      return true;
    default:
      return false;
  }
}

/** Reads a field that may come many times; false for others. */
function readList(fields: ProtoFields, draft: Draft): boolean {
  const { negative, positive, custom } = draft;
  switch (fields.number) {
    case FIELD.negativeSpans:
      negative.spans.push(...span(fields.bytes()));
      return true;
    case FIELD.negativeDeltas:
      fields.sint64s(negative.deltas);
      return true;
    case FIELD.negativeCounts:
      fields.doubles(negative.counts);
      return true;
    case FIELD.positiveSpans:
      positive.spans.push(...span(fields.bytes()));
      return true;
    case FIELD.positiveDeltas:
      fields.sint64s(positive.deltas);
      return true;
    case FIELD.positiveCounts:
      fields.doubles(positive.counts);
      return true;
    case FIELD.customValues:
      fields.doubles(custom);
      return true;
    default:
      return false;
  }
}

function span(bytes: Uint8Array): [number, number] {
  const fields = new ProtoFields(bytes, malformed);
  let [offset, length] = [0, 0];
  while (fields.next()) {
    if (fields.number === 1) offset = fields.sint32();
    else if (fields.number === 2) length = fields.uint64();
    else fields.skip();
  }
  return [offset, length];
}

function bucketList({ spans, deltas, counts }: Side, integer: boolean): BucketList {
  const given = integer ? deltas : counts;
  let total = 0;
  let index = 0;
  for (let i = 0; i < spans.length; i += 2) {
    if (i > 0 && spans[i] < 0) throw malformed('a span goes backwards');
    total += spans[i + 1];
    index += spans[i] + spans[i + 1];
    if (Math.abs(index) >= 2 ** 31) throw malformed('a span ends nowhere');
  }
  if (total !== given.length) throw malformed(`${total} buckets in spans, ${given.length} counts`);
  const out = Float64Array.from(given);
  // Sums of deltas are exact as long as counts are below 2^53.
  if (integer) for (let i = 1; i < out.length; i++) out[i] += out[i - 1];
  for (const value of out) if (value < 0) throw malformed('a bucket has a negative count');
  return { indexes: indexesOf(spans), counts: out };
}

function checked(histogram: FloatHistogram): FloatHistogram {
  const { schema, count, zeroCount, zeroThreshold, negative, positive, custom } = histogram;
  if (count < 0 || zeroCount < 0) throw malformed('a negative count');
  if (schema === CUSTOM_SCHEMA) {
    const plain = zeroCount === 0 && zeroThreshold === 0 && negative.indexes.length === 0;
    if (!plain) throw malformed('custom buckets go with no zero bucket and no negative ones');
    const [first = 0] = positive.indexes;
    const last = positive.indexes.at(-1) ?? 0;
    if (first < 0 || last > custom.length) throw malformed('too few custom bounds');
    for (let i = 0; i < custom.length; i++) {
      const rising = i === 0 || custom[i] > custom[i - 1];
      if (!rising || Number.isNaN(custom[i]) || custom[i] === Infinity) {
        throw malformed('custom bounds have to rise and be finite');
      }
    }
    return histogram;
  }
  if (schema < SCHEMA_MIN || schema > SCHEMA_RESERVED_MAX) throw malformed(`schema ${schema}`);
  if (custom.length > 0) throw malformed('custom bounds without custom buckets');
  if (!(zeroThreshold >= 0)) throw malformed('a negative zero threshold');
  if (schema <= SCHEMA_MAX) return histogram;
  const by = schema - SCHEMA_MAX;
  const lists = { negative: coarser(negative, by), positive: coarser(positive, by) };
  return { ...histogram, ...lists, schema: SCHEMA_MAX };
}

function coarser({ indexes, counts }: BucketList, by: number): BucketList {
  const found = new Map<number, number>();
  indexes.forEach((index, i) => {
    const to = by > 31 ? Math.ceil(index / 2 ** by) : ((index - 1) >> by) + 1;
    found.set(to, (found.get(to) ?? 0) + counts[i]);
  });
  return { indexes: Int32Array.from(found.keys()), counts: Float64Array.from(found.values()) };
}

/** How a message is written. */
export interface HistogramForm {
  readonly timestampMs?: number;
  readonly startMs?: number;
  /** Writes the stale marker as sum. */
  readonly stale?: boolean;
  /** Whole counts as deltas; who asks for it knows that they are whole and below 2^53. */
  readonly integer?: boolean;
}

/** Writes a message; a fresh array. */
export function encodeHistogram(histogram: FloatHistogram, form: HistogramForm = {}): Uint8Array {
  const { integer = false, stale = false, timestampMs = 0, startMs = 0 } = form;
  const pen = new ProtoPen();
  if (integer) pen.uint64(FIELD.countInt, histogram.count);
  else pen.double(FIELD.countFloat, histogram.count, true);
  if (stale) pen.bits(FIELD.sum, STALE_LOW, STALE_HIGH);
  else pen.double(FIELD.sum, histogram.sum);
  pen.sint32(FIELD.schema, histogram.schema);
  pen.double(FIELD.zeroThreshold, histogram.zeroThreshold);
  if (!isCustom(histogram)) {
    if (integer) pen.uint64(FIELD.zeroCountInt, histogram.zeroCount);
    else pen.double(FIELD.zeroCountFloat, histogram.zeroCount, true);
  }
  side(pen, histogram.negative, integer, FIELD.negativeSpans);
  side(pen, histogram.positive, integer, FIELD.positiveSpans);
  pen.uint64(FIELD.resetHint, histogram.hint);
  pen.int64(FIELD.timestamp, timestampMs);
  pen.doubles(FIELD.customValues, histogram.custom);
  pen.int64(FIELD.startTimestamp, startMs);
  return pen.take();
}

/** Spans, deltas and counts stand in three fields one after the other. */
function side(pen: ProtoPen, list: BucketList, integer: boolean, field: number): void {
  const spans = spansOf(list);
  for (let i = 0; i < spans.length; i += 2) {
    const inner = new ProtoPen();
    inner.sint32(1, spans[i]);
    inner.uint64(2, spans[i + 1]);
    pen.bytes(field, inner.take());
  }
  const { counts } = list;
  if (!integer) return pen.doubles(field + 2, counts);
  const deltas = counts.map((count, i) => count - (i === 0 ? 0 : counts[i - 1]));
  pen.sint64s(field + 1, deltas);
}
