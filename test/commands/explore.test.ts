// `mon explore`: whole output against a server with fixed answers, and that the rules it writes do
// what they say when the configuration reads them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Relabeller } from '../../src/engine/collector/relabel.ts';
import { parseConfig } from '../../src/engine/daemons/config.ts';
import { serve } from '../engine/collector/scrape-double.ts';
import { freshHome, runCli } from '../support/run-cli.ts';

const ANSWERS: Readonly<Record<string, unknown>> = {
  '/api/v1/status/tsdb': {
    headStats: { numSeries: 7, numLabelPairs: 9 },
    seriesCountByMetricName: [
      { name: 'hits', value: 4 },
      { name: 'up', value: 3 },
    ],
    labelValueCountByLabelName: [{ name: 'user_id', value: 4 }],
    memoryInBytesByLabelName: [{ name: 'user_id', value: 40 }],
    seriesCountByLabelValuePair: [{ name: 'job=a', value: 7 }],
  },
  '/api/v1/status/cardinality': {
    over: { cardinalityMetric: 2, cardinalityDenied: 0 },
    examples: ['hits{id="4"}: the metric has as many series as its limit'],
  },
  '/api/v1/series': [
    { __name__: 'hits', user_id: '1', job: 'a' },
    { __name__: 'hits', user_id: '2', job: 'a' },
  ],
};

async function explore(args: readonly string[], answers = ANSWERS) {
  const server = await serve((request, reply) => {
    const data = answers[new URL(request.url ?? '', 'http://x').pathname];
    reply.writeHead(data === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    reply.end(JSON.stringify({ status: data === undefined ? 'error' : 'success', data }));
  });
  try {
    const env = { MON_URL: `http://${server.address}`, HOME: freshHome() };
    return await runCli(['explore', ...args], { env });
  } finally {
    await server.close();
  }
}

test('the largest of everything, and what was over a limit', async () => {
  const stdout = `LIST     NAME                                                       COUNT  OF
total    series                                                         7  series
metric   hits                                                           4  series
metric   up                                                             3  series
label    user_id                                                        4  values
label    user_id                                                       40  bytes
pair     job=a                                                          7  series
over     cardinalityMetric                                              2  new series
example  hits{id="4"}: the metric has as many series as its limit      1  new series
`;
  const found = await explore([]);
  assert.equal(found.stdout.replaceAll(/ +/g, ' '), stdout.replaceAll(/ +/g, ' '));
  assert.deepEqual([found.stderr, found.code], ['', 0]);
  const json = await explore(['-o', 'json', '--limit', '1']);
  const { kind, items } = JSON.parse(json.stdout) as { kind: string; items: unknown[] };
  assert.equal(kind, 'Cardinality');
  assert.deepEqual(items[1], { list: 'metric', name: 'hits', count: 4, of: 'series' });
  assert.equal(items.length, 7);
});

test('a server that looks after no limits, and one metric', async () => {
  const { '/api/v1/status/cardinality': _, ...prometheus } = ANSWERS;
  const found = await explore(['-o', 'value'], prometheus);
  assert.deepEqual(found, {
    stdout: 'series\nhits\nup\nuser_id\nuser_id\njob=a\n',
    stderr: '',
    code: 0,
  });
  const one = await explore(['hits', '-o', 'csv']);
  const stdout = 'list,name,count,of\ntotal,hits,2,series\n';
  assert.equal(one.stdout, `${stdout}label,user_id,2,values\nlabel,job,1,values\n`);
  const none = await explore(['gone', '--fail-empty'], { '/api/v1/series': [] });
  assert.equal(none.code, 5);
});

async function keptBy(args: readonly string[], labels: Record<string, string>) {
  const { stdout, code } = await explore(args);
  assert.equal(code, 0);
  const rule = stdout.replaceAll('\n', '\n    ');
  const text = `scrape_configs:\n  - job_name: a\n    ${rule}\n`;
  const { config } = parseConfig(text, '/etc/mon.yml');
  const relabeller = new Relabeller(config.scrapes[0].metricRelabel);
  const map = new Map(Object.entries(labels));
  if (!relabeller.apply(map)) return undefined;
  return Object.fromEntries([...map].filter(([, value]) => value !== ''));
}

test('the rules that it writes do what they say', async () => {
  const series = { __name__: 'hits', user_id: '1', job: 'a' };
  const other = { __name__: 'up', user_id: '1' };
  assert.equal(await keptBy(['hits', '--drop'], series), undefined);
  assert.deepEqual(await keptBy(['hits', '--drop'], other), other);
  const bare = { __name__: 'hits', job: 'a' };
  assert.deepEqual(await keptBy(['hits', '--drop-label', 'user_id'], series), bare);
  assert.deepEqual(await keptBy(['hits', '--drop-label', 'user_id'], other), other);
  assert.deepEqual(await keptBy(['--drop-label', 'user_id'], other), { __name__: 'up' });
  const odd = { __name__: "it's (a.b)" };
  assert.equal(await keptBy([odd.__name__, '--drop'], odd), undefined);
  assert.deepEqual(await keptBy([odd.__name__, '--drop'], series), series);
  const without = await explore(['--drop']);
  assert.equal(without.code, 2);
  assert.match(without.stderr, /^error: --drop needs a metric\nhint: mon explore METRIC --drop/);
});
