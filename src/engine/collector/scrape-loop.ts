// The loop of one target: wait, bring a body, take it or mark the target down, append, report. One
// round is in one append, so the samples, the stale markers and `up` of a scrape become durable
// together, perhaps with those of other targets. Easy to get wrong: all samples of a scrape bear
// its planned time if it began close to it, because even steps compress best; and a stop that is a
// shutdown writes no stale markers.
import { createHash } from 'node:crypto';
import { BugError, messageOf, MonError } from '../errors.ts';
import { SCRAPE_ALIGN_MS_MAX, SCRAPE_FIRST_MS_MAX } from '../limits.ts';
import { formatDuration } from '../model/duration.ts';
import type { TargetStatus } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ScrapeReply } from './scrape-http.ts';
import type { LeftBehind, ScrapeDoor } from './scrape-door.ts';
import type { ScrapeGather } from './scrape-gather.ts';
import type { ScrapeTarget } from './scrape-target.ts';
import type { TakeScratch } from './target-series.ts';
import { TargetSeries } from './target-series.ts';
import type { SeriesRules } from './target-series.ts';

/** Counters of all loops of a manager; they only grow. */
export interface ScrapeCounters {
  scrapes: number;
  failed: number;
  samples: number;
  refused: number;
  staleMarkers: number;
  /** Scrapes whose samples were lost because the log took nothing. */
  lost: number;
}

/** What the loops of one thread share. */
export interface ScrapeRoom {
  readonly door: ScrapeDoor;
  readonly clock: Clock;
  readonly scratch: TakeScratch;
  /** Leads to the door. */
  readonly gather: ScrapeGather;
  readonly counters: ScrapeCounters;
  readonly warn: (sentence: string) => void;
  /** Where several processes share the targets: which are this one's. */
  readonly share?: TargetShare;
}

/** How the targets are shared out among collectors. */
export interface TargetShare {
  /** True for a target that this process scrapes. */
  mine(key: string): boolean;
  /**
   * False while another process may have this target: asked at the last moment before it is asked
   * for its body, and before what it said is appended.
   */
  allowed(key: string): boolean;
}

/**
 * Brings the body of a target; rejects with the signal's reason when it fires, and with `may`'s
 * refusal instead of sending anything.
 */
export type ReadBody = (signal: AbortSignal, may?: () => void) => Promise<ScrapeReply>;

export interface LoopOptions {
  readonly pool: string;
  readonly target: ScrapeTarget;
  readonly rules: SeriesRules;
  readonly read: ReadBody;
  /** What an earlier loop of the same target left. */
  readonly inherited?: LeftBehind;
  /** Says why the target may not be scraped at all (target_limit), or undefined. */
  readonly refusal?: () => string | undefined;
  /** Another process has scraped it until now: the first scrape waits for the target's beat. */
  readonly onBeat?: boolean;
}

/** Refs that loops leave behind to be marked stale, cut into rows of one time. */
export function appendStale(
  room: ScrapeRoom,
  refs: readonly number[],
  timeMs: number,
): Promise<unknown> {
  if (refs.length === 0) return Promise.resolve();
  for (const ref of refs) room.gather.columns.putStale(ref, timeMs);
  room.counters.staleMarkers += refs.length;
  return appended(room, 0, 'the stale markers of a target that went');
}

/** Says why it failed, or nothing. */
async function appended(room: ScrapeRoom, intervalMs: number, what: string): Promise<string> {
  try {
    await room.gather.append(intervalMs);
    return '';
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    room.counters.lost++;
    const sentence = `${what} could not be stored: ${thrown.message}`;
    room.warn(sentence);
    return sentence;
  }
}

/** So much of an interval late, a scrape of a shared target is left to the next one. */
const LATE_SHARE = 0.4;

/** Thrown at the last moment before a target would be asked; no failure of the target. */
class NotNow extends MonError {
  constructor() {
    super('MON_ABORTED', 'another collector has this target, or its next scrape is nearer');
  }
}

export class ScrapeLoop {
  readonly target: ScrapeTarget;
  readonly #room: ScrapeRoom;
  readonly #options: LoopOptions;
  readonly #series: TargetSeries;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #health: TargetStatus['health'] = 'unknown';
  #lastError = '';
  #lastScrapeMs = 0;
  #lastDurationMs = 0;
  #refused = 0;
  /** When the scrape under way was due. */
  #planned = 0;
  #wake = (): void => undefined;
  /** Ends a request; the same one until it was needed. */
  #ending = new AbortController();

  /** Begins at once; the first scrape follows within SCRAPE_FIRST_MS_MAX. */
  constructor(room: ScrapeRoom, options: LoopOptions) {
    this.target = options.target;
    this.#room = room;
    this.#options = options;
    this.#series = new TargetSeries(room.gather, options.rules, options.inherited);
    this.#done = this.#run(this.#stopping.signal);
  }

  status(): TargetStatus {
    const { target } = this;
    return {
      scrapePool: this.#options.pool,
      scrapeUrl: target.url,
      discoveredLabels: target.discovered,
      labels: target.labels,
      health: this.#health,
      lastError: this.#lastError,
      lastScrapeMs: this.#lastScrapeMs,
      lastDurationMs: this.#lastDurationMs,
      intervalMs: target.intervalMs,
      timeoutMs: target.timeoutMs,
    };
  }

  /** Stops after the append under way; marks nothing stale, but says what would have to be. */
  async stop(): Promise<LeftBehind> {
    const reason = new MonError('MON_ABORTED', 'scraping was stopped');
    this.#stopping.abort(reason);
    this.#ending.abort(reason);
    this.#wake();
    // Nobody waits for others now.
    this.#room.gather.flush();
    await this.#done;
    return this.#series.leave();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#room;
    const { intervalMs, key } = this.target;
    const hash = createHash('md5').update(key).digest().readUIntBE(0, 6);
    const offset = hash % intervalMs;
    const { onBeat = false } = this.#options;
    const next = (after: number): number =>
      Math.ceil((after - offset) / intervalMs) * intervalMs + offset;
    const beat = next(clock.now() + 1);
    await this.#sleep(
      onBeat ? beat - clock.now() : hash % Math.min(intervalMs, SCRAPE_FIRST_MS_MAX),
    );
    // A process that slept through the beat is late, not on time at another moment.
    this.#planned = onBeat ? beat : clock.now();
    const tolerance = Math.min(SCRAPE_ALIGN_MS_MAX, intervalMs / 100);
    // Requests are under way for some time: of a shared target no two come within half a step.
    const apart = this.#room.share === undefined ? 0.5 : 1 - LATE_SHARE;
    for (let first = !onBeat; !signal.aborted; first = false) {
      const now = clock.now();
      const time = Math.abs(now - this.#planned) <= tolerance ? this.#planned : now;
      if (this.#timely() && this.#allowed()) await this.#scrape(time, signal);
      // The next moment of the target's own beat; after the first one not sooner than half a step.
      const after = Math.max(clock.now(), time + (first ? intervalMs * apart : tolerance + 1));
      this.#planned = next(after);
      // Waiting is by the monotonic clock: a wall clock that was set back does not hold a target
      // up.
      if (!signal.aborted) await this.#sleep(Math.max(0, this.#planned - clock.now()));
    }
  }

  /** Until then, or until it is stopped. */
  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#room.clock.after(ms, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #allowed(): boolean {
    return this.#room.share?.allowed(this.target.key) !== false;
  }

  /** False when a scrape would be a second one for whoever looks on: the next one is near. */
  #timely(): boolean {
    const { share, clock } = this.#room;
    return (
      share === undefined || clock.now() - this.#planned <= this.target.intervalMs * LATE_SHARE
    );
  }

  readonly #may = (): void => {
    if (!this.#timely() || !this.#allowed()) throw new NotNow();
  };

  async #bring(): Promise<ScrapeReply> {
    const refusal = this.#options.refusal?.();
    if (refusal !== undefined) throw new MonError('MON_LIMIT_EXCEEDED', refusal);
    const { timeoutMs } = this.target;
    if (this.#ending.signal.aborted) this.#ending = new AbortController();
    const ending = this.#ending;
    const timer = this.#room.clock.after(timeoutMs, () => {
      const words = `no whole answer within ${formatDuration(timeoutMs)}`;
      ending.abort(new MonError('MON_TIMEOUT', words));
    });
    try {
      const may = this.#room.share === undefined ? undefined : this.#may;
      return await this.#options.read(ending.signal, may);
    } finally {
      timer.cancel();
    }
  }

  /** Counts samples of refused series; says so when their number changes. */
  #noteRefused(refused: number): void {
    const { counters, warn } = this.#room;
    counters.refused += refused;
    if (refused > 0 && refused !== this.#refused) {
      warn(`${refused} samples of ${this.target.url} belong to series that are refused`);
    }
    this.#refused = refused;
  }

  async #scrape(timeMs: number, signal: AbortSignal): Promise<void> {
    const { clock, counters, gather, scratch } = this.#room;
    const { columns } = gather;
    const began = clock.monotonic();
    let body: ScrapeReply | undefined;
    let error = '';
    try {
      body = await this.#bring();
    } catch (thrown) {
      if (!signal.aborted && thrown instanceof BugError) throw thrown;
      if (thrown instanceof NotNow) return;
      error = messageOf(thrown);
    }
    // A process that slept meanwhile has no word on a target that another one scrapes now.
    if (signal.aborted || !this.#allowed()) return;
    // From here to the append nothing waits: scratch and the end of columns are this scrape's.
    const series = this.#series;
    try {
      if (body !== undefined) series.take(body, timeMs, scratch, columns);
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      error = thrown.message;
    }
    if (body === undefined) series.forgetCounts();
    const { total, kept, fresh } = series.counts;
    this.#noteRefused(series.counts.refused);
    counters.scrapes++;
    if (error === '') {
      counters.samples += kept;
    } else {
      counters.failed++;
      series.vanish(timeMs, columns);
    }
    const durationMs = clock.monotonic() - began;
    series.report('up', error === '' ? 1 : 0, timeMs, columns);
    series.report('scrape_duration_seconds', durationMs / 1000, timeMs, columns);
    series.report('scrape_samples_scraped', total, timeMs, columns);
    series.report('scrape_samples_post_metric_relabeling', kept, timeMs, columns);
    series.report('scrape_series_added', fresh, timeMs, columns);
    this.#lastScrapeMs = timeMs;
    this.#lastDurationMs = durationMs;
    this.#health = error === '' ? 'up' : 'down';
    this.#lastError = error;
    const stored = await appended(
      this.#room,
      this.target.intervalMs,
      `a scrape of ${this.target.url}`,
    );
    if (stored !== '') this.#lastError = error === '' ? stored : `${error}; ${stored}`;
  }
}
