// `mon explore`, the count of use and the guard's report in a cluster: what all stores hold, who
// asked through the role that answers, what all doors refused; and kept when that role is killed.
// Easy to get wrong: a series is held by every zone and counts once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/until.ts';
import { FormWorld } from './form-world.ts';
import { endsBySelf, writeSamples } from './mon-folder.ts';

const CONFIG = 'cardinality: {mode: reject, series_per_metric: 30}';
let world: FormWorld;

before(async () => {
  world = await FormWorld.start({ form: 'a cluster', config: CONFIG, stores: 2 });
  await world.ready();
});
after(() => world?.remove());

interface Told {
  readonly data: {
    readonly metrics: readonly { name: string; series: number; queries: number; rules: number }[];
    readonly totals: { readonly series: number };
    readonly guard: { readonly over: Record<string, number> } | null;
  };
}

async function get(path: string): Promise<Told> {
  const answer = await fetch(`${world.url}${path}`);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return JSON.parse(text) as Told;
}

async function write(name: string, count: number): Promise<void> {
  const samples = [{ timestamp: Date.now(), value: 1 }];
  const all = Array.from({ length: count }, (_, i) => ({
    labels: { __name__: name, i: `${i}` },
    samples,
  }));
  await writeSamples(world.url, all);
}

test('series count once, and who asked is counted', async () => {
  await write('fruit', 20);
  await write('flood', 50);
  await get('/api/v1/query?query=sum(fruit)');
  // A door that is slow to tell what it refused is left out, and asked again the next time.
  const refusedOf = (over: Record<string, number> | undefined): number =>
    over?.['cardinalityMetric'] ?? 0;
  await until('the explorer knows', async () => {
    const { data } = await get('/api/v1/explore');
    const found = (name: string) => data.metrics.find((one) => one.name === name);
    const known = found('fruit')?.series === 20 && (found('fruit')?.queries ?? 0) >= 1;
    if (!known || refusedOf(data.guard?.over) === 0) return false;
    assert.equal(found('flood')?.series, 30);
    assert.equal(refusedOf(data.guard?.over), 20);
    return true;
  });
  await until('the guard reports', async () => {
    const { data } = (await get('/api/v1/status/cardinality')) as unknown as {
      data: { over: Record<string, number>; metrics: { name: string; series: number }[] };
    };
    if (refusedOf(data.over) === 0) return false;
    assert.equal(refusedOf(data.over), 20);
    assert.equal(data.metrics.find(({ name }) => name === 'flood')?.series, 30);
    return true;
  });
});

test('a command shows it', async () => {
  const said = await endsBySelf(['explore', '--url', world.url, '-o', 'jsonl']);
  assert.equal(said.code, 0, said.stderr);
  assert.match(said.stdout, /"fruit"/);
});

test('what rules use is known, and all of it is kept when the role ends', async () => {
  // The rules that ship with mon use its own metrics.
  await until('use is written down', async () => {
    const text = await (await fetch(`${world.url}/api/v1/status/usage?limit=10000`)).text();
    return text.includes('"fruit"') && /mon_\w+/.test(text);
  });
  const { pid } = await (world.cluster?.role('query') ?? Promise.reject(new Error('a cluster')));
  process.kill(pid, 'SIGTERM');
  await until('another one answers', async () => {
    const now = await world.cluster?.role('query');
    return now !== undefined && now.pid !== pid && now.pid > 0;
  });
  await world.ready();
  const text = await (await fetch(`${world.url}/api/v1/status/usage?metric=fruit`)).text();
  assert.match(text, /"query":\{"lastMs":[1-9]/);
});
