// Changes of alerts on their way through the log: written by the process that evaluates rules, read
// by the one that notifies. Easy to get wrong: a change may stand twice in the log, and where the
// reader stands has to be durable in the same commit as what it made of the changes.
import { alertBatch, alertPartition, decodeAlert, encodeAlert } from '../codec/alert-record.ts';
import { MonError } from '../errors.ts';
import type { AlertEvent, Delivery, Log, LogReader, Notify, Offset } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';

/** Tells changes by appending them: durable in the log when it resolves. */
export class AppendedAlerts implements Notify {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** @throws the first failure; then all are to be told again, those that stand already too. */
  async take(events: readonly AlertEvent[]): Promise<void> {
    const { partitions } = this.#log;
    const batches = events.map((event) =>
      alertBatch(alertPartition(event.labels, partitions), encodeAlert(event)),
    );
    const answers = await this.#log.append(batches);
    for (const answer of answers) if ('error' in answer) throw answer.error;
  }
}

/** Who takes changes together with where the reader stands then; both in one commit. */
export interface AlertTaker {
  readTo(): Promise<ReadonlyMap<number, Offset>>;
  take(events: readonly AlertEvent[], readTo: ReadonlyMap<number, Offset>): Promise<void>;
}

export interface AlertFeedOptions {
  readonly log: Log;
  readonly taker: AlertTaker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly failed: (thrown: unknown) => void;
}

const READER = 'notify';
const AGAIN_MS = 500;

export class AlertFeed {
  /** Records that could not be understood. */
  malformed = 0;
  readonly #options: AlertFeedOptions;
  readonly #abort = new AbortController();
  readonly #offsets = new Map<number, Offset>();
  #reader: LogReader | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: AlertFeedOptions) {
    this.#options = options;
  }

  /** Begins behind what was taken; all that the log holds the first time. */
  async start(): Promise<void> {
    const { log, taker, logger, failed } = this.#options;
    const taken = await taker.readTo();
    for (let partition = 0; partition < log.partitions; partition++) {
      const first = await log.start(partition);
      const next = taken.get(partition) ?? first;
      if (next < first) {
        const fields = { partition, from: next, to: first };
        logger.error('changes of alerts were in the log for longer than it keeps them', fields);
      }
      this.#offsets.set(partition, Math.max(next, first));
    }
    const reader = await log.read(READER, this.#offsets);
    this.#reader = reader;
    this.#running = this.#run(reader).catch((thrown: unknown) => {
      if (!this.#abort.signal.aborted) failed(thrown);
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await this.#reader?.close();
  }

  async #run(reader: LogReader): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const deliveries = await reader.next(signal);
      if (deliveries.length === 0) return;
      const events = deliveries.flatMap((one) => this.#eventOf(one));
      await this.#taken(events);
      for (const [partition, offset] of this.#offsets) reader.release(partition, offset);
    }
  }

  #eventOf({ partition, offset, bytes, definitionsOnly }: Delivery): AlertEvent[] {
    if (definitionsOnly) return [];
    this.#offsets.set(partition, offset + 1);
    try {
      return [decodeAlert(bytes)];
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.kind !== 'data') throw thrown;
      this.malformed++;
      this.#options.logger.warn(thrown.message, { partition, offset });
      return [];
    }
  }

  /** What may pass is tried again: a full disk, a State that is away. */
  async #taken(events: readonly AlertEvent[]): Promise<void> {
    const { taker, clock, logger } = this.#options;
    const { signal } = this.#abort;
    let told = '';
    while (!signal.aborted) {
      try {
        return await taker.take(events, new Map(this.#offsets));
      } catch (thrown) {
        if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
        if (thrown.message !== told) logger.warn('changes of alerts wait', { why: thrown.message });
        told = thrown.message;
        await clock.sleep(AGAIN_MS, signal);
      }
    }
  }
}
