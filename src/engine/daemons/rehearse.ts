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

/** Of the sixteen forms; compileSoon() makes that enough for the best compiler. */
const ROUNDS = 40;
/** So long after it nothing more goes there: whoever asks now is not to pay for it. */
const SETTLED_MS = 60_000;
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

/**
 * Asked in the first rounds only, a list in each, so that nothing is compiled for the forms above
 * alone: empty answers, other operators, groupings, matchers and functions, and what is refused.
 */
const ODD: readonly (readonly string[])[] = [
  [
    ...['nothing', 'sum by (zone) (rate(nothing[5m]))', 'nothing > 1', 'vector(1)', '1 +'],
    ...[`nothing * on (host) group_left ${gauge}`, `min by (zone, host) (${gauge} / 2)`],
    ...[`sum by (nothing) (irate(${counter}{host=~"host-[1-3]"}[1m]))`, `topk(1, nothing)`],
  ],
  [
    ...['sort_desc(nothing)', 'time() - 1', `sum without (host) (${counter} < 4)`],
    ...[`${gauge} - on (host) nothing`, `stddev(${gauge}{host=~".*7"} == 4)`, 'rate(nothing)'],
    ...[`group(${gauge}{host!~"host-(1|2)"} + 1)`, `avg by (nothing) (delta(${gauge}[5m]))`],
  ],
  [
    ...['abs(nothing)', `avg by (host) (${gauge} >= 4)`, `bottomk(2, ${gauge}{zone!="zone-1"})`],
    ...[`max(delta(${gauge}[5m]) != 0)`, `quantile_over_time(0.5, ${gauge}[2m]) * 2`],
    ...[`${gauge}{host=~"(?i)HOST-1"} or ${counter}`, `count_over_time(nothing[5m])`],
  ],
  [
    ...['absent(nothing)', `deriv(${gauge}[5m]) unless nothing`, `changes(${counter}[5m])`],
    ...[`sum(${counter}{host=~"host-1|host-2"} ^ 2) by (zone)`, `-${gauge}`, 'scalar(nothing)'],
    ...[`histogram_quantile(0.9, nothing)`, `sum_over_time(${gauge}[1m]) and on (zone) nothing`],
  ],
];

/** Rehearses until done, out of time, or told to stop; failures are nobody's. */
export async function rehearse(options: RehearsalOptions): Promise<void> {
  const { shards, clock, signal } = options;
  await clock.sleep(BEGIN_MS, signal);
  keepCompiledCode();
  const compiling = compileSoon();
  try {
    await askAll(options);
  } finally {
    compiling.settle();
    clock.after(SETTLED_MS, () => compiling.end(), true);
    await Promise.all(shards.map((shard) => shard.endRehearsal()));
  }
}

async function askAll(options: RehearsalOptions): Promise<void> {
  const { clock, signal } = options;
  const giveUpAt = clock.monotonic() + GIVE_UP_MS;
  const isOver = (): boolean => signal.aborted || clock.monotonic() > giveUpAt;
  let api: ApiServer | undefined;
  let port = 0;
  try {
    for (let round = 0; round < ROUNDS && !isOver(); round++) {
      // What is fresh, and empty yet, are other objects to V8: a server in each odd round.
      if (round <= ODD.length) {
        await api?.drain(0);
        api = new ApiServer(partsOf(options));
        ({ port } = await api.listen('127.0.0.1', 0));
      }
      const peer = await RehearsalPeer.connect('127.0.0.1', port);
      await askRound(round, peer, { ...options, isOver }).finally(() => peer.close());
    }
  } finally {
    await api?.drain(0);
  }
}

/** A round on a connection of its own, whose first request finds other objects than the next. */
async function askRound(
  round: number,
  peer: RehearsalPeer,
  { clock, served, signal, isOver }: RehearsalOptions & { readonly isOver: () => boolean },
): Promise<void> {
  if (round < ODD.length) await peer.askOdd();
  let known = served();
  for (const form of formsOf(round)) {
    if (isOver()) return;
    await peer.ask(form);
    const came = served() !== known;
    known = served();
    await clock.sleep(came ? REST_MS : PAUSE_MS, signal);
  }
}

type Form = Readonly<Record<string, string | number>>;

function formsOf(round: number): Form[] {
  const end = endMs / 1000;
  const range = (query: string, stepMs: number): Form => ({
    ...{ query, start: end - 1200, end, step: stepMs / 1000 },
  });
  const instant = (query: string): Form => ({ query, time: end });
  // Most askers want all anew; some take what is kept.
  const nocache = round % 4 === 3 ? 0 : 1;
  const odd = ODD[round] ?? [];
  return [
    ...odd.flatMap((query) => [range(query, 10_000), instant(query)]),
    ...RANGES.map(([query, stepMs]) => range(query, stepMs)),
    ...INSTANTS.map(instant),
  ].map((form) => ({ ...form, nocache }));
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
