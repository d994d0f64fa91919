// What `mon agent` does: this host's metrics and local targets into a log on disk, and from there
// to a server by remote write. Wiring only; it starts in the order of this file and stops in the
// reverse one. Easy to get wrong: nothing here may depend on the server being there.
import { join } from 'node:path';
import { BatchCodec } from '../codec/batch.ts';
import { AgentBatch, withLabels } from '../collector/agent-batch.ts';
import { AgentSender } from '../collector/agent-sender.ts';
import { CardinalityGuard } from '../collector/cardinality-guard.ts';
import { Door } from '../collector/door.ts';
import { makeHostTarget } from '../collector/host-agent.ts';
import { progressFile } from '../collector/progress-file.ts';
import { ScrapeManager } from '../collector/scrape-manager.ts';
import { UserError } from '../errors.ts';
import { Kernels } from '../kernels/kernels.ts';
import { SeriesBook } from '../kernels/series-book.ts';
import { BOOK_IDLE_MS, TICK_MS as WINDOW_TICK_MS } from '../limits.ts';
import {
  AGENT_BUFFER_BYTES,
  AGENT_BUFFER_BYTES_MIN,
  AGENT_RECENT_BYTES,
  AGENT_SEGMENT_BYTES,
} from '../limits-links.ts';
import { EmbeddedLog } from '../log/embedded-log.ts';
import { batchEncoder } from '../log/record-encoder.ts';
import { systemClock } from '../runtime/clock.ts';
import { Counters } from '../runtime/counters.ts';
import { lockFolder } from '../runtime/folder-lock.ts';
import { systemHost } from '../runtime/host-reader.ts';
import { makeLogger } from '../runtime/logger.ts';
import type { Logger } from '../runtime/logger.ts';
import { Services } from '../runtime/service.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { makeAggregation } from './aggregate-wiring.ts';
import { Beats } from './beats.ts';
import type { MonConfig } from './config.ts';
import { stateFolder } from './folders.ts';

/** The flags of `mon agent`, plain. */
export interface AgentOptions {
  /** A server, or the full address of its remote write. */
  readonly to: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  /** What is scraped, and how long series are kept. */
  readonly config: MonConfig;
  readonly dataDir?: string;
  /** Bytes of the folder; past it the oldest go. */
  readonly bufferBytes?: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
}

const WRITE_PATH = '/api/v1/write';
const STOP_MS_MAX = 10_000;
const TICK_MS = BOOK_IDLE_MS / 6;

/** The address of remote write that was meant. @throws UserError. */
export function writeUrl(to: string): string {
  const url = URL.parse(to);
  if (url === null || !/^https?:$/.test(url.protocol) || url.host === '') {
    throw new UserError(`"${to}" is no http or https address`, {
      hint: 'mon agent --to http://monitoring.example:9590',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new UserError('the address holds a user', { hint: 'use --token-file' });
  }
  if (url.pathname === '/' || url.pathname === '') url.pathname = WRITE_PATH;
  return url.href;
}

/** @throws UserError for a buffer that could not hold a request. */
export function checkBuffer(bytes = AGENT_BUFFER_BYTES): void {
  if (bytes >= AGENT_BUFFER_BYTES_MIN) return;
  throw new UserError('the buffer is too small', { hint: '--buffer 16MB or more' });
}

/** Runs until the signal fires; answers the exit code. @throws UserError, MonError. */
export async function agent(options: AgentOptions): Promise<number> {
  const url = writeUrl(options.to);
  const { bufferBytes = AGENT_BUFFER_BYTES } = options;
  checkBuffer(bufferBytes);
  const { config } = options;
  const dataDir = options.dataDir ?? join(stateFolder(options.env), 'agent');
  const write = (line: string): void => {
    if (/ (warn|error) /.test(line.slice(0, 60))) options.warn(line.trimEnd());
  };
  const logger = makeLogger({ write, clock: systemClock });
  await systemDisk.makeFolder(dataDir);
  const startedMs = systemClock.now();
  const lock = lockFolder(dataDir, {
    ...{ pid: process.pid, startedMs, listen: '', command: 'mon agent' },
  });
  const ended = new AbortController();
  let failure: unknown;
  const failed = (thrown: unknown): void => {
    failure ??= thrown;
    ended.abort();
  };
  const services = new Services({ clock: systemClock, logger, stopMsMax: STOP_MS_MAX });
  try {
    await addServices(services, { ...options, url, dataDir, bufferBytes, config, logger, failed });
    await services.start();
    options.print(`sending to ${url}, buffer in ${dataDir}`);
    await fired(AbortSignal.any([options.signal, ended.signal]));
  } finally {
    await services.stop();
    lock.release();
  }
  if (failure !== undefined) throw failure;
  return 0;
}

interface Decided extends AgentOptions {
  readonly url: string;
  readonly dataDir: string;
  readonly bufferBytes: number;
  readonly config: MonConfig;
  readonly logger: Logger;
  readonly failed: (thrown: unknown) => void;
}

async function openBuffer(decided: Decided, kernels: Kernels, book: SeriesBook) {
  return await EmbeddedLog.open({
    ...{ folder: join(decided.dataDir, 'log'), disk: systemDisk, clock: systemClock },
    encoder: batchEncoder(new BatchCodec(kernels), book),
    ...{ partitions: 1, keepMs: 0, segmentBytes: AGENT_SEGMENT_BYTES },
    ...{ recentBytes: AGENT_RECENT_BYTES, pendingBytesMax: AGENT_RECENT_BYTES },
  });
}

function makeSender(decided: Decided, log: EmbeddedLog, kernels: Kernels): AgentSender {
  const { config, logger, tokenFile, caFile, url, dataDir } = decided;
  const bearer = { kind: 'credentials', type: 'Bearer', credentialsFile: tokenFile } as const;
  return new AgentSender({
    ...{ log, clock: systemClock, disk: systemDisk, url },
    batch: new AgentBatch(kernels, withLabels(config.externalLabels)),
    access: {
      followRedirects: false,
      ...(tokenFile === undefined ? {} : { auth: bearer }),
      ...(caFile === undefined ? {} : { tls: { caFile, insecureSkipVerify: false } }),
    },
    reader: 'agent',
    // With the log, so that one does not outlive the other.
    progress: progressFile(systemDisk, join(dataDir, 'log', 'delivered.json')),
    fullWords: 'the buffer is full: the oldest samples go; see --buffer',
    overfull: () => log.counts.bytesOnDisk > decided.bufferBytes,
    tidy: () => log.retain(),
    warn: (words) => logger.warn(words),
    info: (words) => logger.info(words),
  });
}

async function addServices(services: Services, decided: Decided): Promise<void> {
  const { config, logger } = decided;
  const clock = systemClock;
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, 1);
  book.guard = new CardinalityGuard(config.cardinality);
  const log = await openBuffer(decided, kernels, book);
  const limits = { retentionMs: config.retentionMs };
  const door = new Door({ log, book, kernels, clock, limits });
  const warn = (words: string): void => logger.warn(words);
  const targets = new ScrapeManager({ door, clock, disk: systemDisk, warn, env: decided.env });
  const aggregation = makeAggregation({
    ...{ rules: config.aggregate, log, epoch: log.epoch, door, dataDir: decided.dataDir },
    ...{ clock, disk: systemDisk, warn, failed: decided.failed },
  });
  const sender = makeSender(decided, log, kernels);
  const beats = new Beats(clock, logger);
  services.add({ name: 'log', stop: () => log.close() });
  services.add({
    name: 'sender',
    start: () => sender.start(decided.failed),
    drain: () => sender.stop(),
  });
  services.add(aggregation);
  services.add({
    name: 'collector',
    start: () => startTargets(decided, targets, agentFigures(sender, log)),
    drain: () => targets.stop(),
  });
  services.add({
    name: 'beats',
    start: async () => {
      // A tick ends windows, and lets series go that nobody has sent for long.
      if (config.aggregate.length > 0) beats.onTheSecond(WINDOW_TICK_MS, () => door.tick());
      else beats.every(TICK_MS, () => door.tick());
    },
    drain: () => beats.stop(),
  });
}

/** What the agent tells of itself. */
function agentFigures(sender: AgentSender, log: EmbeddedLog): Counters {
  const counters = new Counters();
  const { counts } = sender;
  const help = 'Samples that left the buffer, by what became of them.';
  for (const result of ['sent', 'refused', 'overflowed'] as const) {
    const read = (): number => counts[result];
    counters.reading('mon_agent_samples_total', help, { read, labels: { result } });
  }
  counters.reading('mon_agent_requests_total', 'Requests made.', { read: () => counts.requests });
  counters.reading('mon_agent_request_failures_total', 'Requests to be made again.', {
    read: () => counts.failures,
  });
  counters.reading('mon_agent_buffer_bytes', 'Bytes of the folder of what is not delivered.', {
    read: () => log.counts.bytesOnDisk,
  });
  return counters;
}

async function startTargets(
  decided: Decided,
  targets: ScrapeManager,
  counters: Counters,
): Promise<void> {
  const { config } = decided;
  const { intervalMs, timeoutMs } = config;
  await targets.apply(config.scrapes);
  const { hostname } = systemHost.facts();
  const render = (): Uint8Array => Buffer.from(counters.render());
  if (config.selfScrape) {
    targets.addInternal({ job: 'mon-agent', instance: hostname, intervalMs, timeoutMs, render });
  }
  if (!config.hostAgent) return;
  const reader = systemHost;
  targets.addInternal(makeHostTarget({ reader, clock: systemClock, intervalMs, timeoutMs }));
}

function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
