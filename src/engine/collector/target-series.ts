// The series of one target: a body's samples become rows for the door, with the target's labels,
// metric relabelling, limits and staleness. It stands between parser and door; the loop calls it
// once a scrape. Easy to get wrong: first everything is resolved and checked, then written, so that
// a body which fails at its last line leaves no trace.
import { encodeHistogram } from '../codec/histogram.ts';
import { MonError } from '../errors.ts';
import { HISTOGRAM_BYTES_MAX, SCRAPE_SAMPLES_MAX } from '../limits.ts';
import type { Labels } from '../model/labels.ts';
import { makeLabels, NAME } from '../model/labels.ts';
import type { ParsedHistogram } from '../wire/exposition-columns.ts';
import { ParsedExposition } from '../wire/exposition-columns.ts';
import { lineAt, malformed } from '../wire/exposition-lexer.ts';
import { formatOf, parseExposition } from '../wire/exposition.ts';
import { isProtobuf, parseProtobuf } from '../wire/exposition-protobuf.ts';
import { parseSeriesPairs } from '../wire/series-text.ts';
import type { Relabeller } from './relabel.ts';
import { DROPPED, REFUSED, ScrapeCache } from './scrape-cache.ts';
import type { ColumnBuffer, LeftBehind } from './scrape-door.ts';
import type { SeriesDoor } from './scrape-gather.ts';

/** Forgotten entries are swept out when they are more than those in use and this many. */
const CACHE_SLACK = 1000;

/** The series that every target has of its own. */
const REPORT_NAMES = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
] as const;
type ReportName = (typeof REPORT_NAMES)[number];

/** Metadata of the same number of lines is compared once in so many scrapes. */
const METADATA_EVERY = 16;
/** A refused series is asked for again once in so many scrapes. */
const REFUSED_RETRY = 32;

/** How the samples of a target are labelled and bounded; limits are 0 where there is none. */
export interface SeriesRules {
  /** The target's own labels, none of which begins with `__`. */
  readonly labels: Labels;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly metricRelabel: Relabeller;
  /** Keeps the classic buckets of histograms that are also native. */
  readonly classicHistograms?: boolean;
  readonly sampleLimit: number;
  readonly labelLimit: number;
  readonly labelNameBytesMax: number;
  readonly labelValueBytesMax: number;
}

/** What a body held. */
export interface TakeCounts {
  /** Samples. */
  total: number;
  /** Samples that relabelling left. */
  kept: number;
  /** Series that were not there the last time. */
  fresh: number;
  /** Samples of series that the door refuses. */
  refused: number;
}

const NOTHING: TakeCounts = { total: 0, kept: 0, fresh: 0, refused: 0 };

/** Reused by all targets of a thread: only one body is taken at a time. */
export class TakeScratch {
  readonly parsed = new ParsedExposition();
  entries = new Int32Array(1024);
}

export class TargetSeries {
  /** Of the last take, also when it failed at a limit. */
  counts: TakeCounts = NOTHING;
  readonly #door: SeriesDoor;
  readonly #rules: SeriesRules;
  readonly #cache = new ScrapeCache();
  readonly #reports = new Map<string, number>();
  /** What an earlier loop of the same target left, until the first scrape has settled it. */
  #inherited: LeftBehind | undefined;
  #number = 0;
  #metadataCount = 0;
  #metadataHash = 0;

  constructor(door: SeriesDoor, rules: SeriesRules, inherited?: LeftBehind) {
    this.#door = door;
    this.#rules = rules;
    this.#inherited = inherited;
  }

  /**
   * Parses a body and adds its rows to `into`, stale markers for what vanished included.
   * @throws MonError MON_BODY_MALFORMED or MON_LIMIT_EXCEEDED: then nothing was added.
   */
  take(
    body: { readonly bytes: Uint8Array; readonly contentType: string },
    timeMs: number,
    scratch: TakeScratch,
    into: ColumnBuffer,
  ): void {
    const { parsed } = scratch;
    this.counts = NOTHING;
    const bytes = this.#parse(body, parsed);
    this.#resolveAll(bytes, scratch);
    this.#takeMetadata(bytes, parsed);
    this.#number++;
    this.#write(scratch, timeMs, into);
    this.#markGone(timeMs, into, false);
    const used = this.counts.total;
    if (this.#cache.count > used * 2 + CACHE_SLACK) {
      this.#door.release(this.#cache.forget(this.#number));
    }
  }

  /** Answers the bytes that the columns' ranges mean. */
  #parse(
    { bytes, contentType }: { readonly bytes: Uint8Array; readonly contentType: string },
    parsed: ParsedExposition,
  ): Uint8Array {
    if (isProtobuf(contentType)) {
      return parseProtobuf(bytes, parsed, this.#rules.classicHistograms ?? false);
    }
    parseExposition(bytes, formatOf(contentType), parsed);
    return bytes;
  }

  /** There was no body this time. */
  forgetCounts(): void {
    this.counts = NOTHING;
  }

  /** Marks all live series stale, as after a failed scrape. */
  vanish(timeMs: number, into: ColumnBuffer): void {
    this.#markGone(timeMs, into, true);
  }

  /** Adds one of the target's own series, `up` and its kin. */
  report(name: ReportName, value: number, timeMs: number, into: ColumnBuffer): void {
    const ref = this.#reportRef(name);
    if (ref >= 0) into.put(ref, timeMs, value);
  }

  /** What is to be marked stale and released; the object is not used any more. */
  leave(): LeftBehind {
    const { count, live, refs } = this.#cache;
    const reports = [...this.#reports.values()];
    const alive = [...(this.#inherited?.live ?? []), ...reports];
    for (let entry = 0; entry < count; entry++) if (live[entry] === 1) alive.push(refs[entry]);
    return {
      live: [...new Set(alive)].filter((ref) => ref >= 0),
      held: [...(this.#inherited?.held ?? []), ...reports, ...refs.subarray(0, count)],
    };
  }

  /** Tells the door of metadata that changed; looks closely only now and then. */
  #takeMetadata(bytes: Uint8Array, parsed: ParsedExposition): void {
    const same = parsed.metadataCount === this.#metadataCount;
    if (same && this.#number % METADATA_EVERY !== 0) return;
    const hash = parsed.metadataHash(bytes);
    if (same && hash === this.#metadataHash) return;
    this.#metadataCount = parsed.metadataCount;
    this.#metadataHash = hash;
    if (parsed.metadataCount > 0) this.#door.metadata(parsed.metadata(bytes));
  }

  #reportRef(name: ReportName): number {
    let ref = this.#reports.get(name);
    if (ref === undefined) {
      const labels = new Map<string, string>();
      for (let i = 0; i < this.#rules.labels.length; i += 2) {
        labels.set(this.#rules.labels[i], this.#rules.labels[i + 1]);
      }
      labels.set(NAME, name);
      ref = this.#door.refOf(makeLabels(labels));
      this.#reports.set(name, ref);
    }
    return ref;
  }

  #resolveAll(bytes: Uint8Array, scratch: TakeScratch): void {
    const { parsed } = scratch;
    const cache = this.#cache;
    if (scratch.entries.length < parsed.count) scratch.entries = new Int32Array(parsed.count * 2);
    const { entries } = scratch;
    // The book may have found room since it refused a series.
    const again = this.#number % REFUSED_RETRY === REFUSED_RETRY - 1;
    let kept = 0;
    cache.rewind();
    for (let i = 0; i < parsed.count; i++) {
      const start = parsed.starts[i];
      const end = parsed.ends[i];
      let entry = cache.find(bytes, start, end);
      if (entry < 0) {
        entry = cache.add(bytes, start, end, this.#resolve(bytes, start, end));
      } else if (again && cache.refs[entry] === REFUSED) {
        cache.refs[entry] = this.#resolve(bytes, start, end);
      }
      entries[i] = entry;
      if (cache.refs[entry] !== DROPPED) kept++;
    }
    this.counts = { total: parsed.count, kept, fresh: 0, refused: 0 };
    const limit = this.#rules.sampleLimit || SCRAPE_SAMPLES_MAX;
    if (kept > limit) {
      throw new MonError('MON_LIMIT_EXCEEDED', `${kept} samples, sample_limit is ${limit}`);
    }
  }

  #resolve(bytes: Uint8Array, start: number, end: number): number {
    const pairs = parseSeriesPairs(bytes, start, end);
    const labels = withTargetLabels(pairs, this.#rules);
    if (!this.#rules.metricRelabel.apply(labels)) return DROPPED;
    if (labels.size === 0) return DROPPED;
    if ((labels.get(NAME) ?? '') === '') {
      malformed(bytes, start, 'a series without a metric name after metric_relabel_configs');
    }
    this.#checkLimits(labels, lineAt(bytes, start));
    const ref = this.#door.refOf(makeLabels(labels));
    return ref < 0 ? REFUSED : ref;
  }

  #checkLimits(labels: Map<string, string>, line: number): void {
    const { labelLimit, labelNameBytesMax, labelValueBytesMax } = this.#rules;
    const fail = (what: string, limit: string, max: number): never => {
      throw new MonError('MON_LIMIT_EXCEEDED', `line ${line}: ${what}, ${limit} is ${max}`);
    };
    if (labelLimit > 0 && labels.size > labelLimit) {
      fail(`${labels.size} labels`, 'label_limit', labelLimit);
    }
    if (labelNameBytesMax === 0 && labelValueBytesMax === 0) return;
    for (const [name, value] of labels) {
      const nameBytes = Buffer.byteLength(name);
      const valueBytes = Buffer.byteLength(value);
      if (labelNameBytesMax > 0 && nameBytes > labelNameBytesMax) {
        fail(`a label name of ${nameBytes} bytes`, 'label_name_length_limit', labelNameBytesMax);
      }
      if (labelValueBytesMax > 0 && valueBytes > labelValueBytesMax) {
        const what = `a value of ${valueBytes} bytes`;
        fail(what, 'label_value_length_limit', labelValueBytesMax);
      }
    }
  }

  #write(scratch: TakeScratch, timeMs: number, into: ColumnBuffer): void {
    const { parsed, entries } = scratch;
    const cache = this.#cache;
    const number = this.#number;
    const { honorTimestamps } = this.#rules;
    into.reserve(parsed.count);
    const { refs, timestamps, words } = into;
    const natives = parsed.histograms;
    let row = into.count;
    let fresh = 0;
    let refused = 0;
    for (let i = 0; i < parsed.count; i++) {
      const entry = entries[i];
      const seen = cache.seen[entry];
      const ref = cache.refs[entry];
      cache.seen[entry] = number;
      if (ref === REFUSED) refused++;
      if (ref < 0) continue;
      if (seen !== number && (seen === 0 || seen < number - 1)) fresh++;
      const own = parsed.timestamps[i];
      if (honorTimestamps && !Number.isNaN(own)) {
        timestamps[row] = own;
      } else {
        // The same series twice without timestamps: the first one stands.
        if (seen === number) continue;
        timestamps[row] = timeMs;
        cache.live[entry] = 1;
      }
      const histogram = natives.size > 0 ? natives.get(i) : undefined;
      if (histogram !== undefined) {
        if (!putHistogram(into, ref, timestamps[row], histogram)) refused++;
        continue;
      }
      refs[row] = ref;
      words[row * 2] = parsed.words[i * 2];
      words[row * 2 + 1] = parsed.words[i * 2 + 1];
      row++;
    }
    into.count = row;
    this.counts.fresh = fresh;
    this.counts.refused = refused;
  }

  /** Adds the stale marker for every live series, or for those the last body did not hold. */
  #markGone(timeMs: number, into: ColumnBuffer, all: boolean): void {
    const { count, live, seen, refs } = this.#cache;
    const inherited = this.#inherited;
    if (inherited !== undefined) {
      const still = new Set(REPORT_NAMES.map((name) => this.#reportRef(name)));
      for (let i = 0; i < count; i++) if (!all && seen[i] === this.#number) still.add(refs[i]);
      for (const ref of inherited.live) if (!still.has(ref)) into.putStale(ref, timeMs);
      // Marked now, so that they stay numbered until the append; then nobody needs them.
      this.#door.release(inherited.held);
      this.#inherited = undefined;
    }
    for (let entry = 0; entry < count; entry++) {
      if (live[entry] === 0 || (!all && seen[entry] === this.#number)) continue;
      live[entry] = 0;
      into.putStale(refs[entry], timeMs);
    }
  }
}

/** Adds a histogram; false when it is larger than a record may hold. */
function putHistogram(
  into: ColumnBuffer,
  ref: number,
  timestampMs: number,
  { histogram, integer, startMs }: ParsedHistogram,
): boolean {
  const body = encodeHistogram(histogram, { integer, startMs, timestampMs });
  if (body.length > HISTOGRAM_BYTES_MAX) return false;
  into.histograms.push({ ref, timestampMs, body });
  return true;
}

/** The labels of a sample and of its target together, by the rule of honor_labels. */
function withTargetLabels(pairs: Map<string, string>, rules: SeriesRules): Map<string, string> {
  const target = rules.labels;
  const labels = new Map(pairs);
  const clashes: [string, string][] = [];
  for (let i = 0; i < target.length; i += 2) {
    const name = target[i];
    const given = pairs.get(name);
    if (rules.honorLabels && given !== undefined) continue;
    if (given !== undefined && given !== '') clashes.push([name, given]);
    labels.set(name, target[i + 1]);
  }
  clashes.sort((a, b) => a[0].length - b[0].length);
  for (const [name, value] of clashes) {
    let exported = `exported_${name}`;
    while ((labels.get(exported) ?? '') !== '') exported = `exported_${exported}`;
    labels.set(exported, value);
  }
  for (const [name, value] of labels) if (value === '') labels.delete(name);
  return labels;
}
