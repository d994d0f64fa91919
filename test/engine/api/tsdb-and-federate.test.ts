// Federation, cardinality and target metadata over a real store of one shard: what goes in through
// records comes out as text and counts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { NOW_MS, startApi } from '../../support/api-fixture.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { joinCardinality } from '../../../src/engine/model/cardinality.ts';
import { JoinedSource } from '../../../src/engine/query/joined-source.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import type { Cardinality } from '../../../src/engine/model/cardinality.ts';
import type { TargetStatus } from '../../../src/engine/ports.ts';

function someSeries(): MemorySeries {
  const series = new MemorySeries();
  const at = NOW_MS - 60_000;
  series.add({ __name__: 'a_total', job: 'x', instance: 'h:1' }, [{ t: at, v: 1.5 }]);
  series.add({ __name__: 'a_total', job: 'x', path: 'q"\\\n' }, [
    { t: at - 10_000, v: 7 },
    { t: at, v: 8 },
  ]);
  series.add({ __name__: 'gone', job: 'x' }, [
    { t: at - 10_000, v: 1 },
    { t: at, v: 0, stale: true },
  ]);
  series.add({ __name__: 'old', job: 'x' }, [{ t: NOW_MS - 301_000, v: 1 }]);
  series.add({ __name__: 'dotted.name', job: 'y', 'odd-label': 'v' }, [{ t: at, v: NaN }]);
  return series;
}

const federated = (...matches: string[]): string =>
  `/federate?${matches.map((match) => `match[]=${encodeURIComponent(match)}`).join('&')}`;

test('federate: the newest sample of each series with its time, one TYPE a name', async () => {
  const source = new JoinedSource([new MemorySource(someSeries())]);
  await using api = await startApi({ source, externalLabels: { site: 'home', job: 'never' } });
  const { status, text, headers } = await api.call(federated('{job="x"}', '{job=~"x|y"}'));
  assert.equal(status, 200);
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  const at = NOW_MS - 60_000;
  assert.equal(
    text,
    [
      '# TYPE a_total untyped',
      `a_total{instance="h:1",job="x",site="home"} 1.5 ${at}`,
      `a_total{instance="",job="x",path="q\\"\\\\\\n",site="home"} 8 ${at}`,
      '# TYPE "dotted.name" untyped',
      `{"dotted.name",instance="",job="y","odd-label"="v",site="home"} NaN ${at}`,
      '',
    ].join('\n'),
  );
  assert.equal((await api.call(federated('nothing'))).text, '');
  assert.equal((await api.call('/federate')).text, '');
  const bad = await api.call(federated('{'));
  assert.equal(bad.status, 400);
});

function part(series: number, more: Partial<Cardinality>): Cardinality {
  const none = { seriesByMetric: [], valuesByName: [], seriesByPair: [] };
  return {
    series,
    samples: 0,
    chunks: series,
    labelPairs: 5,
    memoryBytes: 0,
    minMs: 0,
    maxMs: 0,
    ...none,
    ...more,
  };
}

test('status/tsdb: the parts are added up, values are counted exactly', async () => {
  const source = new MemorySource(someSeries());
  const cardinality = async (): Promise<Cardinality> =>
    joinCardinality([
      part(3, {
        ...{ seriesByMetric: [['a_total', 2]], valuesByName: [['job', 2]] },
        ...{ samples: 9, minMs: 50, maxMs: 70 },
      }),
      part(4, {
        ...{ samples: 1, minMs: 20, maxMs: 60 },
        seriesByMetric: [
          ['b', 3],
          ['a_total', 2],
        ],
        valuesByName: [
          ['job', 2],
          ['path', 1],
        ],
        seriesByPair: [['job=x', 4]],
      }),
    ]);
  await using api = await startApi({ source: Object.assign(source, { cardinality }) });
  const { status, text } = await api.call('/api/v1/status/tsdb?limit=1');
  assert.equal(status, 200, text);
  assert.deepEqual(JSON.parse(text).data, {
    headStats: { numSeries: 7, numLabelPairs: 10, chunkCount: 7, minTime: 20, maxTime: 70 },
    seriesCountByMetricName: [{ name: 'a_total', value: 4 }],
    labelValueCountByLabelName: [{ name: 'job', value: 2 }],
    memoryInBytesByLabelName: [{ name: 'path', value: 4 }],
    seriesCountByLabelValuePair: [{ name: 'job=x', value: 4 }],
  });
  for (const limit of ['0', '-1', 'x']) {
    const bad = await api.call(`/api/v1/status/tsdb?limit=${limit}`);
    assert.deepEqual([bad.status, JSON.parse(bad.text).errorType], [400, 'bad_data']);
  }
});

test('targets/metadata: the families of a target; scrape pools', async () => {
  const target = (instance: string): TargetStatus => ({
    scrapePool: `pool-${instance}`,
    scrapeUrl: '',
    discoveredLabels: [],
    labels: makeLabels([
      ['job', 'x'],
      ['instance', instance],
    ]),
    health: 'up',
    lastError: '',
    lastScrapeMs: 0,
    lastDurationMs: 0,
    intervalMs: 1000,
    timeoutMs: 500,
  });
  const source = new MemorySource(someSeries());
  const entry = { family: 'a', type: 'counter', help: 'Of a.', unit: '' };
  source.metadata = async () => [entry, { ...entry, family: 'other' }];
  const targets = { active: () => [target('h:1'), target('h:2')], dropped: () => [['job', 'z']] };
  await using api = await startApi({ source, targets });
  const all = await api.call('/api/v1/targets/metadata');
  const labels = { instance: 'h:1', job: 'x' };
  const { family: metric, ...rest } = entry;
  assert.deepEqual(JSON.parse(all.text).data, [{ target: labels, metric, ...rest }]);
  const one = await api.call('/api/v1/targets/metadata?metric=a&match_target=%7Bjob%3D%22x%22%7D');
  assert.deepEqual(JSON.parse(one.text).data, [{ target: labels, ...rest }]);
  const none = await api.call('/api/v1/targets/metadata?match_target=%7Bjob%3D%22q%22%7D');
  assert.deepEqual(JSON.parse(none.text).data, []);
  const pools = await api.call('/api/v1/scrape_pools');
  assert.deepEqual(JSON.parse(pools.text).data, { scrapePools: ['pool-h:1', 'pool-h:2', 'z'] });
});
