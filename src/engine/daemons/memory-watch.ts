// Keeps the heads of the shards away from the end of their memory, 4 GiB each, by refusing at the
// door what they would have to hold: first new series, then everything, until upkeep has made room.
// Wiring between the shards' figures, the door's book and the log. Easy to get wrong: after a start
// the book is empty while the heads are full, so that what they hold already must get in.
import { MonError } from '../errors.ts';
import { HEAD_BYTES_HOLD, HEAD_BYTES_MAX } from '../limits.ts';
import type { Batch } from '../model/batch.ts';
import type { Appended, Log, LogReader, Offset } from '../ports.ts';

/** What of a shard's figures is looked at. */
export interface ShardFigures {
  readonly series: number;
  /** Bytes in live pieces of its memory. */
  readonly memoryBytes: number;
}

/** What of the door's book is told. */
export interface LimitedBook {
  readonly series: number;
  readonly limits: { readonly series: number };
  /** From now on no more than so many series. */
  limitSeries(most: number): void;
}

export interface MemoryWatchOptions {
  readonly book: LimitedBook;
  readonly stats: () => readonly ShardFigures[];
  /** Told in a sentence when something changes. */
  readonly tell: (words: string) => void;
  readonly holdBytes?: number;
  readonly maxBytes?: number;
}

type Level = 'open' | 'known series' | 'nothing';

const WORDS: Readonly<Record<Level, string>> = {
  open: 'the heads have room again: new series are taken',
  'known series': 'the heads are nearly full: no new series are taken',
  nothing: 'the heads are full: nothing is taken until blocks are sealed',
};

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #level: Level = 'open';

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  /** Looks at the newest figures and opens or closes the door accordingly. */
  look(): void {
    const { book, stats, tell } = this.#options;
    const { holdBytes = HEAD_BYTES_HOLD, maxBytes = HEAD_BYTES_MAX } = this.#options;
    const all = stats();
    const most = Math.max(0, ...all.map(({ memoryBytes }) => memoryBytes));
    const level = most >= maxBytes ? 'nothing' : most >= holdBytes ? 'known series' : 'open';
    const held = all.reduce((sum, { series }) => sum + series, 0);
    const room = Math.min(book.limits.series, Math.max(book.series, held));
    book.limitSeries(level === 'open' ? book.limits.series : room);
    if (level !== this.#level) tell(WORDS[level]);
    this.#level = level;
  }

  /** The log as the door is to see it. */
  guard(log: Log): Log {
    return new GuardedLog(log, () => (this.#level === 'nothing' ? full() : undefined));
  }
}

function full(): MonError {
  return new MonError('MON_LOG_BUSY', 'the memory of the heads is full', {
    hint: 'send fewer series, give the server more shards, or wait until blocks are sealed',
  });
}

/** A log that takes samples only while nothing speaks against it; ticks always pass. */
class GuardedLog implements Log {
  readonly #log: Log;
  readonly #refusal: () => MonError | undefined;

  constructor(log: Log, refusal: () => MonError | undefined) {
    this.#log = log;
    this.#refusal = refusal;
  }

  get partitions(): number {
    return this.#log.partitions;
  }

  get generation(): number {
    return this.#log.generation;
  }

  append(batches: readonly Batch[]): Promise<readonly Appended[]> {
    const holds = batches.some(({ floats, histograms }) => floats ?? histograms);
    const error = holds ? this.#refusal() : undefined;
    if (error === undefined) return this.#log.append(batches);
    return Promise.resolve(batches.map(() => ({ error })));
  }

  start(partition: number): Promise<Offset> {
    return this.#log.start(partition);
  }

  end(partition: number): Promise<Offset> {
    return this.#log.end(partition);
  }

  read(reader: string, from: ReadonlyMap<number, Offset>): Promise<LogReader> {
    return this.#log.read(reader, from);
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
