// What a log holds goes to a server by remote write, in the order of the log, one request at a
// time: an agent's buffer to its server, a server's log to the store behind it. How far it came is
// written down after each answer, so that a process that was killed goes on there: the last
// request may come twice, and receivers drop doubles. Easy to get wrong: a server that is away, or
// does not know us, keeps everything waiting; only a server that says the data itself is bad lets
// it go.
import { SnappyWriter } from '../codec/snappy-write.ts';
import { MonError, messageOf } from '../errors.ts';
import {
  AGENT_BATCH_SAMPLES,
  AGENT_LINGER_MS,
  AGENT_REQUEST_MS,
  AGENT_RETRY_AFTER_MS_MAX,
  AGENT_RETRY_MS_MAX,
  AGENT_RETRY_MS_MIN,
} from '../limits-links.ts';
import type { Delivery, Log, LogReader, Offset } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import type { AgentBatch } from './agent-batch.ts';
import type { Reply } from './http-client.ts';
import { HttpClient, refusedBy } from './http-client.ts';
import type { ServerAccess } from './access-config.ts';

export interface SenderOptions {
  readonly log: Log;
  readonly batch: AgentBatch;
  readonly clock: Clock;
  readonly disk: Disk;
  /** Where requests go. */
  readonly url: string;
  readonly access: ServerAccess;
  /** Further headers of each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Name of the reader, which the log keeps records for. */
  readonly reader: string;
  readonly progress: SenderProgress;
  /**
   * What was taken so long before a server went away is sent again: it may have been in its memory
   * alone. 0 by default.
   */
  readonly rewindMs?: number;
  /** Said once when the oldest samples go. */
  readonly fullWords: string;
  /** True while what was received then may go: the server has been away for too long. */
  readonly overfull: (receivedMs: number) => boolean;
  /** Lets the log remove what was released. */
  readonly tidy: () => Promise<unknown>;
  readonly warn: (sentence: string) => void;
  readonly info: (sentence: string) => void;
}

/** Samples and requests since the start. */
export interface SenderCounts {
  sent: number;
  /** Refused by the server for good. */
  refused: number;
  /** Older than what the folder may hold. */
  overflowed: number;
  requests: number;
  failures: number;
}

/** How far a sender came: all below these offsets is delivered. */
export interface Delivered {
  readonly generation: number;
  readonly offsets: ReadonlyMap<number, Offset>;
}

/** Where a sender writes down how far it came; durable when it resolves. */
export interface SenderProgress {
  load(): Promise<Delivered | undefined>;
  save(delivered: Delivered): Promise<void>;
}

/** How far it came is written down after so many deliveries that held nothing to send. */
const NOTE_EVERY = 60;
/** The data's fault by remote write's rules; other refusals may pass. */
const DATA_FAULTS = new Set([400, 413, 415, 422]);

/** How often it is noted where it is. */
const MARK_MS = 1000;

type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'away'; readonly why: string; readonly pauseMs: number };

export class AgentSender {
  readonly counts: SenderCounts = { sent: 0, refused: 0, overflowed: 0, requests: 0, failures: 0 };
  /** Wall time of the last delivery, ms; 0 before the first. */
  deliveredMs = 0;
  /** When what waits first had been received, wall ms; 0 while nothing does. */
  waitingSinceMs = 0;
  /** All below these offsets was taken from the log and delivered, or is being delivered. */
  #ends = new Map<number, Offset>();
  /** Where it was at times, and below the first all is safe at the other side. */
  #marks: { readonly atMs: number; readonly ends: ReadonlyMap<number, Offset> }[] = [];
  #outage = false;
  #again = false;
  readonly #options: SenderOptions;
  readonly #client: HttpClient;
  readonly #snappy = new SnappyWriter();
  readonly #stopping = new AbortController();
  #reader: LogReader | undefined;
  #work: Promise<void> = Promise.resolve();
  #awayWhy = '';
  /** Deliveries that held nothing since it was written down how far it came. */
  #idle = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#client = new HttpClient(options, options.access);
  }

  /** `failed` is called when it ends by a failure that does not pass. */
  async start(failed: (thrown: unknown) => void): Promise<void> {
    const { log, reader, clock } = this.#options;
    this.#ends = await this.#progress();
    this.#marks = [{ atMs: clock.monotonic(), ends: new Map(this.#ends) }];
    this.#reader = await log.read(reader, this.#ends);
    this.#work = this.#runs(this.#reader, this.#stopping.signal).catch((thrown: unknown) => {
      if (!this.#stopping.signal.aborted) failed(thrown);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
    await this.#reader?.close();
    this.#client.close();
  }

  /** Why nothing can be delivered now; '' while the server answers. */
  get away(): string {
    return this.#awayWhy;
  }

  /** The offsets from which on nothing was delivered. */
  async #progress(): Promise<Map<number, Offset>> {
    const { progress, log } = this.#options;
    const found = await progress.load();
    const offsets = found?.generation === log.generation ? found.offsets : undefined;
    const from = new Map<number, Offset>();
    for (let partition = 0; partition < log.partitions; partition++) {
      const start = await log.start(partition);
      const offset = offsets?.get(partition) ?? start;
      from.set(partition, Number.isSafeInteger(offset) ? Math.max(offset, start) : start);
    }
    return from;
  }

  /** Reads on; after an outage, from where all was safe. */
  async #runs(first: LogReader, signal: AbortSignal): Promise<void> {
    const { log, reader, batch } = this.#options;
    for (let open = first; ;) {
      await this.#run(open, signal);
      if (!this.#again || signal.aborted) return;
      this.#again = false;
      await open.close();
      batch.clear();
      const [safe] = this.#marks;
      this.#marks = [safe];
      this.#ends = new Map(safe.ends);
      open = await log.read(reader, this.#ends);
      this.#reader = open;
    }
  }

  async #run(reader: LogReader, signal: AbortSignal): Promise<void> {
    const { batch, clock } = this.#options;
    while (!signal.aborted && !this.#again) {
      const deliveries = await reader.next(signal);
      if (deliveries.length === 0) return;
      let waits = false;
      for (const delivery of deliveries) {
        this.#take(delivery);
        if (!delivery.definitionsOnly) {
          this.#ends.set(delivery.partition, delivery.offset + 1);
          waits = true;
        }
        if (batch.samples < AGENT_BATCH_SAMPLES) continue;
        await this.#deliver(signal);
        if (signal.aborted || this.#again) return;
        waits = false;
      }
      if (waits) await this.#deliver(signal);
      if (this.#again) return;
      // While there is more, requests are full; at the end of the log they gather for a moment.
      if (!(await this.#behind())) await clock.sleep(AGENT_LINGER_MS, signal);
    }
  }

  async #behind(): Promise<boolean> {
    const { log } = this.#options;
    for (const [partition, offset] of this.#ends) {
      if (offset < (await log.end(partition))) return true;
    }
    return false;
  }

  #take(delivery: Delivery): void {
    const { batch } = this.#options;
    try {
      batch.take(delivery);
      if (this.waitingSinceMs === 0 && !batch.empty) this.waitingSinceMs = batch.receivedMs;
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      this.#options.warn(`a record of the buffer cannot be read: ${thrown.message}`);
    }
  }

  /** Sends what was gathered, however long it takes; then all that was taken is done. */
  async #deliver(signal: AbortSignal): Promise<void> {
    const { batch, clock } = this.#options;
    const { samples } = batch;
    // Ticks alone are not worth a write to the disk.
    if (batch.empty && ++this.#idle < NOTE_EVERY) return;
    if (!batch.empty) {
      const body = this.#snappy.compress(batch.finish());
      let pauseMs = AGENT_RETRY_MS_MIN;
      for (;;) {
        const outcome = await this.#post(body, signal);
        if (signal.aborted) return;
        if (outcome.kind !== 'away') {
          this.#told(outcome, samples);
          break;
        }
        this.counts.failures++;
        this.#outage = true;
        this.#complain(outcome.why);
        if (this.#options.overfull(this.waitingSinceMs)) {
          this.#overflow(samples);
          break;
        }
        await clock.sleep(Math.max(pauseMs, outcome.pauseMs), signal);
        if (signal.aborted) return;
        pauseMs = Math.min(pauseMs * 2, AGENT_RETRY_MS_MAX);
      }
    }
    this.waitingSinceMs = 0;
    await this.#note();
  }

  #told(outcome: Exclude<Outcome, { kind: 'away' }>, samples: number): void {
    const { clock, warn, info } = this.#options;
    if (this.#awayWhy !== '') info('the server answers again');
    this.#awayWhy = '';
    this.#again = this.#outage && (this.#options.rewindMs ?? 0) > 0;
    this.#outage = false;
    this.deliveredMs = clock.now();
    if (outcome.kind === 'done') {
      this.counts.sent += samples;
      return;
    }
    this.counts.refused += samples;
    warn(`the server refused some of ${samples} samples for good: ${outcome.why}`);
  }

  #complain(why: string): void {
    if (why === this.#awayWhy) return;
    this.#awayWhy = why;
    this.#options.warn(`nothing can be delivered: ${why}; it waits on disk`);
  }

  #overflow(samples: number): void {
    if (this.counts.overflowed === 0) this.#options.warn(this.#options.fullWords);
    this.counts.overflowed += samples;
  }

  async #note(): Promise<void> {
    const { progress, log, tidy } = this.#options;
    const safe = this.#mark();
    this.#idle = 0;
    try {
      await progress.save({ generation: log.generation, offsets: safe });
    } catch (thrown) {
      // On a full disk the old figure stays: after a restart some requests come twice.
      if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
    }
    for (const [partition, offset] of safe) this.#reader?.release(partition, offset);
    if (this.#options.overfull(Infinity)) await tidy();
  }

  /** Notes where it is now, and answers below which offsets all is safe. */
  #mark(): ReadonlyMap<number, Offset> {
    const { clock, rewindMs = 0 } = this.#options;
    if (rewindMs === 0) return this.#ends;
    const now = clock.monotonic();
    const last = this.#marks[this.#marks.length - 1];
    if (now - last.atMs >= MARK_MS) this.#marks.push({ atMs: now, ends: new Map(this.#ends) });
    while (this.#marks.length > 1 && this.#marks[1].atMs <= now - rewindMs) this.#marks.shift();
    return this.#marks[0].ends;
  }

  async #post(body: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const { url } = this.#options;
    const headers = {
      ...this.#options.headers,
      'Content-Type': 'application/x-protobuf',
      'Content-Encoding': 'snappy',
      'Content-Length': String(body.length),
      'X-Prometheus-Remote-Write-Version': '0.1.0',
    };
    this.counts.requests++;
    let reply: Reply;
    try {
      const timeoutMs = AGENT_REQUEST_MS;
      reply = await this.#client.ask(url, { method: 'POST', headers, body, signal, timeoutMs });
    } catch (thrown) {
      // The token's file may be missing for a moment too.
      if (!(thrown instanceof MonError)) throw thrown;
      return { kind: 'away', why: messageOf(thrown), pauseMs: 0 };
    }
    if (reply.status >= 200 && reply.status < 300) return { kind: 'done' };
    const why = refusedBy(url, reply).message;
    if (DATA_FAULTS.has(reply.status)) return { kind: 'refused', why };
    const seconds = Number(reply.headers['retry-after'] ?? 0);
    const asked = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
    return { kind: 'away', why, pauseMs: Math.min(asked, AGENT_RETRY_AFTER_MS_MAX) };
  }
}
