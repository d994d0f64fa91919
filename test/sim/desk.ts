// What comes in by the door, in the middle of a life: bodies of senders, scrapes, ticks. Each call
// is held against what the door should make of it, and what it answers against the model. Easy to
// get wrong: the records of a call are those that reach the log before it is awaited.
import { strict as assert } from 'node:assert';
import type { SampleColumns } from '../../src/engine/collector/scrape-door.ts';
import { messageOf, MonError } from '../../src/engine/errors.ts';
import { LIVE_MS_MAX } from '../../src/engine/limits.ts';
import type { PushOutcome } from '../../src/engine/ports.ts';
import type { Chain } from './chain.ts';
import { checkOutcome, checkRecords, expectedOf } from './door-check.ts';
import type { SentRecord } from './model.ts';
import type { Sent } from './sent.ts';
import type { ScribeLog } from './scribe-log.ts';
import type { Push } from './traffic.ts';
import type { World } from './world.ts';

/** The disk may do this; anything else is a fault of the program. */
const TROUBLES = new Set(['MON_DISK_FULL', 'MON_DISK_FAILED', 'MON_LOG_BUSY']);

/** Throws on what no disk is to blame for. */
export function allow(thrown: unknown): void {
  if (thrown instanceof MonError && TROUBLES.has(thrown.code)) return;
  throw thrown;
}

export interface DeskOptions {
  readonly world: World;
  readonly chain: Chain;
  readonly log: ScribeLog;
  /** Told of what nobody waits for. */
  readonly broke: (thrown: unknown) => void;
}

export class Desk {
  readonly #world: World;
  readonly #chain: Chain;
  readonly #log: ScribeLog;
  readonly #broke: (thrown: unknown) => void;
  #watermarkMs = -Infinity;

  constructor({ world, chain, log, broke }: DeskOptions) {
    this.#world = world;
    this.#chain = chain;
    this.#log = log;
    this.#broke = broke;
  }

  /** Pushes a body, and answers the code of its failure if the disk is to blame. */
  async push(push: Push): Promise<string | undefined> {
    const receivedMs = this.#world.clock.now();
    const { door } = this.#chain;
    this.#world.count(`push ${push.format}${push.broken ? ' broken' : ''}`);
    const { records, outcome } = this.#during(() => {
      if (push.format === 'remote') return door.remoteWrite(push.body);
      return push.format === 'json'
        ? door.json(push.body)
        : door.exposition(push.body, 'text/plain');
    });
    const expected = expectedOf(push.rows, receivedMs, this.#window);
    checkRecords(expected, records, receivedMs);
    try {
      const told = await outcome;
      assert.ok(!push.broken, 'a broken body is refused');
      checkOutcome(expected, push.refused, told);
      this.#acknowledged(expected.taken);
      return undefined;
    } catch (thrown) {
      const code = thrown instanceof MonError ? thrown.code : undefined;
      if (push.broken && code === 'MON_BODY_MALFORMED') return undefined;
      this.#world.count(`refused ${code}`);
      allow(thrown);
      return code;
    }
  }

  scraped(columns: SampleColumns, receivedMs: number): Promise<PushOutcome> {
    const { fleet } = this.#world;
    const { count } = columns;
    this.#world.count('scrapes');
    try {
      const rows = this.#log.rows(
        columns.refs.subarray(0, count),
        columns.timestamps.subarray(0, count),
        columns.values.subarray(0, count),
      );
      fleet.check(rows, receivedMs);
      const { records, outcome } = this.#during(() => this.#chain.door.append(columns, receivedMs));
      checkRecords(expectedOf(rows, receivedMs, this.#window), records, receivedMs);
      return outcome;
    } catch (thrown) {
      // The loop would take a failed assertion for a failed append.
      this.#broke(thrown);
      throw new MonError('MON_ABORTED', messageOf(thrown));
    }
  }

  async tick(): Promise<void> {
    this.#log.taken = [];
    const { book } = this.#chain;
    const known = book.series;
    const ticked = this.#chain.door.tick();
    this.#world.count('series forgotten', known - book.series);
    const nowMs = this.#world.time.now();
    const watermarkMs = Math.max(this.#watermarkMs, nowMs - LIVE_MS_MAX);
    const ticks = this.#log.taken.flatMap(({ tick }) => tick ?? []);
    this.#watermarkMs = watermarkMs;
    assert.equal(ticks.length, this.#world.model.partitions, 'a tick for each partition');
    for (const tick of ticks) assert.deepEqual(tick, { timeMs: nowMs, watermarkMs });
    await ticked;
  }

  get #window(): { readonly retentionMs: number; readonly watermarkMs: number } {
    const { retentionMs } = this.#world.plan.settings;
    return { retentionMs, watermarkMs: this.#watermarkMs };
  }

  /** What the door appended during `call`, which has not been awaited yet. */
  #during<T>(call: () => Promise<T>): { records: SentRecord[]; outcome: Promise<T> } {
    this.#log.taken = [];
    const outcome = call();
    return { records: this.#log.taken.filter(({ tick }) => !tick), outcome };
  }

  #acknowledged(rows: readonly Sent[]): void {
    const { model } = this.#world;
    this.#world.count('acknowledged', rows.length);
    this.#world.count('histograms', rows.filter(({ body }) => body !== undefined).length);
    for (const { series, t } of rows) {
      assert.ok(model.series.get(series)?.has(t), `${series} at ${t}: acknowledged, not logged`);
    }
  }
}
