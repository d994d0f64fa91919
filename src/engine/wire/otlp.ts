// OTLP metrics over HTTP, protobuf or JSON, into the form of remote write 1.0, with the names that
// Prometheus gives them: units and `_total` as suffixes, resource attributes as `target_info`.
// Easy to get wrong: delta sums are no counters and are refused with a reason; an exponential
// histogram's buckets are (lower, upper] as ours are, but its indexes begin one lower.
// Sources: opentelemetry-proto metrics.proto; OpenTelemetry's specification of compatibility with
// Prometheus; Prometheus' otlptranslator for units.
import { encodeHistogram } from '../codec/histogram.ts';
import { HINT, makeHistogram, SCHEMA_MAX, SCHEMA_MIN } from '../model/histogram.ts';
import type { BucketList, FloatHistogram } from '../model/histogram.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import { goNumber } from './go-number.ts';
import { metricName, labelName } from './otlp-names.ts';
import { PointScan } from './otlp-points.ts';
import { numberPoint, readAttributes } from './otlp-protobuf.ts';
import type {
  Attributes,
  ExponentialPoint,
  HistogramPoint,
  Metric,
  NumberPoint,
  Resource,
  SummaryPoint,
} from './otlp-model.ts';
import { SeriesRuns } from './series-runs.ts';
import { WritePen } from './write-pen.ts';

/** Attributes that become job and instance. */
const SERVICE = ['service.namespace', 'service.name', 'service.instance.id'];
const EXAMPLES_MAX = 5;
/** The flag of a data point that says that there is no value. */
const NO_VALUE = 1;
const CUMULATIVE = 2;
/** The field of a NumberDataPoint that holds its attributes. */
const POINT_ATTRIBUTES = 7;
/** Labels by their attributes' bytes, for all bodies. */
const runs = new SeriesRuns();
/** Where labels are spelled before they are kept. */
const spelling = new WritePen();

type Pairs = readonly (readonly [string, string])[];

export interface OtlpCounts {
  samples: number;
  /** Data points that were not taken, and a sentence about the first few. */
  refused: number;
  readonly examples: string[];
}

/** Writes the samples of all resources with `pen`. */
export function fromOtlp(
  resources: readonly Resource[],
  pen: WritePen,
  receivedMs: number,
): OtlpCounts {
  const writer = new OtlpWriter(pen, receivedMs);
  for (const resource of resources) writer.resource(resource);
  return writer.counts;
}

class OtlpWriter {
  readonly counts: OtlpCounts = { samples: 0, refused: 0, examples: [] };
  readonly #pen: WritePen;
  readonly #receivedMs: number;
  readonly #told = new Set<string>();
  /** Labels of the resource: job and instance. */
  #identity: readonly (readonly [string, string])[] = [];
  #lastMs = 0;
  readonly #scan = new PointScan();

  constructor(pen: WritePen, receivedMs: number) {
    this.#pen = pen;
    this.#receivedMs = receivedMs;
  }

  resource({ attributes, metrics }: Resource): void {
    const [namespace, name, instance] = SERVICE.map((key) => attributes.get(key) ?? '');
    const job = namespace === '' || name === '' ? name : `${namespace}/${name}`;
    this.#identity = (
      [
        ['instance', instance],
        ['job', job],
      ] as const
    ).filter(([, value]) => value !== '');
    this.#lastMs = 0;
    for (const metric of metrics) this.#metric(metric);
    this.#targetInfo(attributes);
  }

  /** The other attributes of the resource, as labels of one series of their own. */
  #targetInfo(attributes: Attributes): void {
    const rest = new Map([...attributes].filter(([key]) => !SERVICE.includes(key)));
    if (rest.size === 0 || this.#identity.length === 0 || this.#lastMs === 0) return;
    this.#sample('target_info', rest, [], 1, this.#lastMs);
  }

  #metric(metric: Metric): void {
    const name = metricName(metric);
    if (name === '') return this.#refuse('a metric without a name', pointsIn(metric));
    if (metric.temporality !== CUMULATIVE && metric.temporality !== 0) {
      const words = `${name}: delta temporality; send cumulative values, or convert on the way`;
      return this.#refuse(words, pointsIn(metric));
    }
    if (!this.#told.has(name)) {
      this.#told.add(name);
      this.#pen.metadata(name, typeOf(metric), metric.description, metric.unit);
    }
    if (metric.packed !== undefined) this.#packed(name, metric.packed);
    for (const point of metric.numbers) this.#number(name, point);
    for (const point of metric.histograms) this.#histogram(name, point);
    for (const point of metric.exponentials) this.#exponential(name, point);
    for (const point of metric.summaries) this.#summary(name, point);
  }

  /** Number points as they lie in the body: labels that were spelled so before are known. */
  #packed(name: string, message: Uint8Array): void {
    const scan = this.#scan;
    const context = runs.context(`${name}\u0000${this.#identity.join('\u0000')}`);
    scan.begin(message);
    while (scan.next()) {
      if (scan.unusual) {
        this.#number(name, numberPoint(message.subarray(scan.from, scan.to)));
        continue;
      }
      const { attributesFrom: from, attributesTo: to } = scan;
      const run = runs.find(context, message, from, to) ?? this.#spell(name, context, message);
      this.#pen.begin();
      this.#pen.canonical(run);
      const time = this.#time(scan.timeMs);
      const form = (scan.flags & NO_VALUE) !== 0 ? 0 : scan.form;
      if (form === 1) this.#pen.sampleBits(scan.low, scan.high, time);
      else if (form === 2) this.#pen.sample(scan.integer, time);
      else this.#pen.sampleBits(STALE_LOW, STALE_HIGH, time);
      this.#pen.end();
      this.counts.samples++;
    }
  }

  /** The labels of the point at hand, kept for the next time. */
  #spell(name: string, context: number, message: Uint8Array): Uint8Array {
    const { attributesFrom: from, attributesTo: to } = this.#scan;
    const attributes = new Map<string, string>();
    readAttributes(message.subarray(from, to), POINT_ATTRIBUTES, attributes);
    const pen = spelling;
    pen.clear();
    pen.begin();
    const empty = pen.written.length;
    this.#labels(pen, name, attributes, []);
    const run = pen.written.slice(empty);
    runs.keep(context, message.slice(from, to), run);
    return run;
  }

  #refuse(words: string, points: number): void {
    this.counts.refused += points;
    if (this.counts.examples.length < EXAMPLES_MAX) this.counts.examples.push(words);
  }

  #number(name: string, point: NumberPoint): void {
    const value = (point.flags & NO_VALUE) !== 0 ? undefined : point.value;
    this.#sample(name, point.attributes, [], value, this.#time(point.timeMs));
  }

  #time(timeMs: number): number {
    const time = timeMs > 0 ? timeMs : this.#receivedMs;
    this.#lastMs = Math.max(this.#lastMs, time);
    return time;
  }

  #histogram(name: string, point: HistogramPoint): void {
    const { attributes, bounds, counts, flags } = point;
    const time = this.#time(point.timeMs);
    const gone = (flags & NO_VALUE) !== 0;
    if (counts.length > 0 && counts.length !== bounds.length + 1) {
      return this.#refuse(`${name}: ${counts.length} buckets for ${bounds.length} bounds`, 1);
    }
    let sum = 0;
    for (let i = 0; i < bounds.length; i++) {
      sum += counts[i] ?? 0;
      const le = goNumber(bounds[i]);
      this.#sample(`${name}_bucket`, attributes, [['le', le]], gone ? undefined : sum, time);
    }
    const count = gone ? undefined : point.count;
    this.#sample(`${name}_bucket`, attributes, [['le', '+Inf']], count, time);
    this.#sample(`${name}_count`, attributes, [], count, time);
    if (point.sum !== undefined || gone) {
      this.#sample(`${name}_sum`, attributes, [], gone ? undefined : point.sum, time);
    }
  }

  #exponential(name: string, point: ExponentialPoint): void {
    const time = this.#time(point.timeMs);
    if ((point.flags & NO_VALUE) !== 0) {
      return this.#sample(name, point.attributes, [], undefined, time);
    }
    if (point.scale < SCHEMA_MIN) {
      return this.#refuse(`${name}: scale ${point.scale} is below ${SCHEMA_MIN}`, 1);
    }
    const histogram = nativeOf(point);
    if (histogram === undefined) return this.#refuse(`${name}: a bucket's count is no count`, 1);
    this.#begin(name, point.attributes, []);
    const { startMs } = point;
    const form = { timestampMs: time, startMs, integer: true };
    this.#pen.histogramMessage(encodeHistogram(histogram, form));
    this.#pen.end();
    this.counts.samples++;
  }

  #summary(name: string, point: SummaryPoint): void {
    const time = this.#time(point.timeMs);
    const gone = (point.flags & NO_VALUE) !== 0;
    const { attributes } = point;
    for (const [quantile, value] of point.quantiles) {
      const more = [['quantile', goNumber(quantile)]] as const;
      this.#sample(name, attributes, more, gone ? undefined : value, time);
    }
    this.#sample(`${name}_sum`, attributes, [], gone ? undefined : point.sum, time);
    this.#sample(`${name}_count`, attributes, [], gone ? undefined : point.count, time);
  }

  /** Writes a sample, or the stale marker where there is no value. */
  #sample(
    name: string,
    attributes: Attributes,
    more: Pairs,
    ...[value, timeMs]: [number | undefined, number]
  ): void {
    this.#begin(name, attributes, more);
    if (value === undefined) this.#pen.sampleBits(STALE_LOW, STALE_HIGH, timeMs);
    else this.#pen.sample(value, timeMs);
    this.#pen.end();
    this.counts.samples++;
  }

  #begin(name: string, attributes: Attributes, more: Pairs): void {
    this.#pen.begin();
    this.#labels(this.#pen, name, attributes, more);
  }

  #labels(pen: WritePen, name: string, attributes: Attributes, more: Pairs): void {
    const labels = new Map<string, string>();
    for (const [key, value] of attributes) {
      const label = labelName(key);
      const before = labels.get(label);
      // Attributes that fall together are joined, as Prometheus does.
      labels.set(label, before === undefined ? value : `${before};${value}`);
    }
    for (const [key, value] of this.#identity) labels.set(key, value);
    for (const [key, value] of more) labels.set(key, value);
    labels.set('__name__', name);
    for (const key of [...labels.keys()].sort()) pen.labelText(key, labels.get(key) ?? '');
  }
}

function pointsIn(metric: Metric): number {
  const { numbers, histograms, exponentials, summaries, packed } = metric;
  let walked = 0;
  if (packed !== undefined) {
    const scan = new PointScan();
    scan.begin(packed);
    while (scan.next()) {
      // A body that is malformed is refused as a whole, also where nothing is taken from.
      numberPoint(packed.subarray(scan.from, scan.to));
      walked++;
    }
  }
  return walked + numbers.length + histograms.length + exponentials.length + summaries.length;
}

function typeOf(metric: Metric): string {
  if (metric.summaries.length > 0) return 'summary';
  if (metric.histograms.length + metric.exponentials.length > 0) return 'histogram';
  return metric.kind === 'sum' && metric.monotonic ? 'counter' : 'gauge';
}

/** A native histogram of an exponential one; what is finer than schema 8 is brought down to it. */
function nativeOf(point: ExponentialPoint): FloatHistogram | undefined {
  const { positive, negative } = point;
  const counts = [...positive.counts, ...negative.counts, point.count, point.zeroCount];
  if (!counts.every((count) => count >= 0 && Number.isSafeInteger(count))) return undefined;
  const sides = [positive, negative];
  const near = sides.every((side) => Math.abs(side.offset) + side.counts.length < 2 ** 31);
  if (!near || !Number.isInteger(point.scale)) return undefined;
  const schema = Math.min(point.scale, SCHEMA_MAX);
  const by = point.scale - schema;
  return makeHistogram({
    hint: HINT.unknown,
    schema,
    zeroThreshold: point.zeroThreshold,
    zeroCount: point.zeroCount,
    count: point.count,
    sum: point.sum ?? 0,
    positive: listOf(point.positive, by),
    negative: listOf(point.negative, by),
  });
}

function listOf(buckets: ExponentialPoint['positive'], by: number): BucketList {
  const found = new Map<number, number>();
  buckets.counts.forEach((count, i) => {
    // Bucket i of OTLP is (base^i, base^(i+1)], ours is (base^(i-1), base^i].
    const index = Math.floor((buckets.offset + i) / 2 ** by) + 1;
    found.set(index, (found.get(index) ?? 0) + count);
  });
  const indexes = [...found.keys()].filter((index) => found.get(index) !== 0);
  return {
    indexes: Int32Array.from(indexes),
    counts: Float64Array.from(indexes.map((index) => found.get(index) ?? 0)),
  };
}
