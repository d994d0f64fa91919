// What an agent has in its log goes to a server by remote write, in the order of the log, one
// request at a time. How far it came is written down after each answer, so that a process that was
// killed goes on there: the last request may come twice, and receivers drop doubles. Easy to get
// wrong: a server that is away, or does not know us, keeps everything waiting; only a server that
// says the data itself is bad lets it go.
import { compress } from 'snappy';
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
  /** The file that tells how far it came. */
  readonly statePath: string;
  /** True while the folder of the log is larger than it may be. */
  readonly overfull: () => boolean;
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

interface Progress {
  readonly generation: number;
  readonly offset: Offset;
}

const PARTITION = 0;
const READER = 'agent';
/** The data's fault by remote write's rules; other refusals may pass. */
const DATA_FAULTS = new Set([400, 413, 415, 422]);

type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'away'; readonly why: string; readonly pauseMs: number };

export class AgentSender {
  readonly counts: SenderCounts = { sent: 0, refused: 0, overflowed: 0, requests: 0, failures: 0 };
  /** Wall time of the last delivery, ms; 0 before the first. */
  deliveredMs = 0;
  readonly #options: SenderOptions;
  readonly #client: HttpClient;
  readonly #stopping = new AbortController();
  #reader: LogReader | undefined;
  #work: Promise<void> = Promise.resolve();
  #awayWhy = '';

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#client = new HttpClient(options, options.access);
  }

  /** `failed` is called when it ends by a failure that does not pass. */
  async start(failed: (thrown: unknown) => void): Promise<void> {
    const { log } = this.#options;
    const from = new Map([[PARTITION, await this.#progress()]]);
    this.#reader = await log.read(READER, from);
    this.#work = this.#run(this.#reader, this.#stopping.signal).catch((thrown: unknown) => {
      if (!this.#stopping.signal.aborted) failed(thrown);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
    await this.#reader?.close();
    this.#client.close();
  }

  /** The offset from which on nothing was delivered. */
  async #progress(): Promise<Offset> {
    const { disk, statePath, log } = this.#options;
    const start = await log.start(PARTITION);
    if (!(await disk.exists(statePath))) return start;
    const text = new TextDecoder().decode(await disk.readFile(statePath));
    const { generation, offset } = JSON.parse(text) as Progress;
    if (generation !== log.generation || !Number.isSafeInteger(offset)) return start;
    return Math.max(offset, start);
  }

  async #run(reader: LogReader, signal: AbortSignal): Promise<void> {
    const { batch, clock } = this.#options;
    while (!signal.aborted) {
      const deliveries = await reader.next(signal);
      if (deliveries.length === 0) return;
      let end = -1;
      for (const delivery of deliveries) {
        this.#take(delivery);
        if (!delivery.definitionsOnly) end = delivery.offset + 1;
        if (batch.samples < AGENT_BATCH_SAMPLES) continue;
        await this.#deliver(end, signal);
        if (signal.aborted) return;
      }
      if (end < 0) continue;
      await this.#deliver(end, signal);
      const behind = end < (await this.#options.log.end(PARTITION));
      // While there is more, requests are full; at the end of the log they gather for a moment.
      if (!behind) await clock.sleep(AGENT_LINGER_MS, signal);
    }
  }

  #take(delivery: Delivery): void {
    try {
      this.#options.batch.take(delivery);
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      this.#options.warn(`a record of the buffer cannot be read: ${thrown.message}`);
    }
  }

  /** Sends what was gathered, however long it takes; then all below `end` is done. */
  async #deliver(end: Offset, signal: AbortSignal): Promise<void> {
    const { batch, clock } = this.#options;
    const { samples } = batch;
    if (!batch.empty) {
      const body = await compress(Buffer.from(batch.finish()));
      let pauseMs = AGENT_RETRY_MS_MIN;
      for (;;) {
        const outcome = await this.#post(body, signal);
        if (signal.aborted) return;
        if (outcome.kind !== 'away') {
          this.#told(outcome, samples);
          break;
        }
        this.counts.failures++;
        this.#complain(outcome.why);
        if (this.#options.overfull()) {
          this.#overflow(samples);
          break;
        }
        await clock.sleep(Math.max(pauseMs, outcome.pauseMs), signal);
        if (signal.aborted) return;
        pauseMs = Math.min(pauseMs * 2, AGENT_RETRY_MS_MAX);
      }
    }
    await this.#note(end);
  }

  #told(outcome: Exclude<Outcome, { kind: 'away' }>, samples: number): void {
    const { clock, warn, info } = this.#options;
    if (this.#awayWhy !== '') info('the server answers again');
    this.#awayWhy = '';
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
    if (this.counts.overflowed === 0) {
      this.#options.warn('the buffer is full: the oldest samples go; see --buffer');
    }
    this.counts.overflowed += samples;
  }

  async #note(end: Offset): Promise<void> {
    const { disk, statePath, log, tidy } = this.#options;
    const progress: Progress = { generation: log.generation, offset: end };
    const text = `${JSON.stringify(progress)}\n`;
    try {
      await disk.replaceFile(statePath, [new TextEncoder().encode(text)]);
    } catch (thrown) {
      // On a full disk the old figure stays: after a restart some requests come twice.
      if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
    }
    this.#reader?.release(PARTITION, end);
    if (this.#options.overfull()) await tidy();
  }

  async #post(body: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const { url } = this.#options;
    const headers = {
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

/** A body as remote write packs it. */
export async function packSnappy(body: Uint8Array): Promise<Uint8Array> {
  return await compress(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}
