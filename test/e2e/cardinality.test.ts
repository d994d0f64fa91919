// The cardinality guard in the real process: over the limit a new series is refused with a reason,
// known ones go on, and the API and the figures tell it.
import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, startMon } from '../support/mon-process.ts';

test('a label that explodes is stopped, and named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mon-cardinality-'));
  const config = join(folder, 'mon.yml');
  const limits = '{mode: reject, series_per_metric: 3, deny_labels: [user_id]}';
  const text = `mon: {host_agent: false, self_scrape: false, cardinality: ${limits}}\n`;
  await writeFile(config, text);
  const mon = await startMon({ dataDir: join(folder, 'data'), port: await freePort(), config });
  try {
    const push = async (body: string) => {
      const reply = await fetch(`${mon.url}/api/v1/push`, { method: 'POST', body });
      const { reasons } = (await reply.json()) as { reasons: unknown };
      return { status: reply.status, reasons };
    };
    const lines = (ids: number[]) => ids.map((id) => `hits{id="${id}"} 1\n`).join('');
    assert.equal((await push(lines([1, 2]))).status, 200);
    const over = await push(`${lines([1, 2, 3, 4, 5])}ok{user_id="7"} 1\nok 1\n`);
    assert.equal(over.status, 400);
    assert.deepEqual(over.reasons, { cardinalityMetric: 2, cardinalityDenied: 1 });
    assert.equal((await push(lines([1, 2, 3]))).status, 200);
    const reply = await fetch(`${mon.url}/api/v1/status/cardinality`);
    const { data } = (await reply.json()) as { data: Record<string, unknown> };
    assert.deepEqual(data.metrics, [
      { name: 'hits', series: 3 },
      { name: 'ok', series: 1 },
    ]);
    assert.deepEqual(data.examples, [
      'hits{id="4"}: the metric has as many series as its limit, 3',
      'ok{user_id="7"}: the label "user_id" is not allowed',
    ]);
    const figures = await (await fetch(`${mon.url}/metrics`)).text();
    assert.match(figures, /^mon_cardinality_over_total\{reason="cardinalityMetric"\} 2$/m);
  } finally {
    await mon.end('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
});
