// The price of a query before it runs: warned of, refused, remembered; and what explain shows of
// it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import type { Estimate } from '../../../src/engine/ports.ts';
import type { PlanStep } from '../../../src/engine/model/explanation.ts';

class PricedSource extends MemorySource {
  asked = 0;
  estimated = 0;
  price: Estimate = { series: 3, samples: 30 };

  override fragment(...args: Parameters<MemorySource['fragment']>) {
    this.asked++;
    return super.fragment(...args);
  }

  async estimate(): Promise<Estimate> {
    this.estimated++;
    return this.price;
  }
}

function makeService(more: object = {}) {
  const series = new MemorySeries();
  for (let i = 0; i < 3; i++) {
    const samples = Array.from({ length: 10 }, (_, s) => ({ t: s * 10_000, v: i + s }));
    series.add({ __name__: 'm', i: String(i) }, samples);
  }
  const source = new PricedSource(series);
  return { source, service: new QueryService({ sources: [source], clock: systemClock, ...more }) };
}

test('a dear query is warned of, a dearer one refused before it reads anything', async () => {
  const { source, service } = makeService({ cost: { warn: 1000, max: 5000 } });
  const ask = (more: object = {}) => service.range('rate(m[1m])', 0, 90_000, 10_000, more);
  assert.deepEqual((await ask()).warnings, []);
  source.price = { series: 10, samples: 3000 };
  const other = makeService({ cost: { warn: 1000, max: 5000 } });
  other.source.price = source.price;
  const dear = await other.service.range('rate(m[1m])', 0, 90_000, 10_000);
  assert.match(dear.warnings[0], /expensive: its cost is estimated at .*max-cost is 5000/);
  const dearest = makeService({ cost: { warn: 1000, max: 5000 } });
  dearest.source.price = { series: 1000, samples: 3_000_000 };
  const refused = dearest.service.range('rate(m[1m])', 0, 90_000, 10_000);
  await assert.rejects(refused, (thrown: unknown) => {
    assert.ok(thrown instanceof MonError);
    assert.equal(thrown.code, 'MON_QUERY_LIMIT');
    assert.match(thrown.message, /too expensive: .* 3\.11 M, max-cost is 5000/);
    assert.match(thrown.hint ?? '', /max-cost/);
    return true;
  });
  assert.equal(dearest.source.asked, 0);
});

test('the asker may move the bound, but not past the ceiling', async () => {
  const { source, service } = makeService({ cost: { max: 100 } });
  source.price = { series: 10, samples: 10_000 };
  await assert.rejects(service.instant('m', 90_000), /max-cost is 100/);
  assert.ok(await service.instant('m', 90_000, { maxCost: 1e6 }));
  await assert.rejects(service.instant('m', 90_000, { maxCost: 50 }), /max-cost is 50/);
  const huge = makeService();
  huge.source.price = { series: 1e6, samples: 1e12 };
  await assert.rejects(huge.service.instant('m', 1, { maxCost: 1e15 }), /max-cost is 10 G/);
});

test('an estimate is asked for once, and again for much more time', async () => {
  const { source, service } = makeService();
  for (let i = 0; i < 10; i++) await service.range('m', i * 1000, 90_000 + i * 1000, 10_000);
  assert.ok(source.estimated <= 2, `${source.estimated} times`);
  const before = source.estimated;
  await service.range('m', 0, 90_000_000, 100_000);
  assert.equal(source.estimated, before + 1);
});

test('a source that cannot estimate, or is away, refuses nothing', async () => {
  const series = new MemorySeries();
  series.add({ __name__: 'm' }, [{ t: 0, v: 1 }]);
  const away = new PricedSource(series);
  away.estimate = async () => {
    throw new MonError('MON_SERVER_UNREACHABLE', 'away');
  };
  const service = new QueryService({
    sources: [new MemorySource(series), away],
    clock: systemClock,
    cost: { max: 10 },
  });
  assert.ok((await service.instant('m', 0)).result);
});

test('answers that are too many bytes together', async () => {
  const { service } = makeService({ bytesMax: 2000 });
  await service.instant('m', 0);
  await assert.rejects(service.range('m', 0, 900_000, 1000), /gathers more than 2000 bytes/);
});

function kinds(step: PlanStep): unknown {
  return [step.kind, ...step.children.map(kinds)];
}

test('explain shows the tree with its cost, analyze what each step did', async () => {
  const { source, service } = makeService();
  const query = 'topk(2, sum by (i) (rate(m[1m])) / m) > 0.1';
  const times = { startMs: 0, endMs: 90_000, stepMs: 10_000 };
  const plan = await service.explain(query, times);
  assert.equal(source.asked, 0, 'a plan runs nothing');
  assert.deepEqual(kinds(plan.plan), [
    'binary',
    ['aggregate', ['number'], ['binary', ['fragment'], ['fragment']]],
    ['number'],
  ]);
  assert.equal(plan.steps, 10);
  assert.ok(plan.cost > 60 && plan.cost < 1000, String(plan.cost));
  assert.deepEqual([plan.cacheable, plan.whyNot], [false, 'there is no result cache']);
  const leaf = plan.plan.children[0].children[1].children[0];
  assert.equal(leaf.where, 'shard');
  assert.match(leaf.what, /^rate of \{__name__="m"\} over 60s, sum by \(i\), 10 steps$/);
  assert.equal(leaf.actual, undefined);
  const run = await service.explain(query, times, { analyze: true });
  const ran = run.plan.children[0].children[1].children[0];
  assert.deepEqual([ran.actual?.rows, ran.actual?.samples], [3, 30]);
  assert.ok((run.ms ?? -1) >= 0);
  assert.ok((run.plan.actual?.ms ?? -1) >= (run.plan.children[0].actual?.ms ?? 0));
  const instant = await service.explain('m[1m]', { timeMs: 60_000 }, { analyze: true });
  assert.deepEqual(kinds(instant.plan), ['samples', ['fragment']]);
  await assert.rejects(service.explain('m +', { timeMs: 0 }), UserError);
});

test('a fragment that two steps share is paid for once', async () => {
  const { service } = makeService();
  const once = await service.explain('m', { timeMs: 0 });
  const twice = await service.explain('m + m', { timeMs: 0 });
  assert.ok(twice.cost < once.cost * 2, `${once.cost} and ${twice.cost}`);
});
