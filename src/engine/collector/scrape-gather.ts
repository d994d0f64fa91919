// The rows of several scrapes, gathered into one append: an append costs the log, the shard and
// their messages the same whether it brings a hundred rows or ten thousand. It stands between the
// loops and the door. Easy to get wrong: what a loop gives back while its rows wait here must stay
// numbered until they are in the log; and nothing may wait when the loops are being stopped.
import { SCRAPE_GATHER_MS, SCRAPE_GATHER_PART, SCRAPE_GATHER_ROWS } from '../limits-sources.ts';
import type { PushOutcome } from '../ports.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { ScrapeDoor } from './scrape-door.ts';
import { ColumnBuffer } from './scrape-door.ts';

/** What the series of a target ask of the door. */
export type SeriesDoor = Pick<ScrapeDoor, 'refOf' | 'release' | 'metadata'>;

interface Round {
  readonly stored: Promise<PushOutcome>;
  readonly settle: (stored: Promise<PushOutcome>) => void;
  /** Monotonic. */
  dueMs: number;
  timer: Timer | undefined;
}

export class ScrapeGather implements SeriesDoor {
  /** Where a scrape puts its rows; append() follows without waiting in between. */
  readonly columns = new ColumnBuffer();
  readonly #door: ScrapeDoor;
  readonly #clock: Clock;
  readonly #counters: { refused: number };
  #round: Round | undefined;
  #lastMs = -Infinity;
  #released: number[] = [];

  /** `counters.refused` grows by what the door refuses. */
  constructor(door: ScrapeDoor, clock: Clock, counters: { refused: number }) {
    this.#door = door;
    this.#clock = clock;
    this.#counters = counters;
  }

  refOf(...given: Parameters<ScrapeDoor['refOf']>): number {
    return this.#door.refOf(...given);
  }

  metadata(...given: Parameters<ScrapeDoor['metadata']>): void {
    this.#door.metadata(...given);
  }

  release(refs: Iterable<number>): void {
    for (const ref of refs) this.#released.push(ref);
    // Rows that follow in the same step bear these refs as well; append() takes them along.
    if (this.#round === undefined && this.columns.count === 0) this.#giveBack();
  }

  /**
   * Resolves when what the columns hold is durable, with the outcome of all that went together.
   * `intervalMs` is that of the target. @throws MonError as ScrapeDoor.append.
   */
  append(intervalMs: number): Promise<PushOutcome> {
    const now = this.#clock.monotonic();
    const round = (this.#round ??= begin());
    const wait = Math.min(SCRAPE_GATHER_MS, intervalMs * SCRAPE_GATHER_PART);
    const dueMs = Math.min(round.dueMs, this.#lastMs + wait);
    const full = this.columns.count >= SCRAPE_GATHER_ROWS || this.columns.histograms.length > 0;
    if (full || dueMs <= now) {
      this.flush();
    } else if (dueMs < round.dueMs) {
      round.timer?.cancel();
      round.dueMs = dueMs;
      round.timer = this.#clock.after(dueMs - now, () => this.flush());
    }
    return round.stored;
  }

  /** Appends at once what waits. */
  flush(): void {
    const round = this.#round;
    if (round === undefined) return;
    this.#round = undefined;
    round.timer?.cancel();
    this.#lastMs = this.#clock.monotonic();
    // Within a promise at once: a timer that throws would end the process.
    const stored = (async () => this.#door.append(this.columns, this.#clock.now()))();
    round.settle(stored);
    const counters = this.#counters;
    // A failure reaches everybody whose rows these were.
    stored.then(
      ({ refused }) => (counters.refused += refused),
      () => undefined,
    );
    this.columns.clear();
    this.#giveBack();
  }

  #giveBack(): void {
    const released = this.#released;
    if (released.length === 0) return;
    this.#released = [];
    this.#door.release(released);
  }
}

function begin(): Round {
  const { promise, resolve } = Promise.withResolvers<PushOutcome>();
  return { stored: promise, settle: resolve, dueMs: Infinity, timer: undefined };
}
