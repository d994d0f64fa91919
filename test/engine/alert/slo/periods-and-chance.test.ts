// Periods of the calendar across changes of the clocks, the guard against chance, and queries that
// become counts.
import { strict as assert } from 'node:assert';
import { it } from 'node:test';
import { periodAt } from '../../../../src/engine/alert/slo/calendar.ts';
import { binomialTail, isLowTraffic } from '../../../../src/engine/alert/slo/chance.ts';
import {
  countQuery,
  queryFor,
  ratioParts,
  rendered,
} from '../../../../src/engine/alert/slo/query-template.ts';
import type { SloPeriod } from '../../../../src/engine/model/slo.ts';

type Calendar = Extract<SloPeriod, { kind: 'calendar' }>;

function span(unit: Calendar['unit'], count: number, start: number[], now: string): string {
  const period = { kind: 'calendar', unit, count, start, zone: 'Europe/Berlin' } as const;
  const { startMs, endMs } = periodAt(period, Date.parse(now));
  const text = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
  return `${text(startMs)} ${text(endMs)}`;
}

it('days, months and years begin by the clocks of their zone', () => {
  const first = [2026, 1, 1, 0, 0, 0];
  const march = '2026-03-29T12:00:00Z';
  assert.equal(span('day', 1, first, march), '2026-03-28T23:00 2026-03-29T22:00');
  assert.equal(span('month', 1, first, march), '2026-02-28T23:00 2026-03-31T22:00');
  assert.equal(span('month', 3, first, march), '2025-12-31T23:00 2026-03-31T22:00');
  assert.equal(span('year', 1, first, march), '2025-12-31T23:00 2026-12-31T23:00');
  assert.equal(span('week', 1, [2026, 1, 5], march), '2026-03-22T23:00 2026-03-29T22:00');
  // A month without a 31st ends on its last day; time before the first start has periods too.
  const late = [2026, 1, 31, 12, 0, 0];
  assert.equal(span('month', 1, late, '2026-03-10T00:00:00Z'), '2026-02-28T11:00 2026-03-31T10:00');
  assert.equal(
    span('month', 1, first, '2025-11-30T22:59:59Z'),
    '2025-10-31T23:00 2025-11-30T23:00',
  );
});

it('the tail of the binomial distribution', () => {
  const near = (got: number, wanted: number): void => assert.ok(Math.abs(got - wanted) < 1e-9);
  near(binomialTail(1, 10, 0.1), 1 - 0.9 ** 10);
  near(binomialTail(2, 3, 0.5), 0.5);
  near(binomialTail(3, 3, 0.5), 0.125);
  assert.deepEqual([binomialTail(0, 5, 0.1), binomialTail(6, 5, 0.1)], [1, 0]);
});

it('chance is an excuse only where one failure alone would alarm', () => {
  assert.equal(isLowTraffic(1, 69, 0.0144), true);
  assert.equal(isLowTraffic(1, 1, 0.0144), true);
  assert.equal(isLowTraffic(2, 69, 0.0144), true);
  assert.equal(isLowTraffic(2, 10, 0.0144), false);
  assert.equal(isLowTraffic(20, 1000, 0.0144), false);
  assert.equal(isLowTraffic(1, 1000, 0.0144), false);
  assert.equal(isLowTraffic(NaN, NaN, 0.01), false);
});

it('rates become counts, and what is no count is told', () => {
  const style = { mode: 'anchored', counters: false } as const;
  const told = (text: string): [string, boolean] => {
    const query = countQuery(text, style);
    return [queryFor(query, 3_600_000), query.counts];
  };
  const w = '[{{.window}}]';
  assert.deepEqual(told(`sum(rate(x${w}))`), ['sum(increase(x[1h] anchored))', true]);
  assert.deepEqual(told(`sum by (a) (irate(x${w} offset 5m))`), [
    'sum(sum by (a) (increase(x[1h] anchored offset 5m)))',
    true,
  ]);
  assert.deepEqual(told(`sum_over_time((count(x < 1))[{{ .window }}:]) or on() vector(0)`), [
    'sum(sum_over_time((count(x < 1))[1h:]) or on () vector(0))',
    true,
  ]);
  assert.equal(told(`avg_over_time(x${w})`)[1], false);
  assert.equal(told(`sum(rate(x${w})) * 60`)[1], false);
  assert.equal(rendered('rate(x[{{- .window -}}])', 60_000), 'rate(x[1m])');
  assert.deepEqual(ratioParts(`1 - (sum(rate(a${w})) / sum(rate(b${w})))`), {
    part: 'good',
    over: `sum(rate(a${w}))`,
    total: `sum(rate(b${w}))`,
  });
  assert.equal(ratioParts(`sum(rate(a${w}))`), undefined);
});
