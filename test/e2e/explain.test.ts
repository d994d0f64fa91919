// `mon query --explain` against a real server: the tree as people read it and as data, and a query
// that costs too much.
import { strict as assert } from 'node:assert';
import { after, before, it } from 'node:test';
import type { MonProcess } from '../support/mon-process.ts';
import type { CliResult } from '../support/run-cli.ts';
import { MonFolder, endsBySelf, writeSamples } from './mon-folder.ts';

let folder: MonFolder;
let mon: MonProcess;
const query = 'sum by (job) (rate(requests_total[5m])) / 2';

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start();
  const now = Date.now();
  const samples = Array.from({ length: 20 }, (_, i) => ({
    timestamp: now - i * 1000,
    value: 9 - i,
  }));
  for (const job of ['a', 'b', 'c']) {
    const labels = { __name__: 'requests_total', job };
    await writeSamples(mon.url, [{ labels, samples: samples.toReversed() }]);
  }
});
after(async () => await folder.remove());

const ask = (...args: string[]): Promise<CliResult> =>
  endsBySelf(['query', ...args], { env: { MON_URL: mon.url } });

it('the plan as a tree, without running it', async () => {
  const { code, stdout, stderr } = await ask(query, '--explain');
  assert.deepEqual([code, stderr], [0, '']);
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[0], /^\/ {2}\(at most 3 series, cost 63\)$/);
  assert.match(
    stdout,
    /^├ rate of \{__name__="requests_total"\} over 300s, sum by \(job\), 1 steps/m,
  );
  assert.match(stdout, /^│ {3}rate\(requests_total\[5m\]\)|^│ {3}requests_total\[5m\]/m);
  assert.match(stdout, /^└ 2 /m);
  assert.match(stdout, /^cost \d+ of at most 500 M, one instant$/m);
  assert.match(stdout, /^results are not kept: only ranges are kept$/m);
  assert.doesNotMatch(stdout, /ran:/);
});

it('analyze runs it and tells rows, samples, bytes and time', async () => {
  const { code, stdout } = await ask(query, '--explain=analyze', '--since', '5m', '--step', '15s');
  assert.equal(code, 0);
  assert.match(stdout, /ran: 3 rows, 60 samples read, [\d.]+ bytes, [\d.]+ ms/);
  assert.match(stdout, /21 steps, ran in [\d.]+ ms/);
  assert.match(stdout, /^results are kept$/m);
});

it('as data', async () => {
  const { code, stdout } = await ask(query, '--explain=analyze', '-o', 'json');
  assert.equal(code, 0);
  const told = JSON.parse(stdout) as { kind: string; query: string; plan: { children: object[] } };
  assert.deepEqual([told.kind, told.query, told.plan.children.length], ['QueryPlan', query, 2]);
});

it('mistakes', async () => {
  const unknown = await ask(query, '--explain=more');
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /write --explain, or --explain=analyze/);
  assert.equal((await ask(query, '--explain', '-o', 'csv')).code, 2);
  assert.equal((await ask('rate(', '--explain')).code, 2);
  assert.equal((await ask(query, '--max-cost', 'much')).code, 2);
});

it('a query that costs too much exits with 1 and names --max-cost', async () => {
  const { code, stderr, stdout } = await ask(query, '--max-cost', '10');
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /too expensive: its cost is estimated at \d+, max-cost is 10\n/);
  assert.match(stderr, /--max-cost/);
  assert.equal((await ask(query, '--max-cost', '1M')).code, 0);
});
