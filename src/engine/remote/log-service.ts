// The answering end of a log: the process that owns it lends it to the others. Records come in the
// dictionary of their producer and are written in the log's own. Easy to get wrong: a reader that
// comes back takes the place of its predecessor, whose releases must not count any more; and a tick
// is the word of one producer, so that the log may only pass on the least of all words.
import { MonError } from '../errors.ts';
import type { Batch, Tick } from '../model/batch.ts';
import type { Appended, Log, LogReader } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Methods } from './calls.ts';
import type { Served, Service } from './listener.ts';
import { appendAnswer, takeList, takeNumber, takeOffsets, takeText } from './log-wire.ts';
import type { LentLog, LogFacts, Translator } from './log-wire.ts';
import { packDeliveries } from './shard-protocol.ts';

export interface LogServiceOptions {
  readonly log: LentLog;
  readonly clock: Clock;
  /** A translator for each producer. */
  readonly translator: () => Translator;
  /** The log through which is appended, where somebody watches; the same by default. */
  readonly into?: Log;
}

/** A producer that has not ticked for so long is taken out of the watermark, ms. */
const SILENT_MS = 3000;

interface Producer {
  timeMs: number;
  watermarkMs: number;
  seen: number;
}

interface OpenReader {
  readonly reader: LogReader;
  /** Its right to release each partition. */
  readonly claims: ReadonlyMap<number, string>;
  readonly session: number;
}

export class LogService implements Service {
  readonly #options: LogServiceOptions;
  readonly #producers = new Map<object, Producer>();
  /** For each reader and partition the session that may release it. */
  readonly #holders = new Map<string, number>();
  #sessions = 0;
  #watermarkMs = -Infinity;
  /** Producers that fell silent and were taken out. */
  silenced = 0;

  constructor(options: LogServiceOptions) {
    this.#options = options;
  }

  facts(): LogFacts {
    const { partitions, generation } = this.#options.log;
    return { partitions, generation };
  }

  open(): Served {
    const { log } = this.#options;
    const readers = new Map<number, OpenReader>();
    const producer = {};
    let translator: Translator | undefined;
    /** Releases one after the other: a reader that closes has made its last. */
    let releasing: Promise<void> = Promise.resolve();
    const all = (ask: (partition: number) => Promise<number>): Promise<number[]> =>
      Promise.all(Array.from({ length: log.partitions }, (_, p) => ask(p)));
    const methods: Methods = {
      append: async ([records]) => {
        translator ??= this.#options.translator();
        return appendAnswer(await this.#append(takeList(records), translator, producer));
      },
      starts: async () => all((p) => log.start(p)),
      ends: async () => all((p) => log.end(p)),
      read: async ([name, from, held]) => this.#read(readers, takeText(name), from, held),
      next: async ([number], { signal }) => {
        const found = readers.get(takeNumber(number));
        if (found === undefined) throw new MonError('MON_NOT_FOUND', 'no such reader');
        return packDeliveries(await found.reader.next(signal));
      },
      release: async ([number, partition, offset]) => {
        const found = readers.get(takeNumber(number));
        const [p, upTo] = [takeNumber(partition), takeNumber(offset)];
        releasing = releasing.then(() => this.#release(found, p, upTo));
        await releasing;
      },
      unread: async ([number]) => {
        const found = readers.get(takeNumber(number));
        readers.delete(takeNumber(number));
        await releasing;
        await found?.reader.close();
      },
    };
    const closed = (): void => {
      translator?.close();
      this.#producers.delete(producer);
      for (const { reader } of readers.values()) void reader.close();
    };
    return { methods, closed };
  }

  async #release(found: OpenReader | undefined, partition: number, upTo: number): Promise<void> {
    const claim = found?.claims.get(partition);
    if (found === undefined || claim === undefined) return;
    // A successor holds this partition: what we think of it does not count any more.
    if (this.#holders.get(claim) !== found.session) return;
    if (upTo <= (await this.#options.log.end(partition))) found.reader.release(partition, upTo);
  }

  async #append(
    records: readonly unknown[],
    translator: Translator,
    producer: object,
  ): Promise<readonly Appended[]> {
    const { log, into = log } = this.#options;
    // One append a record, all before anything is waited for: the columns of a batch die with the
    // next record, and the order of calls is the order of records.
    const answers = records.map(async (record): Promise<Appended> => {
      try {
        if (!(record instanceof Uint8Array)) {
          throw new MonError('MON_RECORD_MALFORMED', 'a record is bytes');
        }
        const batch = this.#ticked(translator.open(record), producer);
        if (!(batch.partition < log.partitions)) {
          throw new MonError('MON_RECORD_MALFORMED', `there is no partition ${batch.partition}`);
        }
        const [answer] = await into.append([batch]);
        return answer;
      } catch (thrown) {
        if (thrown instanceof MonError) return { error: thrown };
        throw thrown;
      }
    });
    return Promise.all(answers);
  }

  /** A tick tells the least time and watermark of all producers that are not silent. */
  #ticked(batch: Batch, producer: object): Batch {
    if (batch.tick === undefined) return batch;
    const { timeMs, watermarkMs } = batch.tick;
    const now = this.#options.clock.monotonic();
    this.#producers.set(producer, { timeMs, watermarkMs, seen: now });
    let least = watermarkMs;
    let earliest = timeMs;
    for (const [key, one] of this.#producers) {
      if (now - one.seen > SILENT_MS) {
        this.#producers.delete(key);
        this.silenced++;
        continue;
      }
      least = Math.min(least, one.watermarkMs);
      earliest = Math.min(earliest, one.timeMs);
    }
    // A promise that was made stands, whoever joins later.
    this.#watermarkMs = Math.max(this.#watermarkMs, least);
    const tick: Tick = { timeMs: earliest, watermarkMs: this.#watermarkMs };
    return { ...batch, tick };
  }

  async #read(
    readers: Map<number, OpenReader>,
    name: string,
    from: unknown,
    held: unknown,
  ): Promise<number> {
    const { log } = this.#options;
    const starts = takeOffsets(from);
    const session = ++this.#sessions;
    const reader = await log.read(name, starts, takeOffsets(held));
    const claims = new Map<number, string>();
    for (const partition of starts.keys()) {
      claims.set(partition, `${partition}/${name}`);
      this.#holders.set(`${partition}/${name}`, session);
    }
    readers.set(session, { reader, claims, session });
    return session;
  }
}
