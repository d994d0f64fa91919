// The bomb for some seconds: only its series are refused, with examples; everybody else is taken;
// the figures and the growth that an alert looks at are there. How long others wait is printed.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { seriesWereThere } from '../support/series-snapshot.ts';
import { until } from '../support/until.ts';
import { bombLine, runBomb } from './cardinality-bomb.ts';
import { MonFolder, numberOf } from './mon-folder.ts';

const CONFIG = `global: {scrape_interval: 1s}
mon: {host_agent: false, cardinality: {mode: reject}}
`;

test('a bomb hurts nobody else, is refused by name, and shows as growth', async (t) => {
  const folder = await MonFolder.make();
  try {
    await seriesWereThere(folder.dataDir, 24 * 3_600_000, 2500);
    const mon = await folder.start(CONFIG);
    const figures = await runBomb(mon, { calmS: 3, bombS: 6, perSecond: 17_000 });
    t.diagnostic(bombLine(figures));
    assert.deepEqual([...figures.statuses.keys()], [204]);
    assert.ok([...figures.bombStatuses.keys()].every((status) => status === 204 || status === 400));
    assert.ok((figures.bombStatuses.get(400) ?? 0) > 0);
    const reply = await fetch(`${mon.url}/api/v1/status/cardinality`);
    const { data } = (await reply.json()) as {
      data: { over: Record<string, number>; examples: string[]; metrics: { name: string }[] };
    };
    assert.ok(data.over['cardinalityMetric'] > 0);
    assert.match(data.examples[0], /^bomb\{job="evil", request_id="request-\d+"\}: the metric has/);
    assert.equal(await numberOf(mon.url, 'count(bomb)'), 10_000);
    assert.equal(await numberOf(mon.url, 'count({job="normal"})'), 2000);
    const grown = 'mon_cardinality_series > 1.1 * mon_cardinality_series_day_ago';
    await until('growth shows', async () => (await numberOf(mon.url, grown)) > 12_000);
    assert.equal(await numberOf(mon.url, 'mon_cardinality_series_day_ago'), 2500);
    const explored = await fetch(`${mon.url}/api/v1/explore?limit=1`);
    const { data: found } = (await explored.json()) as {
      data: { metrics: { name: string; series: number }[]; dayAgo: { series: number } };
    };
    assert.deepEqual([found.metrics[0].name, found.metrics[0].series], ['bomb', 10_000]);
    assert.equal(found.dayAgo.series, 2500);
  } finally {
    await folder.remove();
  }
});
