// Random series and queries: the engine against the naive oracle, one source against several, and a
// range query against the instants it consists of.
import assert from 'node:assert/strict';
import test from 'node:test';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { Naive } from './naive.ts';
import { pointsOf } from './points.ts';
import type { MemorySample } from '../../support/memory-series.ts';
import type { NaiveSeries } from './naive.ts';
import type { Points } from './points.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';

function randomSeries(random: Random): NaiveSeries[] {
  const out: NaiveSeries[] = [];
  for (const name of ['m', 'n']) {
    for (const job of ['a', 'b', 'c']) {
      for (const host of ['1', '2']) {
        if (random() < 0.15) continue;
        const samples: MemorySample[] = [];
        let v = Math.floor(random() * 100);
        const gap = 5000 + Math.floor(random() * 20_000);
        for (let t = Math.floor(random() * 60_000); t < 1_200_000; t += gap) {
          if (random() < 0.05) v = Math.floor(random() * 5);
          else if (random() < 0.9) v += random() * 10;
          if (random() < 0.03) samples.push({ t, v: 0, stale: true });
          else if (random() < 0.9) samples.push({ t: t + Math.floor(random() * 50), v });
        }
        out.push({ labels: ['__name__', name, 'host', host, 'job', job], samples });
      }
    }
  }
  return out;
}

const pickFrom = (random: Random): (<T>(list: readonly T[]) => T) => {
  return (list) => list[Math.floor(random() * list.length)];
};

function randomQuery(random: Random): string {
  const pick = pickFrom(random);
  const matchers = ['', '{job="a"}', '{job!="a"}', '{job=~"a|c"}', '{host!~"2"}'];
  const offset = random() < 0.3 ? ` offset ${pick(['30s', '2m', '-1m'])}` : '';
  const name = pick(['m', 'n']);
  const functions = (
    'rate increase sum_over_time avg_over_time count_over_time min_over_time max_over_time ' +
    'last_over_time changes resets'
  ).split(' ');
  const leaf = (): string => {
    const selector = name + pick(matchers);
    if (random() < 0.35) return selector + offset;
    const range = pick(['30s', '1m', '3m', '7m']);
    return `${pick(functions)}(${selector}[${range}]${offset})`;
  };
  const term =
    random() < 0.5 ? `sum by (${pick(['job', 'host', 'job, host', ''])}) (${leaf()})` : leaf();
  if (random() < 0.4) return `${term} ${pick(['+', '-', '*', '/'])} ${pick(['2', '0.5', term])}`;
  return random() < 0.2 ? `3 ${pick(['-', '/'])} ${term}` : term;
}

function near(got: number | undefined, want: number, where: string): void {
  assert.ok(got !== undefined, `${where}: nothing, wanted ${want}`);
  if (Object.is(got, want) || (Number.isNaN(got) && Number.isNaN(want))) return;
  const close = Math.abs(got - want) <= 1e-9 * Math.max(1, Math.abs(want), Math.abs(got));
  assert.ok(close, `${where}: ${got}, wanted ${want}`);
}

function serviceOver(parts: readonly (readonly NaiveSeries[])[]): QueryService {
  const sources = parts.map((part) => {
    const series = new MemorySeries();
    for (const { labels, samples } of part) series.add(labels, samples);
    return new MemorySource(series);
  });
  return new QueryService({ sources, clock: systemClock });
}

test('random queries agree with the oracle', async (t) => {
  const seed = 4711;
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 60; round++) {
    const series = randomSeries(random);
    const service = serviceOver([series]);
    const naive = new Naive(series);
    const query = randomQuery(random);
    const start = Math.floor(random() * 600_000);
    const step = 1000 + Math.floor(random() * 60_000);
    const end = start + step * Math.floor(random() * 20);
    const points = pointsOf(await service.range(query, start, end, step));
    const where = `round ${round}: ${query} from ${start} to ${end} step ${step}`;
    let expected = 0;
    for (let time = start; time <= end; time += step) {
      for (const [key, { value }] of naive.at(query, time)) {
        near(points.get(key)?.get(time), value, `${where} at ${time} ${key}`);
        expected++;
      }
    }
    const got = [...points.values()].reduce((sum, row) => sum + row.size, 0);
    assert.equal(got, expected, where);
  }
});

const SHARDED = [
  'm',
  'rate(m[2m])',
  'rate({job!=""}[2m])',
  'sum(m)',
  'sum by (job) (rate(m[2m]))',
  'avg by (host) (m)',
  'min(m)',
  'max by (job) (max_over_time(m[1m]))',
  'count(m)',
  'group by (host) (m)',
  'stddev(m)',
  'stdvar by (job) (m)',
  'sum({host="1"})',
  'sum without (host) (m)',
  'quantile(0.9, m)',
  'topk(2, m)',
  'count_values("v", changes(m[1m]))',
  'absent(m{job="x"})',
  'absent_over_time(m[1m])',
  'm + on (job, host) n',
  'histogram_quantile(0.5, label_replace(m, "le", "$1", "host", "(.)"))',
  'sum_over_time(sum(m)[3m:30s])',
  'predict_linear(m[2m], 60)',
  'quantile_over_time(scalar(n{job="a",host="1"}) / 1000, m[3m])',
  'timestamp(m)',
  'label_replace(m, "job", "$1", "host", "(.*)")',
  'm > 50 or n',
];

test('three sources answer as one', async (t) => {
  const seed = 99;
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 6; round++) {
    const series = randomSeries(random);
    const parts: NaiveSeries[][] = [[], [], []];
    for (const one of series) parts[Math.floor(random() * 3)].push(one);
    const [one, three] = [serviceOver([series]), serviceOver(parts)];
    for (const query of SHARDED) {
      const ask = (service: QueryService): Promise<unknown> =>
        service
          .range(query, 300_000, 600_000, 15_000)
          .then(pointsOf)
          .catch((error: Error) => error.message);
      const [whole, split] = [await ask(one), await ask(three)];
      if (typeof whole === 'string') {
        assert.equal(split, whole, query);
        continue;
      }
      assert.ok(split instanceof Map, `${query}: ${String(split)}`);
      assert.deepEqual([...split.keys()], [...(whole as Points).keys()], query);
      for (const [key, row] of whole as Points) {
        const other = (split as Points).get(key) as Map<number, number>;
        assert.equal(other.size, row.size, query);
        for (const [time, value] of row) near(other.get(time), value, `${query} ${key} ${time}`);
      }
    }
  }
});

test('a range query is the instants it consists of', async (t) => {
  const seed = 7;
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const service = serviceOver([randomSeries(random)]);
  // Those two make equal labels out of different series, and so fail.
  const queries = SHARDED.filter((query) => !/^label_replace|\{job!=/.test(query));
  for (const query of queries) {
    const points = pointsOf(await service.range(query, 300_000, 420_000, 20_000));
    for (let time = 300_000; time <= 420_000; time += 20_000) {
      const now = pointsOf(await service.instant(query, time));
      for (const [key, row] of points) {
        const value = row.get(time);
        const instant = now.get(key)?.get(time);
        if (value === undefined) assert.equal(instant, undefined, `${query} ${time}`);
        else near(instant, value, `${query} ${time} ${key}`);
      }
      for (const key of now.keys())
        assert.ok(points.get(key)?.has(time), `${query} ${time} ${key}`);
    }
  }
});
