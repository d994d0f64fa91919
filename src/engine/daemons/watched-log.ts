// The log as the door sees it, watched for samples that change the past: late ones, backfill, and
// live ones that were long on their way. They are noted for the result cache, which drops what they
// touch. Easy to get wrong: the columns of a batch may be used again once append has returned its
// promise, and the note must stand when the samples are durable, before the sender hears of it.
import { CACHE_FRESH_MS, LIVE_MS_MAX } from '../limits.ts';
import type { Batch, TimeSpan } from '../model/batch.ts';
import { LATENESS } from '../model/sample.ts';
import type { Appended, Log, LogReader, Offset } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { SeriesNews } from './series-news.ts';

/** Told of times that changed: minMs <= t <= maxMs, durable at `atMs`. */
export type NoteLate = (minMs: number, maxMs: number, atMs: number) => void;

export interface WatchedLogOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly note: NoteLate;
  /** Told of series that begin. */
  readonly news?: SeriesNews;
}

/** A live sample that was not durable after so long may be missing from a kept result. */
const SLOW_MS = CACHE_FRESH_MS - LIVE_MS_MAX;

interface Span {
  min: number;
  max: number;
}

export class WatchedLog implements Log {
  readonly #options: WatchedLogOptions;

  constructor(options: WatchedLogOptions) {
    this.#options = options;
  }

  get partitions(): number {
    return this.#options.log.partitions;
  }

  get generation(): number {
    return this.#options.log.generation;
  }

  async append(batches: readonly Batch[]): Promise<readonly Appended[]> {
    const { log, clock, note, news } = this.#options;
    const late: Span = { min: Infinity, max: -Infinity };
    for (const batch of batches) {
      // No query sees what is held back.
      if (batch.lateness > 0 && batch.lateness < LATENESS.held) stretch(late, batch);
    }
    const begins = news?.seen(batches) === true;
    const begunMs = clock.now();
    const appending = log.append(batches);
    const receivedMs = Math.min(begunMs, ...batches.map((one) => one.receivedMs));
    let whole = false;
    try {
      const appended = await appending;
      whole = !appended.some((one) => 'error' in one);
      return appended;
    } finally {
      // What did not stand may be sent again, and is news then.
      if (!whole) news?.forget();
      const now = clock.now();
      if (begins || late.min <= late.max) news?.happened();
      if (late.min <= late.max) note(late.min, late.max, now);
      if (now - receivedMs > SLOW_MS) note(receivedMs - LIVE_MS_MAX, begunMs, now);
    }
  }

  start(partition: number): Promise<Offset> {
    return this.#options.log.start(partition);
  }

  end(partition: number): Promise<Offset> {
    return this.#options.log.end(partition);
  }

  read(reader: string, from: ReadonlyMap<number, Offset>): Promise<LogReader> {
    return this.#options.log.read(reader, from);
  }

  close(): Promise<void> {
    return this.#options.log.close();
  }
}

function stretch(span: Span, { floats, histograms, span: known }: Batch): void {
  if (known !== undefined) widen(span, known);
  else if (floats !== undefined) widen(span, spanOf(floats.timestamps));
  if (histograms !== undefined) widen(span, spanOf(histograms.timestamps));
}

function widen(span: Span, { minMs, maxMs }: TimeSpan): void {
  span.min = Math.min(span.min, minMs);
  span.max = Math.max(span.max, maxMs);
}

function spanOf(times: Float64Array): TimeSpan {
  let [minMs, maxMs] = [Infinity, -Infinity];
  for (let i = 0; i < times.length; i++) {
    if (times[i] < minMs) minMs = times[i];
    if (times[i] > maxMs) maxMs = times[i];
  }
  return { minMs, maxMs };
}
