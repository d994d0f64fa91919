// Reads the samples of a shard page by page, for those who want samples and not answers: SQL and
// export. Between the partitions' readers (which join blocks and head, hide what was deleted and
// let the first in log order win) and a channel. Easy to get wrong: between two pages samples may
// move from the head into a block and series may be dropped; what was read is then remembered by
// its labels, and the rest is looked up anew.
import { MonError } from '../errors.ts';
import { FRAGMENT_TURN_MS } from '../limits.ts';
import { SCAN_COLD_ROWS, SCAN_IDLE_MS, SCAN_PAGE_ROWS, SCANS_OPEN_MAX } from '../limits-sql.ts';
import { labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import { matchesLabels } from '../head/match-labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';
import type { ColdTier } from '../ports-cold.ts';
import type { OpenedScan, SamplePage, SamplesAsk, SampleScans } from '../ports-sql.ts';
import type { Clock } from '../runtime/clock.ts';
import { fetchSamples, type ColdRange, type FetchedCold } from './cold-fetch.ts';
import { makeBuffer } from './merge-samples.ts';
import type { Partition } from './partition.ts';
import type { Store } from './store.ts';

/** A stretch of time of one partition, for one of the selections. */
interface Stretch {
  readonly partition: Partition;
  readonly number: number;
  readonly selection: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Series of it that were read before it had to be opened anew, and up to where one was. */
  readonly done: ReadonlySet<string>;
  readonly partial?: Partial;
}

/** A series that is read in part, and the time to go on from. */
interface Partial {
  readonly key: string;
  readonly fromMs: number;
}

/** The series that a selection names in a stretch, and how far they are read. */
interface Lane {
  readonly stretch: Stretch;
  readonly reader: SeriesReader;
  readonly ids: Uint32Array;
  at: number;
}

/** A run of a series is not made shorter than this. */
const RUN_MS_MIN = 3_600_000;
const NOTHING: ReadonlySet<string> = new Set();

/** Rows of a page that grows. */
class PageRows {
  readonly labels: Labels[] = [];
  readonly #from: number[] = [0];
  #timestamps = new Float64Array(SCAN_PAGE_ROWS);
  #values = new Float64Array(SCAN_PAGE_ROWS);
  #bodies: (Uint8Array | undefined)[] | undefined;
  count = 0;

  add(labels: Labels, buffer: SampleBuffer, rows: number): void {
    const { count } = this;
    if (count + rows > this.#values.length) {
      const wider = Math.max(count + rows, this.#values.length * 2);
      this.#timestamps = grown(this.#timestamps, count, wider);
      this.#values = grown(this.#values, count, wider);
    }
    this.#timestamps.set(buffer.timestamps.subarray(0, rows), count);
    this.#values.set(buffer.values.subarray(0, rows), count);
    const { bodies } = buffer;
    for (let i = 0; bodies !== undefined && i < rows; i++) {
      if (bodies[i] !== undefined) (this.#bodies ??= [])[count + i] = bodies[i];
    }
    this.count = count + rows;
    this.labels.push(labels);
    this.#from.push(this.count);
  }

  page(): SamplePage {
    const found = this.#bodies;
    const bodies = found && Array.from({ length: this.count }, (_, i) => found[i]);
    return {
      labels: this.labels,
      from: Uint32Array.from(this.#from),
      timestamps: this.#timestamps.slice(0, this.count),
      values: this.#values.slice(0, this.count),
      ...(bodies === undefined ? {} : { bodies }),
    };
  }
}

function grown(array: Float64Array, used: number, size: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(size);
  out.set(array.subarray(0, used));
  return out;
}

/** One reading. */
export class SampleScan {
  readonly opened: Omit<OpenedScan, 'id'>;
  readonly #store: Store;
  readonly #ask: SamplesAsk;
  readonly #clock: Clock | undefined;
  readonly #pageRows: number;
  /** What is still to be read, the next one last. */
  readonly #coming: Stretch[] = [];
  readonly #buffer = makeBuffer();
  #lane: Lane | undefined;
  #generation = -1;
  #partial: Partial | undefined;
  /** Of the next page: what was read before a block turned out to be damaged stays read. */
  #rows: PageRows | undefined;
  #warnings: string[] = [];
  readonly #warned = new Set<string>();

  constructor(store: Store, ask: SamplesAsk, clock?: Clock, pageRows = SCAN_PAGE_ROWS) {
    this.#store = store;
    this.#pageRows = pageRows;
    this.#ask = ask;
    this.#clock = clock;
    const left: number[] = [];
    const floors = new Map<number, number>();
    for (const [number, partition] of store.partitions) {
      if (ask.only?.includes(number) === false) continue;
      const { stretches, leaves } = stretchesOf(partition, number, ask, store.cold);
      left.push(...leaves);
      floors.set(number, partition.head.floorMs);
      for (const { minMs, maxMs } of stretches) {
        ask.selections.forEach((_, selection) => {
          this.#coming.push({ partition, number, selection, minMs, maxMs, done: NOTHING });
        });
      }
    }
    this.#coming.reverse();
    this.opened = { left, floors };
  }

  /** The next page; undefined at the end. */
  async next(): Promise<SamplePage | undefined> {
    for (;;) {
      try {
        return await this.#page();
      } catch (thrown) {
        // A damaged block is set aside, as queries do; the rest is read.
        if (!(thrown instanceof MonError) || thrown.code !== 'MON_BLOCK_CORRUPT') throw thrown;
        if (!(await this.#store.setAside(thrown))) throw thrown;
      }
    }
  }

  async #page(): Promise<SamplePage | undefined> {
    const rows = (this.#rows ??= new PageRows());
    const until = (this.#clock?.monotonic() ?? 0) + FRAGMENT_TURN_MS;
    while (rows.count < this.#pageRows) {
      const lane = await this.#laneNow();
      if (lane === undefined) break;
      // The store may have changed while the lane was waited for: it is opened anew.
      if (this.#generation !== this.#store.truncations) continue;
      this.#readOne(lane, rows);
      if (rows.count > 0 && this.#clock !== undefined && this.#clock.monotonic() > until) break;
    }
    const { minMs, maxMs, only } = this.#ask;
    this.#warn(this.#store.lost(minMs, maxMs, only));
    const warnings = this.#warnings;
    this.#warnings = [];
    this.#rows = undefined;
    if (rows.count === 0 && warnings.length === 0) return undefined;
    return { ...rows.page(), ...(warnings.length === 0 ? {} : { warnings }) };
  }

  #warn(words: readonly string[]): void {
    for (const one of words) {
      if (this.#warned.has(one)) continue;
      this.#warned.add(one);
      this.#warnings.push(one);
    }
  }

  async #laneNow(): Promise<Lane | undefined> {
    if (this.#lane !== undefined && this.#generation !== this.#store.truncations) {
      this.#coming.push(leftOf(this.#lane, this.#partial));
      this.#partial = undefined;
      this.#lane = undefined;
    }
    while (this.#lane === undefined || this.#lane.at >= this.#lane.ids.length) {
      const next = this.#coming.at(-1);
      if (next === undefined) return undefined;
      // Not before it has been opened is it off the list: a damaged block may end the attempt.
      const opened = await this.#open(next);
      this.#coming.pop();
      this.#lane = opened;
      if (opened === undefined) this.#halve(next);
    }
    return this.#lane;
  }

  /** Undefined for a stretch that is too long to be opened as one. */
  async #open(stretch: Stretch): Promise<Lane | undefined> {
    const { partition, number, selection, minMs, maxMs } = stretch;
    const matchers = this.#ask.selections[selection];
    for (;;) {
      const before = this.#store.handedOver;
      const cold = await this.#cold(stretch, matchers);
      if (cold === 'too many') return undefined;
      // Samples that went over meanwhile are in neither half.
      if (this.#store.handedOver !== before) continue;
      this.#warn(cold?.warnings ?? []);
      const reader = partition.reader(minMs, maxMs, cold?.readers.get(number));
      this.#generation = this.#store.truncations;
      return { stretch, reader, ids: reader.match(matchers, minMs, maxMs), at: 0 };
    }
  }

  async #cold(
    { number, minMs, maxMs }: Stretch,
    matchers: readonly Matcher[],
  ): Promise<FetchedCold | 'too many' | undefined> {
    const { cold } = this.#store;
    if (cold === undefined) return undefined;
    try {
      const range = new Map([[number, { minMs, maxMs }]]);
      return await fetchSamples(cold, range, { matchers, maxSamples: SCAN_COLD_ROWS });
    } catch (thrown) {
      const tooMany = thrown instanceof MonError && thrown.code === 'MON_QUERY_LIMIT';
      if (!tooMany || maxMs <= minMs) throw thrown;
      return 'too many';
    }
  }

  /** Two stretches in the place of one; all selections of it that come later are halved too. */
  #halve(stretch: Stretch): void {
    const { minMs, maxMs } = stretch;
    const middle = Math.floor((minMs + maxMs) / 2);
    this.#coming.push({ ...stretch, minMs: middle + 1 }, { ...stretch, maxMs: middle });
  }

  /** Reads a stretch of the lane's next series. */
  #readOne(lane: Lane, rows: PageRows): void {
    const { reader, ids, stretch } = lane;
    const id = ids[lane.at];
    const labels = reader.labels(id);
    const begun = this.#partial ?? stretch.partial;
    const key = stretch.done.size > 0 || begun !== undefined ? labelsKey(labels) : '';
    if (stretch.done.has(key) || this.#isOfEarlier(labels, stretch)) return void lane.at++;
    const first = begun?.key === key ? Math.max(begun.fromMs, stretch.minMs) : stretch.minMs;
    if (first > stretch.maxMs) return void lane.at++;
    const last = stretchEnd(reader, id, { minMs: first, maxMs: stretch.maxMs }, 2 * this.#pageRows);
    const count = reader.read(id, first, last, this.#buffer);
    if (count > 0) rows.add(labels, this.#buffer, count);
    if (last < stretch.maxMs) {
      this.#partial = { key: labelsKey(labels), fromMs: last + 1 };
      return;
    }
    this.#partial = undefined;
    lane.at++;
  }

  /** True for a series that a selection before this one has read. */
  #isOfEarlier(labels: Labels, { selection }: Stretch): boolean {
    const earlier = this.#ask.selections.slice(0, selection);
    return earlier.some((matchers) => matchesLabels(matchers, labels));
  }
}

/** What a lane has not read: its reader knows the labels of its own last match. */
function leftOf({ reader, ids, at, stretch }: Lane, partial: Partial | undefined): Stretch {
  const done = new Set(stretch.done);
  for (const id of ids.subarray(0, at)) done.add(labelsKey(reader.labels(id)));
  return { ...stretch, done, partial: partial ?? stretch.partial };
}

/** What is to be read of a partition, and what is left to the asker. */
function stretchesOf(
  partition: Partition,
  number: number,
  { minMs, maxMs, archived = [] }: SamplesAsk,
  cold: ColdTier | undefined,
): { readonly stretches: readonly ColdRange[]; readonly leaves: readonly number[] } {
  const { head } = partition;
  const { minMs: oldest, maxMs: newest } = spanOf(partition, cold?.reach(number, 'raw'));
  const last = Math.min(maxMs, newest);
  let from = Math.max(minMs, head.floorMs, oldest);
  const stretches: ColdRange[] = [];
  const leaves: number[] = [];
  const mine = archived.filter((one) => one.partition === number);
  for (const one of mine.toSorted((a, b) => a.minMs - b.minMs)) {
    const cut = { minMs: Math.max(one.minMs, from), maxMs: Math.min(one.maxMs, last) };
    // Something newer may lie between its samples: then it has to be read as one.
    if (cut.minMs > cut.maxMs || touched(partition, cut)) continue;
    if (cut.minMs > from) stretches.push({ minMs: from, maxMs: cut.minMs - 1 });
    leaves.push(one.id);
    from = cut.maxMs + 1;
  }
  if (from <= last) stretches.push({ minMs: from, maxMs: last });
  return { stretches, leaves };
}

/** From the oldest to the newest sample that the partition has. */
function spanOf({ head, blocks }: Partition, cold: ColdRange | undefined): ColdRange {
  const { minMs = Infinity, maxMs = -Infinity } = cold ?? {};
  return {
    minMs: Math.min(minMs, head.oldestMs(-Infinity), ...blocks.map((one) => one.minMs)),
    maxMs: Math.max(maxMs, head.newestMs, ...blocks.map((one) => one.maxMs)),
  };
}

function touched({ blocks, head, past }: Partition, { minMs, maxMs }: ColdRange): boolean {
  const inBlock = blocks.some((one) => one.minMs <= maxMs && one.maxMs >= minMs);
  const isHidden = past.some((one) => one.minMs <= maxMs && one.maxMs >= minMs);
  return inBlock || isHidden || head.oldestMs(minMs) <= maxMs;
}

/** Where a run of a stretch ends, so that it has no more than so many rows. */
function stretchEnd(
  reader: SeriesReader,
  id: number,
  { minMs, maxMs }: ColdRange,
  rowsMax: number,
): number {
  if (reader.room === undefined) return maxMs;
  let span = maxMs - minMs;
  // What is in a piece of a block counts as a whole, however little of it is asked for.
  while (span > RUN_MS_MIN && reader.room(id, minMs, minMs + span) > rowsMax) {
    span = Math.floor(span / 2);
  }
  return minMs + span;
}

/** The readings of a shard that are under way. */
export class OpenScans implements SampleScans {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #open = new Map<number, { readonly scan: SampleScan; usedMs: number }>();
  #last = 0;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async openScan(ask: SamplesAsk): Promise<OpenedScan> {
    const now = this.#clock.monotonic();
    for (const [id, one] of this.#open) {
      if (now - one.usedMs > SCAN_IDLE_MS) this.#open.delete(id);
    }
    if (this.#open.size >= SCANS_OPEN_MAX) {
      throw new MonError('MON_QUERY_BUSY', 'too many readings of samples are under way', {
        hint: 'try again in a moment',
      });
    }
    const id = ++this.#last;
    const scan = new SampleScan(this.#store, ask, this.#clock);
    this.#open.set(id, { scan, usedMs: now });
    return { id, ...scan.opened };
  }

  async nextScan(id: number): Promise<SamplePage | undefined> {
    const one = this.#open.get(id);
    if (one === undefined) throw new MonError('MON_ABORTED', 'the reading has been closed');
    one.usedMs = this.#clock.monotonic();
    // Other work of this thread has its turn between two pages.
    await this.#clock.sleep(0);
    const page = await one.scan.next();
    if (page === undefined) this.#open.delete(id);
    return page;
  }

  async closeScan(id: number): Promise<void> {
    this.#open.delete(id);
  }
}
