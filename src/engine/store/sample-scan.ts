// Reads the samples of a shard page by page, for those who want samples and not answers: SQL and
// export. Between the partitions' readers (which join blocks and head, hide what was deleted and
// let the first in log order win) and a channel. Easy to get wrong: between two pages samples may
// move from the head into a block and series may be dropped; what was read is then remembered by
// its labels, and the rest is looked up anew.
import { MonError } from '../errors.ts';
import { FRAGMENT_TURN_MS } from '../limits.ts';
import { SCAN_IDLE_MS, SCAN_PAGE_ROWS, SCANS_OPEN_MAX } from '../limits-sql.ts';
import { labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';
import type { SamplePage, SamplesAsk, SampleScans } from '../ports-sql.ts';
import type { Clock } from '../runtime/clock.ts';
import { makeBuffer } from './merge-samples.ts';
import type { Partition } from './partition.ts';
import type { Store } from './store.ts';

/** The series of one partition that one selection names, and how far they are read. */
interface Lane {
  readonly reader: SeriesReader;
  readonly ids: Uint32Array;
  at: number;
}

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
  readonly #store: Store;
  readonly #ask: SamplesAsk;
  readonly #clock: Clock | undefined;
  /** Partition and selection of each lane still to come, the next one last. */
  readonly #coming: (readonly [Partition, number])[];
  readonly #buffer = makeBuffer();
  /** Series that are read to their end, by their labels; kept only where they may come again. */
  readonly #done = new Set<string>();
  #current: readonly [Partition, number] | undefined;
  #lane: Lane | undefined;
  #generation = -1;
  /** The series that is read in part, and the time to go on from. */
  #partial: { readonly key: string; readonly fromMs: number } | undefined;

  constructor(store: Store, ask: SamplesAsk, clock?: Clock) {
    this.#store = store;
    this.#ask = ask;
    this.#clock = clock;
    this.#coming = [...store.partitions.values()]
      .flatMap((one) => ask.selections.map((_, i) => [one, i] as const))
      .toReversed();
  }

  /** The next page; undefined at the end. */
  async next(): Promise<SamplePage | undefined> {
    for (;;) {
      try {
        return this.#page();
      } catch (thrown) {
        // A damaged block is set aside, as queries do; the rest is read.
        if (!(thrown instanceof MonError) || thrown.code !== 'MON_BLOCK_CORRUPT') throw thrown;
        if (!(await this.#store.setAside(thrown))) throw thrown;
      }
    }
  }

  #page(): SamplePage | undefined {
    const rows = new PageRows();
    const until = (this.#clock?.monotonic() ?? 0) + FRAGMENT_TURN_MS;
    while (rows.count < SCAN_PAGE_ROWS) {
      const lane = this.#laneNow();
      if (lane === undefined) break;
      this.#readOne(lane, rows);
      if (rows.count > 0 && this.#clock !== undefined && this.#clock.monotonic() > until) break;
    }
    return rows.count === 0 ? undefined : rows.page();
  }

  #laneNow(): Lane | undefined {
    if (this.#generation !== this.#store.truncations) this.#lookAnew();
    while (this.#lane === undefined || this.#lane.at >= this.#lane.ids.length) {
      this.#current = this.#coming.pop();
      if (this.#current === undefined) return undefined;
      // With one selection no series is met twice in other partitions.
      if (this.#ask.selections.length === 1) this.#done.clear();
      this.#lane = this.#open(this.#current);
    }
    return this.#lane;
  }

  #lookAnew(): void {
    const lane = this.#lane;
    if (lane !== undefined && this.#current !== undefined) {
      this.#remember(lane);
      this.#lane = this.#open(this.#current);
    }
    this.#generation = this.#store.truncations;
  }

  /** Takes down what a lane has read; its reader knows the labels of its own last match. */
  #remember({ reader, ids, at }: Lane): void {
    if (this.#ask.selections.length > 1) return;
    for (const id of ids.subarray(0, at)) this.#done.add(labelsKey(reader.labels(id)));
  }

  #open([partition, selection]: readonly [Partition, number]): Lane {
    const { minMs, maxMs, selections } = this.#ask;
    const reader = partition.reader(minMs, maxMs);
    return { reader, ids: reader.match(selections[selection], minMs, maxMs), at: 0 };
  }

  /** Reads a stretch of the lane's next series. */
  #readOne(lane: Lane, rows: PageRows): void {
    const { reader, ids } = lane;
    const id = ids[lane.at];
    const several = this.#ask.selections.length > 1;
    const labels = reader.labels(id);
    const key = several || this.#done.size > 0 || this.#partial ? labelsKey(labels) : '';
    if (key !== '' && this.#done.has(key)) return void lane.at++;
    const begun = this.#partial?.key === key ? this.#partial : undefined;
    const first = begun?.fromMs ?? this.#firstMs();
    const last = this.#stretchEnd(reader, id, first);
    const count = reader.read(id, first, last, this.#buffer);
    if (count > 0) rows.add(labels, this.#buffer, count);
    if (last < this.#lastMs()) {
      this.#partial = { key: labelsKey(labels), fromMs: last + 1 };
      return;
    }
    this.#partial = undefined;
    lane.at++;
    if (several) this.#done.add(key);
  }

  /** Where a stretch that begins at `first` ends, so that it is no longer than a page or two. */
  #stretchEnd(reader: SeriesReader, id: number, first: number): number {
    const end = this.#lastMs();
    if (reader.room === undefined) return end;
    let span = end - first;
    while (span > 1 && reader.room(id, first, first + span) > 2 * SCAN_PAGE_ROWS) {
      span = Math.floor(span / 2);
    }
    return first + span;
  }

  // The times are finite, so that they can be halved.
  #firstMs(): number {
    const [partition] = this.#current as readonly [Partition, number];
    const oldest = Math.min(
      partition.head.oldestMs(-Infinity),
      ...partition.blocks.map(({ minMs }) => minMs),
    );
    return Math.max(this.#ask.minMs, Math.min(oldest, this.#lastMs()));
  }

  #lastMs(): number {
    return Math.min(this.#ask.maxMs, Number.MAX_SAFE_INTEGER);
  }
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

  async openScan(ask: SamplesAsk): Promise<number> {
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
    this.#open.set(id, { scan: new SampleScan(this.#store, ask, this.#clock), usedMs: now });
    return id;
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
