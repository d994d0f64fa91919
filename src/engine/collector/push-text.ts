// Exposition text that is pushed instead of scraped: a body becomes rows for the door in one
// append. It stands between the API and the door. Easy to get wrong: a series that the door refuses
// must not stop the rest, but a body that is malformed anywhere is refused whole. Text goes the
// way of text-rows.ts, OpenMetrics the way that is here.
import { MonError } from '../errors.ts';
import { refusalOf } from '../kernels/series-book.ts';
import { BODY_BYTES_MAX } from '../limits.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Labels } from '../model/labels.ts';
import type { PushOutcome } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { ParsedExposition } from '../wire/exposition-columns.ts';
import { formatOf, parseExposition } from '../wire/exposition.ts';
import { describeSeries, Refusals } from './refusals.ts';
import type { SampleColumns } from './scrape-door.ts';
import { ColumnBuffer } from './scrape-door.ts';
import type { TextRows, WalkingDoor } from './text-rows.ts';
import { pushedLabels, walkText } from './text-rows.ts';

/** What pushed text needs of the door. */
export interface PushDoor {
  readonly book: { refOfLabels(labels: Labels): number };
  append(columns: SampleColumns, receivedMs: number): Promise<PushOutcome>;
  metadata(entries: readonly MetadataEntry[]): void;
}

/** Reads pushed exposition bodies; one object a thread. */
export class PushText {
  readonly #clock: Clock;
  readonly #parsed = new ParsedExposition();
  readonly #columns = new ColumnBuffer();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves when all that was accepted is durable; samples without a time get the receive time.
   * @throws MonError MON_BODY_MALFORMED, MON_BODY_TOO_LARGE (nothing taken) or kind 'retry'.
   */
  async take(
    door: PushDoor | (PushDoor & WalkingDoor),
    body: Uint8Array,
    contentType: string,
  ): Promise<PushOutcome> {
    if (body.length > BODY_BYTES_MAX) {
      throw new MonError('MON_BODY_TOO_LARGE', `a body holds at most ${BODY_BYTES_MAX} bytes`);
    }
    const now = this.#clock.now();
    const { columns, refusals } = this.#rows(door, body, contentType, now);
    if (this.#parsed.metadataCount > 0) door.metadata(this.#parsed.metadata(body));
    const outcome = await door.append(columns, now);
    if (refusals.count === 0) return outcome;
    for (const [reason, count] of Object.entries(outcome.reasons)) {
      refusals.reasons.set(reason, (refusals.reasons.get(reason) ?? 0) + count);
    }
    return {
      accepted: outcome.accepted,
      refused: outcome.refused + refusals.count,
      reasons: Object.fromEntries(refusals.reasons),
      examples: [...refusals.examples, ...outcome.examples],
    };
  }

  #rows(
    door: PushDoor | (PushDoor & WalkingDoor),
    body: Uint8Array,
    contentType: string,
    now: number,
  ): TextRows {
    const format = formatOf(contentType);
    if (format === 'text' && 'kernels' in door) return walkText(door, body, now, this.#parsed);
    parseExposition(body, format, this.#parsed);
    const { starts, ends, count } = this.#parsed;
    const series: Labels[] = [];
    // Fails before the door has heard of anything.
    for (let i = 0; i < count; i++) series.push(pushedLabels(body, starts[i], ends[i]));
    return { columns: this.#columns, refusals: this.#fill(door, series, now) };
  }

  #fill(door: PushDoor, series: readonly Labels[], now: number): Refusals {
    const { timestamps, words } = this.#parsed;
    const columns = this.#columns;
    const refusals = new Refusals();
    columns.clear();
    columns.reserve(series.length);
    series.forEach((labels, i) => {
      const ref = door.book.refOfLabels(labels);
      if (ref < 0) {
        refusals.add(refusalOf(ref), 1, () => describeSeries(labels));
        return;
      }
      const row = columns.count++;
      columns.refs[row] = ref;
      columns.timestamps[row] = Number.isNaN(timestamps[i]) ? now : timestamps[i];
      columns.words[row * 2] = words[i * 2];
      columns.words[row * 2 + 1] = words[i * 2 + 1];
    });
    return refusals;
  }
}
