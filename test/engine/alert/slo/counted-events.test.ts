// Budgets and burn rates beside an exact recomputation from the samples themselves: random counters
// that start anew, leave gaps, come and go. The rule of counting: an event belongs to the window of
// the sample that shows it; counting begins with the last sample before the window, at most five
// minutes back, else with the first in it.
import { strict as assert } from 'node:assert';
import { it } from 'node:test';
import { checkSlos } from '../../../../src/engine/alert/slo/check-slos.ts';
import { pairsFor } from '../../../../src/engine/alert/slo/burn-windows.ts';
import type { Slo, SloCount } from '../../../../src/engine/model/slo.ts';
import { QueryService } from '../../../../src/engine/query/query-service.ts';
import { systemClock } from '../../../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../../../src/engine/runtime/random.ts';
import type { Random } from '../../../../src/engine/runtime/random.ts';
import { MemorySeries, MemorySource } from '../../../support/memory-series.ts';
import type { MemorySample } from '../../../support/memory-series.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const END = 1_790_000_000_000;
const LOOKBACK = 5 * MINUTE;
const TOLERANCE = 1e-12;

/** A counter over some days, a sample in about ten minutes; now and then away, now and then new. */
function counter(random: Random, most: number): MemorySample[] {
  const samples: MemorySample[] = [];
  let value = Math.floor(random() * 1000);
  let t = END - Math.floor(random() * 5 * DAY);
  while (t <= END) {
    samples.push({ t, v: value });
    t += Math.ceil((random() < 0.02 ? 300 : 10) * random() * MINUTE);
    value = random() < 0.03 ? Math.floor(random() * 5) : value + Math.floor(random() * most);
  }
  return samples;
}

function eventsOf(samples: readonly MemorySample[], windowMs: number): number | undefined {
  const start = END - windowMs;
  const inside = samples.filter(({ t }) => t > start && t <= END);
  if (inside.length === 0) return undefined;
  const before = samples.findLast(({ t }) => t <= start && t > start - LOOKBACK);
  let last = (before ?? inside[0]).v;
  let events = 0;
  for (const { v } of inside) {
    events += v >= last ? v - last : v;
    last = v;
  }
  return events;
}

function total(counters: readonly MemorySample[][], windowMs: number): number {
  return counters.reduce((sum, one) => sum + (eventsOf(one, windowMs) ?? 0), 0);
}

function sloOf(name: string, objective: number, budget: number): Slo {
  const select = (code: string): string => `sum(rate(x_total{slo="${name}"${code}}[{{.window}}]))`;
  const alert = { name: 'A', labels: [], annotations: [] };
  return {
    id: name,
    name,
    service: 's',
    description: '',
    labels: [],
    objective,
    budget,
    spec: 'prometheus/v1',
    indicator: { kind: 'events', bad: select(',code="500"'), total: select('') },
    period: { kind: 'rolling', ms: 30 * DAY },
    pairs: pairsFor(30 * DAY),
    ownConditions: false,
    page: alert,
    ticket: alert,
    place: { file: 'a.yml', line: 1, column: 1 },
  };
}

function near(got: number, wanted: number, words: string): void {
  const same = Number.isNaN(wanted)
    ? Number.isNaN(got)
    : Math.abs(got - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted));
  assert.ok(same, `${words}: ${got}, and not ${wanted}`);
}

it('budgets and burn rates are those of the counted events', async () => {
  const seed = 8_112_026;
  const random = seededRandom(seed);
  const series = new MemorySeries();
  const worlds = Array.from({ length: 40 }, (_, i) => {
    const good = Array.from({ length: 1 + Math.floor(random() * 3) }, () => counter(random, 200));
    const bad = Array.from({ length: Math.floor(random() * 3) }, () => counter(random, 3));
    const name = `slo-${i}`;
    const add = (code: string) => (samples: MemorySample[], n: number) =>
      series.add({ __name__: 'x_total', slo: name, code, n: String(n) }, samples);
    good.forEach(add('200'));
    bad.forEach(add('500'));
    return { slo: sloOf(name, 99.9, 0.001), good, bad };
  });
  const ask = new QueryService({ sources: [new MemorySource(series)], clock: systemClock });
  const slos = worlds.map(({ slo }) => slo);
  const check = await checkSlos(slos, { ask }, { timeMs: END, guard: true });
  assert.equal(check.mode, 'anchored');
  check.findings.forEach((finding, i) => {
    const { good, bad } = worlds[i];
    const words = `seed ${seed}, slo ${i}`;
    const ratio = ({ windowMs, bad: few, total: all }: SloCount): number => {
      const failed = total(bad, windowMs);
      const whole = total(good, windowMs) + failed;
      if (whole === 0) return NaN;
      assert.deepEqual([few, all], [failed, whole], `${words}, ${windowMs}`);
      return failed / whole;
    };
    near(finding.budgetLeft, 1 - ratio(finding.period) / 0.001, words);
    for (const { short, long, shortBurn, longBurn, burning, pair, lowTraffic } of finding.pairs) {
      near(shortBurn, ratio(short) / 0.001, words);
      near(longBurn, ratio(long) / 0.001, words);
      const past = ratio(short) > pair.factor * 0.001 && ratio(long) > pair.factor * 0.001;
      assert.equal(burning || lowTraffic, past, words);
    }
  });
  assert.ok(check.findings.some(({ outcome }) => outcome === 'burning'));
});
