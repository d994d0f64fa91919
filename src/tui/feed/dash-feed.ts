// The beat of a dashboard. One clock reading, one range and one step for all panels; only panels in
// sight are asked, equal queries once, a few at a time, and only for the instants that are new. The
// wall and the export are fed by it too. Easy to get wrong: a change of the range or of a variable
// must not wait for answers that nobody looks at any more, and a server that is down is asked once
// a beat, not per panel.
import type { Dashboard, DashPanel } from '../../engine/dash/dashboard.ts';
import { substitute, type TemplateScope } from '../../engine/dash/template.ts';
import { DASH_BEAT_MS_MIN } from '../../engine/limits-dash.ts';
import type { Grid } from '../../engine/model/fragment.ts';
import type { Ask } from '../../engine/ports.ts';
import type { Clock, Timer } from '../../engine/runtime/clock.ts';
import { givenUp, troubleOf, unreachable } from './answers.ts';
import { boundedAsk } from './bounded-ask.ts';
import { DashBook, type WantedPanel } from './dash-book.ts';
import type { Question } from './dash-questions.ts';
import type { AskedQuery, DashSnapshot } from './dash-snapshot.ts';
import { DashVariables, type DashNames } from './dash-variables.ts';
import type { Trouble } from './snapshot.ts';
import { timeView, type TimeView } from './time-view.ts';

export interface DashFeedOptions {
  readonly ask: Ask;
  readonly names: DashNames;
  readonly clock: Clock;
  readonly dashboard: Dashboard;
  readonly rangeMs?: number;
  /** Instants wanted over the range. */
  readonly columns: number;
  readonly beatMs?: number;
  /** Chosen values of variables by name; `$__all` for all. */
  readonly chosen?: ReadonlyMap<string, readonly string[]>;
  /** How often what is asked for is scraped, ms; undefined when nobody knows. */
  readonly scrapeMs?: (signal: AbortSignal) => Promise<number | undefined>;
}

/** What is looked at. `panels` are the ids in sight; undefined means all of them. */
export interface DashLook {
  readonly rangeMs?: number;
  readonly anchorMs?: number | 'live';
  readonly columns?: number;
  readonly beatMs?: number;
  readonly panels?: readonly string[];
}

const BEAT_MS = 1000;
/** Questions under way at once; the server's limit for one user is ten. */
const ASKS_AT_ONCE = 6;
/** Answers are shown so long after the first of them, also while others are missing. */
const SHOW_MS = 60;
/** Prometheus' and Grafana's usual interval. */
const SCRAPE_MS = 15_000;
/** The first beat waits so long for the interval of scrapes. */
const SCRAPE_ASK_MS = 1500;
/** An instant need not be younger than this. */
const INSTANT_STEP_MS = 5000;

export class DashFeed {
  readonly #options: DashFeedOptions;
  readonly #variables: DashVariables;
  readonly #book: DashBook;
  readonly #listeners = new Set<() => void>();
  readonly #closed = new AbortController();
  #snapshot: DashSnapshot;
  #timer: Timer | undefined;
  #showing: Timer | undefined;
  #beating = false;
  #stopped = true;
  #paused = false;
  #again = false;
  #rangeMs: number;
  #anchorMs: number | undefined;
  #columns: number;
  #beatMs: number;
  #inSight: ReadonlySet<string> | undefined;
  #scrapeMs: number | undefined;
  #trouble: Trouble | undefined;
  #aliveMs = 0;
  #loading = true;
  /** Ends with each change of what is looked at: its questions are given up. */
  #turn = new AbortController();

  constructor(options: DashFeedOptions) {
    this.#options = options;
    const { dashboard, ask, names, chosen } = options;
    const bounded = this.#bounded;
    this.#book = new DashBook(dashboard.panels);
    this.#variables = new DashVariables(dashboard, { ask, names, bounded }, chosen ?? new Map());
    this.#rangeMs = options.rangeMs ?? dashboard.rangeMs;
    this.#columns = options.columns;
    this.#beatMs = beatOf(options.beatMs ?? dashboard.refreshMs ?? BEAT_MS);
    this.#snapshot = this.#make(options.clock.now());
  }

  /** The newest snapshot; the same object until something changed. */
  readonly snapshot = (): DashSnapshot => this.#snapshot;

  /** Calls back after each change; answers the way to stop that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    void this.#beat();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#showing?.cancel();
    this.#closed.abort();
  }

  /** Changes what is looked at; the next beat follows at once. */
  look(change: DashLook): void {
    const before = this.#looks();
    this.#rangeMs = change.rangeMs ?? this.#rangeMs;
    this.#columns = change.columns ?? this.#columns;
    if (change.beatMs !== undefined) this.#beatMs = beatOf(change.beatMs);
    const { anchorMs, panels } = change;
    if (anchorMs !== undefined) this.#anchorMs = anchorMs === 'live' ? undefined : anchorMs;
    if (panels !== undefined) this.#inSight = new Set(panels);
    if (before !== this.#looks()) this.#changed();
  }

  /** Chooses the values of a variable. */
  choose(name: string, values: readonly string[]): void {
    const before = this.#variables.states;
    this.#variables.choose(name, values);
    if (before !== this.#variables.states) this.#changed();
  }

  /** A paused feed keeps its picture and asks nothing. */
  pause(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    if (paused) this.#publish();
    else this.#changed();
  }

  /** What a panel asks right now, for those who want to ask it elsewhere. */
  asked(panel: DashPanel): readonly AskedQuery[] {
    const scope = this.#scope(this.#view(this.#options.clock.now()), panel);
    return panel.queries.map(({ expr, instant }) => ({ expr: substitute(expr, scope), instant }));
  }

  #looks(): string {
    const sight = this.#inSight === undefined ? '' : [...this.#inSight].join(' ');
    return `${this.#rangeMs} ${this.#anchorMs} ${this.#columns} ${this.#beatMs} ${sight}`;
  }

  #changed(): void {
    this.#turn.abort();
    this.#turn = new AbortController();
    this.#loading = true;
    if (this.#stopped) return;
    // What is known already is shown at once under the new range and choice.
    this.#publish();
    if (this.#beating) this.#again = true;
    else {
      this.#timer?.cancel();
      void this.#beat();
    }
  }

  async #beat(): Promise<void> {
    if (this.#beating || this.#stopped) return;
    this.#beating = true;
    this.#again = false;
    const { clock } = this.#options;
    try {
      if (!this.#paused) await this.#askAll(clock.now());
      this.#showing?.cancel();
      this.#showing = undefined;
      if (!this.#stopped) this.#publish();
    } finally {
      this.#beating = false;
      if (!this.#stopped) {
        const wait = this.#again ? 0 : this.#beatMs - (clock.now() % this.#beatMs);
        this.#timer = clock.after(wait, () => void this.#beat());
      }
    }
  }

  async #askAll(nowMs: number): Promise<void> {
    const { signal } = this.#turn;
    try {
      await Promise.all([this.#askScrape(), this.#refreshVariables(nowMs)]);
      await this.#askQuestions(nowMs, signal);
      if (signal.aborted) return;
      this.#loading = false;
      this.#aliveMs = nowMs;
      this.#trouble = undefined;
    } catch (thrown) {
      if (this.#stopped || givenUp(thrown)) return;
      if (!unreachable(thrown)) throw thrown;
      this.#trouble = troubleOf(thrown, nowMs, this.#trouble);
      for (const question of this.#wanted(nowMs).flatMap(({ questions }) => questions)) {
        question.fail(thrown, nowMs);
      }
    }
  }

  async #askScrape(): Promise<void> {
    const { scrapeMs, clock } = this.#options;
    if (this.#scrapeMs !== undefined) return;
    // A server that does not tell is not asked again.
    this.#scrapeMs = SCRAPE_MS;
    if (scrapeMs === undefined) return;
    const bounds = { clock, closed: this.#closed.signal, ms: SCRAPE_ASK_MS };
    try {
      const found = await boundedAsk(scrapeMs, bounds);
      if (found !== undefined && found > 0) this.#scrapeMs = Math.max(DASH_BEAT_MS_MIN, found);
    } catch (thrown) {
      if (unreachable(thrown)) this.#scrapeMs = undefined;
    }
  }

  async #refreshVariables(nowMs: number): Promise<void> {
    await this.#variables.refresh(this.#times(this.#view(nowMs), 0), nowMs, unreachable);
  }

  /** Everything this beat has to ask; after a dead server the rest is not asked. */
  async #askQuestions(nowMs: number, signal: AbortSignal): Promise<void> {
    const { ask } = this.#options;
    const jobs = new Map<Question, Grid>();
    const { grid } = this.#view(nowMs);
    for (const { questions } of this.#wanted(nowMs)) {
      for (const question of questions) {
        const own = question.kind === 'rows' ? instantGrid(grid, this.#until(nowMs)) : grid;
        if (question.due(own, nowMs)) jobs.set(question, own);
      }
    }
    const waiting = [...jobs];
    let dead: unknown;
    const worker = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        if (this.#stopped || signal.aborted) return;
        const [question, grid] = job;
        try {
          await question.put(grid, nowMs, { ask, bounded: this.#bounded });
        } catch (thrown) {
          if (unreachable(thrown)) {
            dead = thrown;
            waiting.length = 0;
          }
        }
        this.#showSoon();
      }
    };
    await Promise.all(Array.from({ length: ASKS_AT_ONCE }, worker));
    if (dead !== undefined) throw dead;
  }

  #until(nowMs: number): number {
    return Math.min(this.#anchorMs ?? nowMs, nowMs);
  }

  /** Shows what has come while the rest of the beat is on its way. */
  #showSoon(): void {
    if (this.#showing !== undefined || this.#stopped) return;
    this.#showing = this.#options.clock.after(SHOW_MS, () => {
      this.#showing = undefined;
      if (!this.#stopped) this.#publish();
    });
  }

  readonly #bounded = <T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const closed = AbortSignal.any([this.#closed.signal, this.#turn.signal]);
    return boundedAsk(ask, { clock: this.#options.clock, closed });
  };

  #view(nowMs: number): TimeView {
    const [rangeMs, columns, anchorMs] = [this.#rangeMs, this.#columns, this.#anchorMs];
    return timeView({ rangeMs, columns, anchorMs, nowMs });
  }

  #times(view: TimeView, minStepMs: number) {
    const stepMs = Math.max(view.grid.step, minStepMs);
    const endMs = view.grid.end;
    const scrapeMs = this.#scrapeMs ?? SCRAPE_MS;
    return { startMs: endMs - this.#rangeMs, endMs, stepMs, scrapeMs };
  }

  #scope(view: TimeView, panel: DashPanel): TemplateScope {
    return this.#variables.scope(this.#times(view, panel.minStepMs));
  }

  /** The panels in sight with their questions. */
  #wanted(nowMs: number): readonly WantedPanel[] {
    const view = this.#view(nowMs);
    return this.#book.wanted(this.#inSight, (panel) => this.#scope(view, panel), nowMs);
  }

  #publish(): void {
    this.#snapshot = this.#make(this.#options.clock.now());
    for (const listener of this.#listeners) listener();
  }

  #make(nowMs: number): DashSnapshot {
    const view = this.#view(nowMs);
    return {
      version: (this.#snapshot?.version ?? 0) + 1,
      nowMs,
      ...view,
      rangeMs: this.#rangeMs,
      anchorMs: this.#anchorMs,
      paused: this.#paused,
      beatMs: this.#beatMs,
      variables: this.#variables.states,
      panels: this.#book.panels(this.#inSight, (panel) => this.#scope(view, panel)),
      trouble: this.#trouble,
      aliveMs: this.#aliveMs,
      loading: this.#loading,
    };
  }
}

function beatOf(ms: number): number {
  return Math.max(DASH_BEAT_MS_MIN, Math.round(ms));
}

/** The one instant at the end of a grid, in strides of its own so that the cache has it. */
function instantGrid(grid: Grid, untilMs: number): Grid {
  const stride = Math.min(grid.step, INSTANT_STEP_MS);
  const at = Math.floor(untilMs / stride) * stride;
  return { start: at, end: at, step: 1 };
}
