// The answering half of a process: query service, result cache, and what tells the cache of late
// samples. Wiring only. Easy to get wrong: the door has to append through the watched log, or the
// cache never hears that the past has changed.
import { pid } from 'node:process';
import { MemoryCache } from '../cache/memory-cache.ts';
import { CACHE_TTL_OLD_MS } from '../limits.ts';
import { CatalogCache } from '../query/catalog-cache.ts';
import type { Apart, Cache, Log, Source } from '../ports.ts';
import { LateSamples } from '../query/late-samples.ts';
import type { RollupHorizons } from '../query/choose-rollup.ts';
import { QueryService } from '../query/query-service.ts';
import type { QueryServiceOptions } from '../query/service-options.ts';
import { ResultCache } from '../query/result-cache.ts';
import { Warming } from '../query/warming.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import type { Logger } from '../runtime/logger.ts';
import { SeriesNews } from './series-news.ts';
import { WatchedLog } from './watched-log.ts';

export interface AnswersOptions {
  readonly clock: Clock;
  readonly startedMs: number;
  readonly logger: Logger;
  readonly counters: Counters;
  /** `redis://…`: results are kept there instead of in this process. */
  readonly redisUrl?: string;
}

/** What a service may have beside its sources. */
export interface ServiceParts {
  readonly rollups?: RollupHorizons;
  /** Where costly queries go. */
  readonly apart?: Apart;
  /** Told of each query. */
  readonly asked?: QueryServiceOptions['asked'];
}

export interface Answers {
  readonly cache: Cache;
  readonly results: ResultCache;
  /** The log through which everything has to be appended. */
  watch(log: Log): Log;
  /** Kept results in this range are wrong from now on. */
  changed(minMs: number, maxMs: number): void;
  /** A source that keeps lists of names for a while. */
  named(source: Source): Source;
  service(sources: readonly Source[], more?: ServiceParts): QueryService;
}

/** Makes the parts; nothing runs before a query is asked. @throws UserError for a bad address. */
export async function makeAnswers(options: AnswersOptions): Promise<Answers> {
  const { clock, startedMs } = options;
  const late = new LateSamples(startedMs, CACHE_TTL_OLD_MS);
  const cache = await makeCache(options);
  const results = new ResultCache({ cache, clock, late });
  showResults(options.counters, results, cache);
  const warming = new Warming({ clock, results });
  showWarming(options.counters, warming);
  const note = late.note.bind(late);
  const news = new SeriesNews();
  return {
    cache,
    results,
    watch: (log) => new WatchedLog({ log, clock, note, news }),
    changed: (minMs, maxMs) => {
      note(minMs, maxMs, clock.now());
      news.forget();
    },
    named: (source) => {
      const catalog = new CatalogCache({ source, clock, news: () => news.number });
      showCatalog(options.counters, catalog);
      return catalog;
    },
    service: (sources, more) => new QueryService({ sources, clock, results, warming, ...more }),
  };
}

async function makeCache(options: AnswersOptions): Promise<Cache> {
  const { clock, logger, redisUrl, startedMs, counters } = options;
  if (redisUrl === undefined) return new MemoryCache({ clock });
  // The client is loaded only where somebody wants it.
  const { RedisCache } = await import('../cache/redis-cache.ts');
  const connected = counters.gauge(
    'mon_query_cache_connected',
    '1 while the Redis of the result cache answers.',
  );
  return new RedisCache({
    clock,
    url: redisUrl,
    // Late samples are known of since the start: what an earlier process kept may be wrong.
    prefix: `mon:${startedMs.toString(36)}-${pid}:`,
    changed: (there, why) => {
      connected.set(there ? 1 : 0);
      if (there) logger.info('the result cache is connected');
      else logger.warn('the result cache is away: results are not kept', { why });
    },
  });
}

function showResults(counters: Counters, { counts }: ResultCache, cache: Cache): void {
  const asked = 'Range queries that the result cache was asked for, by how much was there.';
  const show = (name: string, help: string, read: () => number): void =>
    counters.reading(name, help, { read });
  for (const [result, read] of [
    ['hit', () => counts.hits],
    ['partial', () => counts.partials],
    ['miss', () => counts.misses],
  ] as const) {
    counters.reading('mon_query_cache_requests_total', asked, { read, labels: { result } });
  }
  show('mon_query_cache_steps_total', 'Steps asked for.', () => counts.steps);
  show('mon_query_cache_steps_found_total', 'Steps found.', () => counts.stepsCached);
  const touched = 'Extents dropped because late samples touched them.';
  show('mon_query_cache_touched_total', touched, () => counts.touched);
  if (!(cache instanceof MemoryCache)) return;
  show('mon_query_cache_bytes', 'Bytes of the results kept.', () => cache.bytes);
}

function showWarming(counters: Counters, warming: Warming): void {
  const { counts } = warming;
  const help = 'Refreshes of what dashboards are about to ask for, by what came of them.';
  for (const result of ['refreshed', 'fresh', 'busy', 'refused'] as const) {
    const read = (): number => counts[result];
    counters.reading('mon_query_warm_total', help, { read, labels: { result } });
  }
  const steps = 'Steps computed before they were asked for.';
  counters.reading('mon_query_warm_steps_total', steps, { read: () => counts.steps });
  const queries = 'Queries of open dashboards that are watched.';
  counters.reading('mon_query_warm_queries', queries, { read: () => warming.size });
}

function showCatalog(counters: Counters, catalog: CatalogCache): void {
  const help = 'Lists of label names and values that were asked for, by whether they were kept.';
  for (const [result, which] of [
    ['hit', 'hits'],
    ['miss', 'misses'],
  ] as const) {
    const read = (): number => catalog.counts[which];
    counters.reading('mon_catalog_cache_requests_total', help, { read, labels: { result } });
  }
}
