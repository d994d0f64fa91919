// Queries that nobody asked, over made-up series in each shard's thread, right after the start: the
// first real query then finds parser, kernels, root and JSON compiled. It waits for an idle moment
// between any two of them and gives up when its time is spent.
import { queryJson } from '../api/query-json.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { Source } from '../ports.ts';
import { QueryService } from '../query/query-service.ts';
import type { ShardClient } from '../remote/shard-client.ts';
import type { Clock } from '../runtime/clock.ts';
import { REHEARSAL } from '../store/rehearsal.ts';

/** Together, waiting not counted. */
const SPEND_MS_MAX = 80;
/** Pause before the first and between two, so that whoever really asks is served first. */
const BEGIN_MS = 300;
const PAUSE_MS = 5;

const { counter, gauge, endMs } = REHEARSAL;
const RANGES = [
  `sum by (zone) (rate(${counter}[5m]))`,
  `${gauge}{host=~"host-[0-5]"}`,
  `topk(3, avg_over_time(${gauge}[5m]))`,
  `max by (host) (max_over_time(${gauge}[1m]))`,
  `count(${gauge} > 4) by (zone) / on (zone) group_left sum by (zone) (${gauge})`,
  `quantile(0.9, quantile_over_time(0.9, ${gauge}[5m]))`,
  `predict_linear(${gauge}[10m], 600)`,
  `max_over_time(sum by (zone) (increase(${counter}[1m]))[10m:1m])`,
];
const INSTANTS = [
  `sort_desc(sum by (zone) (rate(${counter}[5m])))`,
  `label_replace(${gauge}{host="host-1"}, "a", "$1", "host", "(.*)")`,
  'count by (__name__) ({__name__=~".+"})',
];

/** Rehearses until done, out of time, or told to stop; failures are nobody's. */
export async function rehearse(
  shards: readonly ShardClient[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  // Nothing but fragments is asked of a source by a query without an estimate.
  const sources = shards.map((shard): Pick<Source, 'fragment'> => ({
    fragment: (one: Fragment): Promise<FragmentResult> => shard.rehearse(one),
  }));
  const ask = new QueryService({ sources: sources as unknown as readonly Source[], clock });
  const start = endMs - 1_200_000;
  const asked = [
    ...RANGES.map((query) => () => ask.range(query, start, endMs, 30_000)),
    ...INSTANTS.map((query) => () => ask.instant(query, endMs)),
  ];
  let spent = 0;
  await clock.sleep(BEGIN_MS, signal);
  for (let i = 0; spent < SPEND_MS_MAX && !signal.aborted; i++) {
    const begin = clock.monotonic();
    const answer = await asked[i % asked.length]();
    for (const page of queryJson(answer, { limit: 0 })) if (page.length === 0) break;
    spent += clock.monotonic() - begin;
    await clock.sleep(PAUSE_MS, signal);
  }
  await Promise.all(shards.map((shard) => shard.endRehearsal()));
}
