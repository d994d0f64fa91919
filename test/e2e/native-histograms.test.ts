// Native histograms from a sender to an answer, through the real process: integer, float and custom
// buckets arrive by remote write, are asked for in PromQL and as JSON, and are there again after a
// restart, whether from a checkpoint or from the log alone.
import { strict as assert } from 'node:assert';
import { afterEach, beforeEach, it } from 'node:test';
import { encodeHistogram } from '../../src/engine/codec/histogram.ts';
import { CUSTOM_SCHEMA, makeHistogram } from '../../src/engine/model/histogram.ts';
import { listOf } from '../support/random-histograms.ts';
import type { WriteSeries } from '../support/write-request.ts';
import { MonFolder, numberOf, writeSamples } from './mon-folder.ts';
import { runCli } from '../support/run-cli.ts';

let folder: MonFolder;
beforeEach(async () => {
  folder = await MonFolder.make();
});
afterEach(async () => await folder.remove());

const STEP_MS = 15_000;
const COUNT = 12;

function series(name: string, make: (i: number, timestampMs: number) => Uint8Array, atMs: number) {
  const histograms = Array.from({ length: COUNT }, (_, i) => {
    return make(i + 1, atMs - (COUNT - 1 - i) * STEP_MS);
  });
  return { labels: { __name__: name, job: 'api' }, samples: [], histograms };
}

/** Three series of histograms and one that changes from floats to histograms. */
function everything(atMs: number): WriteSeries[] {
  const whole = (n: number, timestampMs: number): Uint8Array => {
    const positive = listOf([0, 1, 2], [4 * n, 4 * n, 2 * n]);
    const figures = { zeroThreshold: 0.001, count: 10 * n, sum: 15 * n };
    return encodeHistogram(makeHistogram({ ...figures, positive }), { timestampMs, integer: true });
  };
  const float = (n: number, timestampMs: number): Uint8Array => {
    const positive = listOf([1], [2.5 * n]);
    return encodeHistogram(makeHistogram({ count: 2.5 * n, sum: 4 * n, positive }), {
      timestampMs,
    });
  };
  const custom = (n: number, timestampMs: number): Uint8Array => {
    const parts = { positive: listOf([0, 1, 2], [n, 2 * n, n]), custom: Float64Array.of(0.1, 1) };
    const figures = { schema: CUSTOM_SCHEMA, count: 4 * n, sum: 5 * n };
    const histogram = makeHistogram({ ...figures, ...parts });
    return encodeHistogram(histogram, { timestampMs, integer: true });
  };
  const changed = series('changed', whole, atMs);
  const firstMs = atMs - COUNT * STEP_MS;
  return [
    series('whole', whole, atMs),
    series('fractions', float, atMs),
    series('custom', custom, atMs),
    { ...changed, samples: [{ timestamp: firstMs, value: 7 }] },
  ];
}

interface Result {
  readonly data: { readonly result: Record<string, unknown>[] };
}

async function answerOf(url: string, path: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${url}/api/v1/${path}`);
  assert.equal(response.status, 200);
  return ((await response.json()) as Result).data.result;
}

async function check(url: string, atMs: number): Promise<void> {
  const ask = (query: string): Promise<number> => numberOf(url, query, atMs);
  assert.equal(await ask('histogram_count(whole)'), 10 * COUNT);
  assert.equal(await ask('histogram_sum(fractions)'), 4 * COUNT);
  assert.equal(await ask('histogram_quantile(0.4, whole)'), 1);
  assert.equal(await ask('histogram_quantile(0.25, custom)'), 0.1);
  assert.equal(await ask('count(whole)'), 1);
  assert.equal(await ask('count({job="api"})'), 4);
  assert.equal(await ask('count_over_time(changed[10m])'), COUNT + 1);
  const perSecond = 10 / (STEP_MS / 1000);
  const rate = await ask('histogram_count(rate(whole[2m]))');
  assert.ok(Math.abs(rate - perSecond) < 1e-9, `${rate}`);
  const both = '{__name__=~"whole|fractions"}';
  assert.equal(await ask(`histogram_count(sum(${both}))`), 12.5 * COUNT);
  const at = `time=${atMs / 1000}`;
  assert.deepEqual(await answerOf(url, `query?query=custom&${at}`), [
    {
      metric: { __name__: 'custom', job: 'api' },
      histogram: [
        atMs / 1000,
        {
          count: '48',
          sum: '60',
          buckets: [
            [3, '-Inf', '0.1', '12'],
            [0, '0.1', '1', '24'],
            [0, '1', '+Inf', '12'],
          ],
        },
      ],
    },
  ]);
  const start = atMs - COUNT * STEP_MS;
  const range = `start=${start / 1000}&end=${atMs / 1000}&step=${STEP_MS / 1000}`;
  const [mixed] = await answerOf(url, `query_range?query=changed&${range}`);
  assert.deepEqual(mixed['values'], [[start / 1000, '7']]);
  const histograms = mixed['histograms'] as [number, Record<string, unknown>][];
  assert.equal(histograms.length, COUNT);
  assert.deepEqual(histograms[0], [
    start / 1000 + STEP_MS / 1000,
    {
      count: '10',
      sum: '15',
      buckets: [
        [0, '0.5', '1', '4'],
        [0, '1', '2', '4'],
        [0, '2', '4', '2'],
      ],
    },
  ]);
}

/** What a shell is told of the same: the text in a table, classic buckets as exposition text. */
async function checkShell(url: string, atMs: number): Promise<void> {
  const at = String(atMs / 1000);
  const ask = (...args: readonly string[]) =>
    runCli(['query', 'custom', '--at', at, '--url', url, ...args]);
  const text = '{count:48, sum:60, [-Inf,0.1]:12, (0.1,1]:24, (1,+Inf]:12}';
  assert.deepEqual(await ask('-o', 'value'), { stdout: `${text}\n`, stderr: '', code: 0 });
  const { stdout } = await ask('-o', 'prom');
  const lines = [
    `custom_bucket{job="api",le="0.1"} 12 ${atMs}`,
    `custom_bucket{job="api",le="1"} 36 ${atMs}`,
    `custom_bucket{job="api",le="+Inf"} 48 ${atMs}`,
    `custom_sum{job="api"} 60 ${atMs}`,
    `custom_count{job="api"} 48 ${atMs}`,
  ];
  assert.equal(stdout, `${lines.join('\n')}\n`);
}

for (const [signal, what] of [
  ['SIGTERM', 'a checkpoint'],
  ['SIGKILL', 'the log alone'],
] as const) {
  it(`native histograms are answered, and again after a restart from ${what}`, async () => {
    const atMs = Math.floor(Date.now() / 1000) * 1000;
    const mon = await folder.start();
    const sent = await writeSamples(mon.url, everything(atMs));
    assert.equal(Math.floor(sent.status / 100), 2, sent.text);
    await check(mon.url, atMs);
    await checkShell(mon.url, atMs);
    const figures = await (await fetch(`${mon.url}/metrics`)).text();
    assert.match(figures, new RegExp(`^mon_door_histograms_total ${4 * COUNT}$`, 'm'));
    await mon.end(signal);
    const again = await folder.start();
    await check(again.url, atMs);
    // The same body once more changes nothing.
    await writeSamples(again.url, everything(atMs));
    await check(again.url, atMs);
  });
}
