// The bomb for a minute and a half, a million series a minute: memory stays flat, nobody else is
// refused, and the growth alert that ships with mon fires.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { seriesWereThere } from '../support/series-snapshot.ts';
import { bombLine, runBomb } from './cardinality-bomb.ts';
import { MonFolder } from './mon-folder.ts';

const CONFIG = `global: {scrape_interval: 5s}
mon: {host_agent: false, cardinality: {mode: reject}}
`;

test('a million series a minute: memory flat, the growth alert fires', async (t) => {
  const folder = await MonFolder.make();
  try {
    await seriesWereThere(folder.dataDir, 24 * 3_600_000, 2500);
    const mon = await folder.start(CONFIG);
    const figures = await runBomb(mon, { calmS: 10, bombS: 100, perSecond: 17_000 });
    t.diagnostic(bombLine(figures));
    assert.deepEqual([...figures.statuses.keys()], [204]);
    const [, early, late] = figures.memory;
    assert.ok(late < early * 1.2 + 30, `memory ${figures.memory.join(', ')} MB`);
    const reply = await fetch(`${mon.url}/api/v1/alerts`);
    const { data } = (await reply.json()) as {
      data: { alerts: { labels: { alertname: string }; state: string }[] };
    };
    const firing = data.alerts
      .filter(({ state }) => state === 'firing')
      .map(({ labels }) => labels.alertname);
    assert.ok(firing.includes('MonSeriesGrowth'), firing.join());
    assert.ok(firing.includes('MonCardinalityLimit'), firing.join());
  } finally {
    await folder.remove();
  }
});
