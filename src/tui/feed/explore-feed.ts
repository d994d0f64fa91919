// The beat of the explorer: asks the question of the view that is open, keeps the answers of views
// that were open before, and publishes when something came. Easy to get wrong: an answer that comes
// late belongs to the question it was asked with, not to the view that is open by then.
import { messageOf } from '../../engine/errors.ts';
import type { Exploration } from '../../engine/model/exploration.ts';
import type { Labels } from '../../engine/model/labels.ts';
import type { Clock, Timer } from '../../engine/runtime/clock.ts';

/** What a view wants to know; `series` wants label sets instead of figures. */
export interface ExploreQuery {
  readonly match?: string;
  readonly label?: string;
  readonly series?: boolean;
}

/** What the screen asks: the client of a server, or a fake in a test. */
export interface ExploreSource {
  explore(
    ask: { readonly match?: string; readonly label?: string; readonly rows: number },
    signal: AbortSignal,
  ): Promise<Exploration>;
  series(match: string, limit: number, signal: AbortSignal): Promise<readonly Labels[]>;
}

export interface ExploreAnswer {
  /** The question that it answers: queryKey. */
  readonly key: string;
  readonly figures?: Exploration;
  readonly series?: readonly Labels[];
}

export interface ExploreSnapshot {
  readonly nowMs: number;
  /** The newest answer to the question without matchers: totals and policies. */
  readonly whole: Exploration | undefined;
  /** The newest answer to the question of the view; undefined until the first. */
  readonly answer: ExploreAnswer | undefined;
  readonly paused: boolean;
  readonly trouble: string | undefined;
}

const BEAT_MS = 10_000;
/** Rows of each list: all that a server gives. */
export const EXPLORE_ROWS_ALL = 10_000;
const SERIES = 1000;
const KEPT = 32;

export class ExploreFeed {
  readonly #source: ExploreSource;
  readonly #clock: Clock;
  readonly #beatMs: number;
  readonly #listeners = new Set<() => void>();
  readonly #answers = new Map<string, ExploreAnswer>();
  readonly #abort = new AbortController();
  #query: ExploreQuery = {};
  #snapshot: ExploreSnapshot;
  #timer: Timer | undefined;
  #asking = 0;

  constructor(source: ExploreSource, clock: Clock, beatMs = BEAT_MS) {
    this.#source = source;
    this.#clock = clock;
    this.#beatMs = beatMs;
    const nothing = { whole: undefined, answer: undefined, trouble: undefined };
    this.#snapshot = { nowMs: clock.now(), paused: false, ...nothing };
  }

  readonly snapshot = (): ExploreSnapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    void this.#beat();
  }

  stop(): void {
    this.#abort.abort();
    this.#timer?.cancel();
  }

  pause(paused: boolean): void {
    if (paused === this.#snapshot.paused) return;
    this.#publish({ paused });
    if (!paused) this.hurry();
  }

  /** Another view is open; what was known of it is shown until the answer comes. */
  look(query: ExploreQuery): void {
    if (queryKey(query) === queryKey(this.#query)) return;
    this.#query = query;
    this.#publish({ answer: this.#answers.get(queryKey(query)) });
    this.hurry();
  }

  hurry(): void {
    if (this.#abort.signal.aborted) return;
    this.#timer?.cancel();
    void this.#beat();
  }

  async #beat(): Promise<void> {
    const { signal } = this.#abort;
    const turn = ++this.#asking;
    const query = this.#query;
    try {
      const first = this.#snapshot.answer === undefined;
      if (!this.#snapshot.paused || first) await this.#ask(query, signal);
    } catch (thrown) {
      const trouble = messageOf(thrown);
      if (!signal.aborted) this.#publish({ trouble, nowMs: this.#clock.now() });
    } finally {
      // A view that was opened meanwhile has a beat of its own.
      if (!signal.aborted && turn === this.#asking) {
        this.#timer = this.#clock.after(this.#beatMs, () => void this.#beat());
      }
    }
  }

  async #ask(query: ExploreQuery, signal: AbortSignal): Promise<void> {
    const answer = await this.#answerTo(query, signal);
    if (signal.aborted) return;
    const key = queryKey(query);
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    if (this.#answers.size > KEPT) this.#answers.delete(this.#answers.keys().next().value ?? '');
    const isWhole = query.match === undefined && query.label === undefined;
    this.#publish({
      ...{ nowMs: this.#clock.now(), trouble: undefined },
      ...(isWhole ? { whole: answer.figures } : {}),
      ...(key === queryKey(this.#query) ? { answer } : {}),
    });
  }

  async #answerTo(query: ExploreQuery, signal: AbortSignal): Promise<ExploreAnswer> {
    const { match, label, series } = query;
    const key = queryKey(query);
    if (series === true) {
      return { key, series: await this.#source.series(match ?? '', SERIES, signal) };
    }
    const ask = { match, label, rows: EXPLORE_ROWS_ALL };
    return { key, figures: await this.#source.explore(ask, signal) };
  }

  #publish(change: Partial<ExploreSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** Equal for questions that are the same. */
export function queryKey({ match, label, series }: ExploreQuery): string {
  return JSON.stringify([match ?? null, label ?? null, series === true]);
}
