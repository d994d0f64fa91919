// Weeks of a shard through all tiers on a virtual clock: whatever is asked of hot, warm and cold
// together is what the samples themselves say. The two years are in long-life.long.test.ts.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { lifeQueries, sameAnswers } from './life-queries.ts';
import { DAY, HOUR, LongLife, START, type LifeOptions } from './long-life.ts';

const OPTIONS: LifeOptions = {
  ...{ series: 8, stepMs: 60_000, days: 26, retentionMs: 4 * DAY },
  keepMs: [8 * DAY, 12 * DAY, 100 * DAY, 200 * DAY],
  tiers: {
    ...{ warmAfterMs: 2 * DAY, coldAfterMs: 6 * DAY, archiveRaw: true },
    archiveKeepMs: 100 * DAY,
  },
};

async function lived(options: LifeOptions, work: (life: LongLife) => Promise<void>): Promise<void> {
  const life = new LongLife(options);
  try {
    await life.open();
    await life.live();
    await work(life);
  } finally {
    await life.close();
  }
}

test('samples and windows of weeks, most of them cold, answer as if nothing had moved', () =>
  lived(OPTIONS, async (life) => {
    const raw = life.client.reach(0, 'raw');
    assert.ok(raw.minMs < START + DAY && raw.maxMs > START + 20 * DAY, 'samples are cold');
    assert.ok(life.client.reach(0, '1h').maxMs >= START + 16 * DAY, 'hours are cold');
    assert.ok(life.client.reach(0, '1m').minMs > START + DAY, 'minutes were forgotten');
    assert.ok((await life.warmFiles()) > 0, 'some blocks are warm');
    const queries = lifeQueries(11, 200, life, START + 2 * DAY);
    assert.ok((await sameAnswers(life, queries)) > 2000);
  }));

test('without an archive of samples the cold windows answer what ends with them', () =>
  lived({ ...OPTIONS, tiers: { ...OPTIONS.tiers, archiveRaw: false } }, async (life) => {
    assert.ok(life.client.reach(0, 'raw').maxMs < 0, 'samples are gone');
    const fns = ['min', 'max', 'count', 'sum', 'avg'].map((fn) => `${fn}_over_time`);
    const queries = [...fns, 'increase', 'rate'].flatMap((fn) =>
      ['requests_total', 'queue_length'].map((metric) => ({
        query: `${fn}(${metric}[2h])`,
        ...{ start: START + DAY, end: START + 25 * DAY, step: HOUR },
      })),
    );
    assert.ok((await sameAnswers(life, queries)) > 2000);
    const { tiers, rule } = life.services();
    const at = START + 9 * DAY;
    const sketch = await tiers.instant('queue_length{__rollup__="1h:p95"}', at);
    const exact = await rule.instant('quantile_over_time(0.95, queue_length[1h])', at);
    const valueOf = ({ result }: typeof sketch): number =>
      'matrix' in result ? result.matrix.values[0] : NaN;
    const [a, b] = [valueOf(sketch), valueOf(exact)];
    assert.ok(Math.abs(a - b) <= b * 0.02 + 1, `${a} for ${b}`);
  }));
