// The one page of contracts between the parts. Parts never import one another; they meet here and
// daemons plug them together. Every promise below is held by a contract test that each
// implementation passes, near or far: test/contract/.
import type { ApartAsk, AskOptions, QueryTimes } from './model/asking.ts';
import type { Batch, MetadataEntry } from './model/batch.ts';
import type { Cardinality, CountScope } from './model/cardinality.ts';
import type { Explanation } from './model/explanation.ts';
import type { BatchAnswer, Fragment, FragmentResult } from './model/fragment.ts';
import type { FloatHistogram } from './model/histogram.ts';
import type { Labels } from './model/labels.ts';
import type { Matcher } from './model/matcher.ts';
import type { Pause } from './model/sliced-match.ts';
import type { PushOutcome } from './model/push-outcome.ts';
import type { TargetStatus } from './model/target-status.ts';
import type { BlockStatus, StoreKeep, UpkeepReport } from './model/upkeep.ts';
import type { QueryAnswer } from './model/query-result.ts';
import type { StateChange } from './model/state-change.ts';
import type { RowEvaluator, RowWork } from './model/row-block.ts';
import type { MonError } from './errors.ts';

export type { PushOutcome, TargetStatus };
export type { AskOptions, JsonWish, QueryPool, QueryTimes } from './model/asking.ts';

/** The number of a record in its partition: 0, 1, 2, … without gaps within a topic generation. */
export type Offset = number;

/** What became of one batch of an append: where it stands, or why it does not stand. */
export type Appended = { readonly offset: Offset } | { readonly error: MonError };

/** One record as a reader gets it. `bytes` belong to the reader. */
export interface Delivery {
  readonly partition: number;
  readonly offset: Offset;
  readonly bytes: Uint8Array;
  /**
   * True for a record before the reader's start that is delivered only so that the series which
   * later records refer to are known: take its definitions, nothing else.
   */
  readonly definitionsOnly: boolean;
}

/**
 * The log: P partitions of records, the write-ahead log, buffer, replay and fan-out at once.
 * - append resolves when each batch is durable or has failed, one answer a batch in the order
 *   given. Batches of one call may fail singly (partial append); what failed is not in the log and
 *   never will be. Two calls made one after the other keep their order in each partition.
 * - The columns of a batch are read before append returns its promise; the caller may then reuse
 *   them.
 * - A full disk or an unreachable broker rejects nothing silently: kind 'retry', the log stays
 *   usable.
 */
export interface Log {
  readonly partitions: number;
  /** Grows by one when the number of partitions changes; offsets begin at 0 anew. */
  readonly generation: number;
  append(batches: readonly Batch[]): Promise<readonly Appended[]>;
  /** First offset still held; equal to end when nothing is. */
  start(partition: number): Promise<Offset>;
  /** The durable end: one past the last record a reader may see. */
  end(partition: number): Promise<Offset>;
  /**
   * Opens a named reader at the offsets given (partition -> next offset it needs).
   * @throws MonError MON_LOG_OFFSET_PAST_END when an offset lies past the recovered end (state from
   *   another log, or a log that lost its tail: never a silent reset); MON_LOG_OFFSET_GONE when
   *   retention has passed it.
   */
  read(reader: string, from: ReadonlyMap<number, Offset>): Promise<LogReader>;
  close(): Promise<void>;
}

/**
 * - Deliveries of one partition come in offset order, each once; partitions interleave freely.
 * - Every series a record refers to has been defined by it or by an earlier delivery of this
 *   reader.
 * - Nothing past the durable end is ever delivered.
 * - A slow reader does not hold appends up: what left the memory ring is read from disk again.
 * - Retention never passes an offset that a registered reader has not released.
 */
export interface LogReader {
  /**
   * The next records, at least one; waits for them. Empty only when the signal fired or on close.
   */
  next(signal?: AbortSignal): Promise<readonly Delivery[]>;
  /** The reader's own state holds all below `offset` durably; the log may forget it. */
  release(partition: number, offset: Offset): void;
  close(): Promise<void>;
}

/** What a sink did with the samples of a run of records. Refusals are counts, never exceptions. */
export interface ApplyCounts {
  accepted: number;
  duplicate: number;
  outOfOrder: number;
  tooOld: number;
  newSeries: number;
}

/** Takes records in log order and keeps them in its own state, together with the offset. */
export interface Sink {
  /** Offsets that its durable state holds: where a reader has to begin after a restart. */
  resumeAt(): Promise<ReadonlyMap<number, Offset>>;
  /** Applies deliveries in order. A record at or below what was applied already is skipped. */
  apply(deliveries: readonly Delivery[]): Promise<ApplyCounts>;
  /** Makes state and offsets durable in one atomic step and tells the offsets that it now holds. */
  checkpoint(): Promise<ReadonlyMap<number, Offset>>;
  close(): Promise<void>;
}

/**
 * What a store does beside taking and answering: it moves samples into blocks, joins these, forgets
 * and deletes. What cannot be done now (the disk is full, a block is damaged) is told and tried at
 * the next call; reads go on meanwhile.
 */
export interface Upkeep {
  /** Seals what is old enough at this time. */
  seal(nowMs: number): Promise<UpkeepReport>;
  /** Joins blocks of windows that are complete at this time. */
  compact(nowMs: number, retentionMs: number): Promise<UpkeepReport>;
  /** Brings an object store, where there is one, to what is sealed; answers how many went up. */
  upload(): Promise<UpkeepReport>;
  /** Forgets what is past its time, and of the oldest what is too much. */
  keepOnly(nowMs: number, keep: StoreKeep): Promise<UpkeepReport>;
  /** Deletes what matches any selection and is there now; what comes later stays. Durable then. */
  delete(selections: readonly (readonly Matcher[])[], minMs: number, maxMs: number): Promise<void>;
  /** Takes deleted samples out of the files; answers how many were written anew. */
  cleanTombstones(): Promise<number>;
  /** Writes what there is now into a folder, with hard links for what never changes. */
  snapshot(folder: string): Promise<void>;
  blocks(): Promise<readonly BlockStatus[]>;
}

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
}

/**
 * Named bytes on other disks. An object never changes; keys are words joined by slashes.
 * - putIfAbsent is durable when it resolves, and false when the key was taken: nothing was written.
 * - getRange answers fewer bytes only behind the end. @throws MonError MON_NOT_FOUND.
 * - list answers the objects directly below a prefix that ends with a slash, in order of keys.
 * - remove of what is not there is done already.
 */
export interface ObjectStore {
  putIfAbsent(key: string, parts: AsyncIterable<Uint8Array>): Promise<boolean>;
  getRange(key: string, position: number, length: number): Promise<Uint8Array>;
  list(prefix: string): Promise<readonly ObjectInfo[]>;
  remove(key: string): Promise<void>;
}

/** What the admin API may do when somebody has switched it on. */
export interface Admin {
  deleteSeries(
    selections: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<void>;
  cleanTombstones(): Promise<void>;
  /** Answers the name of the snapshot's folder. */
  snapshot(): Promise<string>;
}

/** Reusable buffers that a SeriesReader decodes into; it grows them and replaces the arrays. */
export interface SampleBuffer {
  timestamps: Float64Array;
  values: Float64Array;
  /** The words of `values`, for checks on bits (stale marker). */
  words: Uint32Array;
  /**
   * Histograms beside `values`, set by each read that meets any and undefined otherwise. The value
   * beside a histogram is its sum, so that the stale marker is found in `words` for both kinds.
   */
  histograms?: (FloatHistogram | undefined)[] | undefined;
  /**
   * The messages that `histograms` were read from, where a store reads: written again as they are
   * they keep what a FloatHistogram does not tell, such as that counts were whole numbers.
   */
  bodies?: (Uint8Array | undefined)[] | undefined;
  /** Start timestamps in ms beside `values`, 0 where unknown; undefined when none is known. */
  starts?: Float64Array | undefined;
  /** Set by a read that met no stale marker. */
  clean?: boolean;
}

/** Series and their samples where they lie, for leaf fragments. Synchronous, one thread. */
export interface SeriesReader {
  /** Ids of the series that match all matchers and may have samples in [minMs, maxMs]. */
  match(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array;
  /** match() where it may take long; undefined when series have gone in a pause. */
  matchSliced?(
    ...asked: [...Parameters<SeriesReader['match']>, pause: Pause]
  ): Promise<Uint32Array | undefined>;
  /** Mostly one array for a series, kept but for `once`; labelsOnly: at least those names. */
  labels(id: number, once?: boolean): Labels;
  labelsOnly?(id: number, names: ReadonlySet<string>): Labels;
  /** Decodes samples with minMs <= t <= maxMs in time order into `into`, and says how many. */
  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number;
  labelNames(matchers: readonly Matcher[], minMs: number, maxMs: number): string[];
  labelValues(name: string, matchers: readonly Matcher[], minMs: number, maxMs: number): string[];
  /** No fewer samples than read() would answer, without decoding any. */
  room?(id: number, minMs: number, maxMs: number): number;
  /**
   * A faster way to what read() and a leaf function make of floats, equal to the last bit;
   * undefined when the reader has none for this work.
   */
  rows?(work: RowWork): RowEvaluator | undefined;
}

/** What a fragment would read, found without decoding a sample; samples are a bound from above. */
export interface Estimate {
  readonly series: number;
  readonly samples: number;
}

/**
 * Where series can be asked for: one shard, one store, or all of them joined. Answers are sorted.
 */
export interface Source {
  /** Runs a leaf fragment. What was applied before the call is in the answer (read your writes). */
  fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult>;
  series(
    matchers: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]>;
  labelNames(
    matchers: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<readonly string[]>;
  labelValues(
    name: string,
    matchers: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<readonly string[]>;
  metadata(): Promise<readonly MetadataEntry[]>;
  /** What `fragment` would cost; a source that cannot tell leaves it out. */
  estimate?(fragment: Fragment): Promise<Estimate>;
  /** Many fragments in one message; each answers as fragment() would. */
  fragments?(list: readonly Fragment[], signal?: AbortSignal): Promise<BatchAnswer>;
  cardinality?(scope?: CountScope): Promise<Cardinality>;
}

/**
 * Bytes under keys for a while, in this process or shared. It may forget anything at any time, and
 * one that is away has nothing: neither call ever rejects. Keys carry the version of what they
 * name.
 */
export interface Cache {
  /** One answer a key, in the order given; the bytes must not be written to. */
  get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** Takes over the bytes. */
  set(key: string, bytes: Uint8Array, ttlMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Answers a costly query somewhere else, as pages of JSON. @throws what Ask throws. */
export interface Apart {
  /** Somebody asks who must not feel that it starts. */
  standBy?(): void;
  ask(asked: ApartAsk): Promise<QueryAnswer>;
}

/**
 * Lets somebody's work have its turn among the queries. @throws MON_QUERY_BUSY when too many wait,
 * and what ends the work.
 */
export interface Turns {
  turn<T>(options: AskOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/**
 * Answers PromQL. @throws UserError for a bad query, MonError for limits, timeouts and failures.
 */
export interface Ask {
  instant(query: string, timeMs: number, options?: AskOptions): Promise<QueryAnswer>;
  range(
    query: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options?: AskOptions,
  ): Promise<QueryAnswer>;
}

/** Shows how a query is answered and what that costs; `analyze` also runs it. */
export interface Explain {
  explain(
    query: string,
    times: QueryTimes,
    options?: AskOptions & { readonly analyze?: boolean },
  ): Promise<Explanation>;
}

/**
 * Where pushed bodies enter. Resolves when all that was accepted is durable.
 * @throws MonError MON_BODY_MALFORMED (400), MON_BODY_TOO_LARGE (413): nothing of the body was
 *   taken; kind 'retry' (503): the sender may send the same body again, doubles are dropped.
 */
export interface Intake {
  /** Remote write 1.0: a snappy block of a WriteRequest. */
  remoteWrite(body: Uint8Array): Promise<PushOutcome>;
  /** Remote write 2.0: a snappy block of an io.prometheus.write.v2.Request. */
  remoteWrite2(body: Uint8Array): Promise<PushOutcome>;
  /** A plain WriteRequest of remote write 1.0, as wire/ makes it of other protocols. */
  writeRequest(body: Uint8Array): Promise<PushOutcome>;
  /** The seed's form: `{"metrics": …, "labels": {…}}`. */
  json(body: Uint8Array): Promise<PushOutcome>;
  /**
   * Exposition text, Prometheus' or OpenMetrics'; samples without a timestamp get the receive time.
   */
  exposition(body: Uint8Array, contentType: string): Promise<PushOutcome>;
}

/** Labels that name a group of pushed metrics, `job` first. */
export type GroupLabels = readonly (readonly [string, string])[];

/** Pushed metrics that are shown as if they were scraped, until somebody deletes their group. */
export interface Groups {
  /**
   * Takes a body into a group, durable when it resolves: `replace` drops what the group had,
   * otherwise only families of the same names are replaced.
   * @throws MonError MON_BODY_MALFORMED, MON_BODY_TOO_LARGE, MON_LIMIT_EXCEEDED.
   */
  push(labels: GroupLabels, body: Uint8Array, contentType: string, replace: boolean): Promise<void>;
  remove(labels: GroupLabels): Promise<void>;
}

export interface Targets {
  active(): readonly TargetStatus[];
  /** Discovered label sets that relabelling dropped. */
  dropped(): readonly Labels[];
}

/**
 * One state change of one alert. `id` is the same whenever the same change is told again, so that
 * who takes it twice does it once; `startsAtMs` and the labels name the alert.
 */
export interface AlertEvent {
  readonly id: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs: number;
  /** When it was resolved; 0 while it fires. */
  readonly endsAtMs: number;
  readonly generatorUrl: string;
  /** Event time of the change. */
  readonly atMs: number;
  /** Receivers that the rule itself names, beside the routing tree. */
  readonly channels?: readonly string[];
}

/**
 * Where state changes of alerts go: to the notifier beside us, or through the log to one far away.
 * Durable when it resolves; an event whose id was taken before changes nothing. Kind 'retry' means
 * that the same events have to be told again.
 */
export interface Notify {
  take(events: readonly AlertEvent[]): Promise<void>;
}

/** A value in State and the version by which it may be replaced; versions only grow. */
export interface StateEntry {
  readonly value: string;
  readonly version: number;
}

/** Small durable facts (silences, epochs, file positions): a map with compare-and-set. */
export interface State {
  get(key: string): Promise<StateEntry | undefined>;
  /** Entries whose key begins with `prefix`, in key order. */
  list(prefix: string): Promise<readonly (readonly [string, StateEntry])[]>;
  /**
   * Writes if the stored version is `expected` (0: only if absent) and answers the new version.
   * @throws MonError MON_STATE_CONFLICT when another writer came first. Durable when it resolves.
   */
  compareAndSet(key: string, value: string, expected: number): Promise<number>;
  /** Removes under the same condition. */
  remove(key: string, expected: number): Promise<void>;
  /** All of the changes or none; one version for all that were written. */
  commit(changes: readonly StateChange[]): Promise<number>;
  close(): Promise<void>;
}

/** The partitions a member holds now. `epoch` grows with every change and fences the old holder. */
export interface Assignment {
  readonly partitions: readonly number[];
  readonly epoch: number;
}

/** Who works on which partition of a role. The log does not know; stores ask here. */
export interface Placement {
  /** Joins a role and answers the first assignment; `changed` is called with each later one. */
  join(role: string, member: string, changed: (now: Assignment) => void): Promise<Assignment>;
  /** True while `epoch` is the newest for this member: asked before state is written. */
  holds(role: string, member: string, epoch: number): Promise<boolean>;
  leave(role: string, member: string): Promise<void>;
}
