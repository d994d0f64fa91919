// Queries that nobody asked, over made-up series in each shard's thread, right after the start: the
// first real query then finds its whole way compiled, from the socket to the kernels and back. They
// go over HTTP to an API of their own, since what HTTP costs is most of a small query. Easy to get
// wrong: it rests whenever somebody else has work, and nothing of it may show in any figure.
import { ApiServer } from '../api/api-server.ts';
import type { ApiParts } from '../api/api-parts.ts';
import { MemoryCache } from '../cache/memory-cache.ts';
import { CACHE_TTL_OLD_MS } from '../limits.ts';
import { RESOLUTIONS } from '../model/rollup.ts';
import type { Source } from '../ports.ts';
import { AskedUses } from '../query/asked-uses.ts';
import { LateSamples } from '../query/late-samples.ts';
import { QueryService } from '../query/query-service.ts';
import { ResultCache } from '../query/result-cache.ts';
import { UsageBook } from '../query/usage-book.ts';
import type { ShardClient } from '../remote/shard-client.ts';
import { REHEARSED } from '../remote/shard-protocol.ts';
import type { Clock } from '../runtime/clock.ts';
import { Counters } from '../runtime/counters.ts';
import { compileSoon, keepCompiledCode } from '../runtime/kept-code.ts';
import { REHEARSAL } from '../store/rehearsal.ts';
import { FreshSource } from './fresh-source.ts';
import { MeasuredAsk } from './measured-ask.ts';
import { RehearsalPeer } from './rehearsal-peer.ts';

export interface RehearsalOptions {
  readonly shards: readonly ShardClient[];
  readonly caughtUp: () => Promise<void>;
  /** How many requests came from outside so far. */
  readonly served: () => number;
  readonly clock: Clock;
  readonly retentionMs: number | undefined;
  readonly signal: AbortSignal;
}

/** Forty of each shape; compileSoon() makes that enough for the best compiler. */
const QUERIES = 640;
/** Pause before the first and between two, so that whoever really asks is served first. */
const BEGIN_MS = 300;
const PAUSE_MS = 1;
/** After a moment in which somebody else came in. */
const REST_MS = 500;
/** Not begun or not done by then, it is given up. */
const GIVE_UP_MS = 60_000;

const { counter, gauge, endMs } = REHEARSAL;
const RANGES: readonly (readonly [query: string, stepMs: number])[] = [
  [`${gauge}{host="host-3"}`, 10_000],
  [`max by (host) (max_over_time(${gauge}{host=~"host-[0-7]"}[1m]))`, 60_000],
  [`sum by (zone) (rate(${counter}[5m]))`, 15_000],
  [`topk(5, sum by (host) (rate(${gauge}[5m])))`, 30_000],
  [`avg by (zone, host) (avg_over_time({__name__=~"${gauge}.*"}[5m]))`, 60_000],
  [`sum(rate(${counter}[2m])) / (sum(rate(${counter}[2m])) + sum(rate(${gauge}[2m])))`, 15_000],
  [`quantile(0.9, ${gauge})`, 10_000],
  [`quantile_over_time(0.9, ${gauge}[5m])`, 60_000],
  [`count(${gauge} > 4) by (zone)`, 10_000],
  [`${gauge}{host=~"host-1.*"} > on (host) group_left ${counter}`, 30_000],
  [`max_over_time(sum by (zone) (rate(${counter}[1m]))[10m:1m])`, 60_000],
  [`predict_linear(${gauge}[10m], 3600)`, 60_000],
];
const INSTANTS = [
  'count by (__name__) ({__name__=~".+"})',
  `sort_desc(sum by (zone) (increase(${counter}[30m])))`,
  `histogram_quantile(0.9, sum by (le) (rate(${counter}[5m])))`,
  `label_replace(${gauge}{host="host-1"}, "h", "$1", "host", "host-(.*)")`,
];

/** Rehearses until done, out of time, or told to stop; failures are nobody's. */
export async function rehearse(options: RehearsalOptions): Promise<void> {
  const { shards, clock, signal } = options;
  await clock.sleep(BEGIN_MS, signal);
  const api = new ApiServer(partsOf(options));
  const { host, port } = await api.listen('127.0.0.1', 0);
  const peer = await RehearsalPeer.connect(host, port);
  keepCompiledCode();
  const asUsual = compileSoon();
  try {
    await askAll(peer, options);
  } finally {
    asUsual();
    peer.close();
    await api.drain(0);
    await Promise.all(shards.map((shard) => shard.endRehearsal()));
  }
}

async function askAll(peer: RehearsalPeer, options: RehearsalOptions): Promise<void> {
  const { clock, served, signal } = options;
  const end = endMs / 1000;
  const forms = [
    ...RANGES.map(([query, stepMs]) => ({ query, start: end - 1200, end, step: stepMs / 1000 })),
    ...INSTANTS.map((query) => ({ query, time: end })),
  ];
  const giveUpAt = clock.monotonic() + GIVE_UP_MS;
  let known = served();
  for (let i = 0; i < QUERIES && !signal.aborted; i++) {
    if (clock.monotonic() > giveUpAt) return;
    // Most askers want all anew; some take what is kept.
    const nocache = Math.floor(i / forms.length) % 4 === 3 ? 0 : 1;
    await peer.ask({ ...forms[i % forms.length], nocache });
    const came = served() !== known;
    known = served();
    await clock.sleep(came ? REST_MS : PAUSE_MS, signal);
  }
}

/** The parts that answer queries, beside none that do anything else. */
function partsOf({ shards, caughtUp, clock, retentionMs }: RehearsalOptions): ApiParts {
  const sources = shards.map((shard) => new FreshSource(shard.within(REHEARSED), caughtUp));
  const startedMs = clock.now();
  const cache = new MemoryCache({ clock });
  const late = new LateSamples(startedMs, CACHE_TTL_OLD_MS);
  const counters = new Counters();
  const queries = new QueryService({
    ...{ sources: sources as readonly Source[], clock },
    results: new ResultCache({ cache, clock, late }),
    asked: new AskedUses(new UsageBook(startedMs), clock),
    // They look at each fragment and choose none, as for samples of today.
    rollups: { retentionMs: Infinity, keepMs: RESOLUTIONS.map(() => 0) },
  });
  const ask = new MeasuredAsk(queries, clock, counters);
  // Only the two paths of queries are asked. Numbers stand where the server's have numbers: V8
  // would take objects with other kinds of members for others.
  const ready = (): { ready: boolean; why: string } => ({ ready: true, why: '' });
  return { ask, clock, counters, ready, startedMs, retentionMs } as unknown as ApiParts;
}
