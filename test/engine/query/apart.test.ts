// Costly queries whose answer is wanted as JSON are answered somewhere else, one at a time; what is
// cheap, comes from a dashboard, or is wanted as a result, stays; and so does what is kept.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MemoryCache } from '../../../src/engine/cache/memory-cache.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { ResultCache } from '../../../src/engine/query/result-cache.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { settle } from '../../support/virtual-clock.ts';
import type { Apart, AskOptions, Estimate } from '../../../src/engine/ports.ts';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';

/** Says what a test wants it to cost. */
class PricedSource extends MemorySource {
  samples = 10;

  async estimate(): Promise<Estimate> {
    return { series: 1, samples: this.samples };
  }
}

const ELSEWHERE: QueryAnswer = {
  ...{ result: { type: 'string', timeMs: 0, value: 'elsewhere' }, warnings: [], infos: [] },
  ...{ whole: true, seriesRead: 0, samplesRead: 0 },
};

function served(): {
  readonly service: QueryService;
  readonly source: PricedSource;
  readonly asked: Parameters<Apart['ask']>[0][];
  /** How often the other place was told to stand by. */
  readonly stoodBy: () => number;
} {
  const series = new MemorySeries();
  series.add({ __name__: 'm' }, [{ t: 0, v: 1 }]);
  const source = new PricedSource(series);
  const asked: Parameters<Apart['ask']>[0][] = [];
  let stoodBy = 0;
  const apart: Apart = {
    standBy: () => stoodBy++,
    ask: async (one) => {
      asked.push(one);
      return ELSEWHERE;
    },
  };
  const clock = systemClock;
  const results = new ResultCache({ cache: new MemoryCache({ clock }), clock });
  const service = new QueryService({ sources: [source], clock, results, apart });
  return { service, source, asked, stoodBy: () => stoodBy };
}

const JSON_WISH: AskOptions = { json: { limit: 0, stats: false } };

test('only what is costly and wanted as JSON goes apart, past the cache', async () => {
  const { service, source, asked, stoodBy } = served();
  assert.equal((await service.instant('m', 1000, JSON_WISH)).result.type, 'vector');
  assert.equal((await service.range('m', 0, 60_000, 10_000, JSON_WISH)).cache, 'miss');
  source.samples = 6_000_000;
  assert.equal((await service.instant('m + 0', 1e10, {})).result.type, 'vector');
  assert.equal(stoodBy(), 0);
  const dashboard = { ...JSON_WISH, pool: 'dashboard' as const };
  assert.equal((await service.instant('m + 0', 1e10, dashboard)).result.type, 'vector');
  assert.equal(asked.length, 0);
  assert.equal(stoodBy(), 1);
  const answer = await service.range('m', 1e10, 1e10 + 60_000, 10_000, {
    ...JSON_WISH,
    user: 'u',
    lookbackMs: 1000,
  });
  assert.equal(answer, ELSEWHERE);
  assert.deepEqual(asked[0].times, { startMs: 1e10, endMs: 1e10 + 60_000, stepMs: 10_000 });
  assert.equal(asked[0].query, 'm');
  assert.equal(asked[0].options.lookbackMs, 1000);
  assert.equal(asked[0].options.user, 'u');
});

test('the next one waits until nothing is left of the one before', async () => {
  const { service, source, asked } = served();
  source.samples = 6_000_000;
  const first = service.instant('m', 1e10, JSON_WISH);
  const second = service.instant('m', 1e10, JSON_WISH);
  await first;
  await settle();
  assert.equal(asked.length, 1);
  asked[0].ended();
  assert.equal(await second, ELSEWHERE);
  assert.equal(asked.length, 2);
});
