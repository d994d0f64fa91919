// A Prometheus-compatible store behind mon: a reader of the log forwards samples by remote write,
// queries beyond the last hours ask its query API, rules go on over the heads. Wiring only. Easy
// to get wrong: what stays here must reach back over all that the other side does not have yet.
import { AgentBatch } from '../collector/agent-batch.ts';
import { AgentSender } from '../collector/agent-sender.ts';
import type { Delivered, SenderProgress } from '../collector/agent-sender.ts';
import { HttpClient } from '../collector/http-client.ts';
import { MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import {
  REMOTE_STORE_ANSWER_BYTES_MAX,
  REMOTE_STORE_ASK_MS,
  REMOTE_STORE_REWIND_MS,
} from '../limits-regions.ts';
import type { Apart, Log, Offset, Source, State } from '../ports.ts';
import { JoinedSource } from '../query/joined-source.ts';
import { FarSource, NearSource, Seam } from '../query/seam.ts';
import { PrometheusSource } from '../remote/prometheus-source.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import type { Service } from '../runtime/service.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import type { BehindSettings } from './config-behind.ts';
import type { LocalOptions } from './local-options.ts';
import type { KeepOptions } from './upkeep-beat.ts';

/** The parts of a process with a store behind it; without one they are as they were. */
export interface Behind {
  /** What queries ask, in the place of the stores of this process. */
  queried(near: readonly Source[]): readonly Source[];
  /** What rules ask. */
  ruled(near: readonly Source[]): readonly Source[];
  /** Where costly queries go; nowhere when that place knows the stores of this process alone. */
  apart(place: Apart): Apart | undefined;
  /** What the stores of this process keep. */
  readonly keep: KeepOptions;
  /** Undefined where nothing has to run. */
  readonly service: Service | undefined;
}

export interface BehindOptions {
  readonly local: LocalOptions;
  readonly state: State;
  readonly log: Log;
  readonly kernels: Kernels;
  readonly counters: Counters;
}

const KIND = 'store/kind';
const LOG_IDENTITY = 'log/identity';
const PROGRESS = 'store/forwarded';

/** Which kind of store a folder belongs to, and since when. */
interface Kind {
  readonly kind: 'remote';
  readonly sinceMs: number;
}

/**
 * Notes that the folder's history lies elsewhere; before the log is opened.
 * @throws MonError when it lies here, or the other way round.
 */
export async function claimKind(state: State, local: LocalOptions, nowMs: number): Promise<void> {
  const found = await state.get(KIND);
  const remote = local.behind !== undefined;
  const begun = found !== undefined || (await state.get(LOG_IDENTITY)) !== undefined;
  if (begun && remote !== (found !== undefined)) {
    const [is, not] = remote ? ['here', 'in a remote store'] : ['in a remote store', 'here'];
    const words = `the history of ${local.dataDir} lies ${is}, not ${not}`;
    throw new MonError('MON_CONFIG_INVALID', words, {
      hint: 'give another --data-dir, or go on with the store that it belongs to',
    });
  }
  if (begun || !remote) return;
  const kind: Kind = { kind: 'remote', sinceMs: nowMs };
  await state.compareAndSet(KIND, JSON.stringify(kind), 0);
}

/** What has to run for the store behind, or nothing. */
export async function makeBehind(options: BehindOptions): Promise<Behind> {
  const { behind } = options.local;
  if (behind === undefined) {
    const same = (near: readonly Source[]): readonly Source[] => near;
    const apart = (place: Apart): Apart => place;
    return { queried: same, ruled: same, apart, keep: options.local, service: undefined };
  }
  const { sinceMs } = JSON.parse((await options.state.get(KIND))?.value ?? '{}') as Kind;
  const client = new HttpClient({ disk: systemDisk, clock: systemClock }, behind.access);
  const far = farOf(behind, client);
  const sender = senderOf(options, behind);
  const nearFrom = (): number => Math.max(sinceMs, systemClock.now() - behind.hotMs);
  const seam = new Seam(nearFrom);
  const cut = (near: readonly Source[], at: Seam): readonly Source[] => {
    const all = new JoinedSource(near);
    return [...near.map((one) => new NearSource(one, at)), new FarSource(far, all, at)];
  };
  showForwarding(options.counters, sender);
  return {
    queried: (near) => cut(near, behind.shared ? new Seam(() => Infinity) : seam),
    ruled: (near) => cut(near, seam),
    apart: () => undefined,
    keep: keepOf(options.local, behind.hotMs, sender),
    service: {
      name: 'forward',
      start: () => sender.start(options.local.failed),
      drain: () => sender.stop(),
      stop: async () => client.close(),
    },
  };
}

function farOf({ query, headers }: BehindSettings, client: HttpClient): PrometheusSource {
  const never = new AbortController().signal;
  return new PrometheusSource({
    name: new URL(query).host,
    ask: async (path, form, signal = never) => {
      const reply = await client.ask(query + path, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new TextEncoder().encode(form),
        ...{ signal, timeoutMs: REMOTE_STORE_ASK_MS, bytesMax: REMOTE_STORE_ANSWER_BYTES_MAX },
      });
      return { status: reply.status, text: new TextDecoder().decode(reply.body) };
    },
  });
}

function senderOf(options: BehindOptions, behind: BehindSettings): AgentSender {
  const { local, log, kernels, state } = options;
  const { logger, retentionMs } = local;
  return new AgentSender({
    ...{ log, clock: systemClock, disk: systemDisk, url: behind.write, access: behind.access },
    ...{ headers: behind.headers, reader: 'forward', progress: progressIn(state) },
    batch: new AgentBatch(kernels),
    rewindMs: REMOTE_STORE_REWIND_MS,
    fullWords: 'the store behind has been away for longer than the retention: the oldest go',
    overfull: (receivedMs) => receivedMs < systemClock.now() - retentionMs,
    tidy: async () => undefined,
    warn: (words) => logger.warn(`store behind: ${words}`),
    info: (words) => logger.info(`store behind: ${words}`),
  });
}

function progressIn(state: State): SenderProgress {
  return {
    async load(): Promise<Delivered | undefined> {
      const found = await state.get(PROGRESS);
      if (found === undefined) return undefined;
      const [generation, offsets] = JSON.parse(found.value) as [number, [number, Offset][]];
      return { generation, offsets: new Map(offsets) };
    },
    async save({ generation, offsets }: Delivered): Promise<void> {
      const value = JSON.stringify([generation, [...offsets]]);
      const found = await state.get(PROGRESS);
      await state.compareAndSet(PROGRESS, value, found?.version ?? 0);
    },
  };
}

/** The hot hours, and longer while something older has not been delivered. */
function keepOf(local: LocalOptions, hotMs: number, sender: AgentSender): KeepOptions {
  const { logger, retentionBytes, retentionFor } = local;
  return {
    ...{ logger, retentionBytes, retentionFor },
    get retentionMs(): number {
      const { waitingSinceMs } = sender;
      const behindMs = waitingSinceMs === 0 ? 0 : systemClock.now() - waitingSinceMs;
      return Math.min(local.retentionMs, hotMs + Math.max(0, behindMs));
    },
  };
}

function showForwarding(counters: Counters, sender: AgentSender): void {
  const { counts } = sender;
  const help = 'Samples that were to go to the store behind, by what became of them.';
  for (const result of ['sent', 'refused', 'overflowed'] as const) {
    const read = (): number => counts[result];
    counters.reading('mon_forward_samples_total', help, { read, labels: { result } });
  }
  const requests = 'Requests with samples to the store behind.';
  counters.reading('mon_forward_requests_total', requests, { read: () => counts.requests });
  const failures = 'Requests to the store behind to be made again.';
  counters.reading('mon_forward_failures_total', failures, { read: () => counts.failures });
  const up = 'Whether the store behind takes what is sent.';
  counters.reading('mon_forward_up', up, { read: () => (sender.away === '' ? 1 : 0) });
  const lag = 'Age of the oldest sample that the store behind has not taken.';
  const read = (): number => {
    const { waitingSinceMs } = sender;
    return waitingSinceMs === 0 ? 0 : Math.max(0, systemClock.now() - waitingSinceMs) / 1000;
  };
  counters.reading('mon_forward_lag_seconds', lag, { read });
}
