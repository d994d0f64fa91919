// Generated queries for a shard that has lived long, and the comparison of its answers with those
// over every sample. Easy to get wrong: sums are equal to rounding where windows are added up in
// another order; extremes and counts are equal to the last bit.
import { strict as assert } from 'node:assert';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { DAY, HOUR, START, WINDOWS, type LongLife } from './long-life.ts';

export interface LifeQuery {
  readonly query: string;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

const PLAIN = ['min', 'max', 'count', 'sum', 'avg', 'last'];
const EXACT = /^(?:min|max|count)_over_time\(/;
const METRICS = ['requests_total', 'temperature', 'queue_length', 'worked_seconds_total'];

/** Queries over ranges that begin anywhere since `from`; half of them aligned with windows. */
export function lifeQueries(
  seed: number,
  count: number,
  life: LongLife,
  from: number,
): LifeQuery[] {
  const random = seededRandom(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)];
  const { nowMs } = life;
  return Array.from({ length: count }, (_, i): LifeQuery => {
    const metric = pick(METRICS);
    const narrow = below(3) > 0 ? `{path=~"/p/(${below(4)}|${4 + below(4)})"}` : '{path="/p/2"}';
    const selector = below(2) === 0 ? `${metric}{instance="host-${below(7)}"}` : narrow;
    const aligned = i % 2 === 0;
    const unit = aligned ? pick(WINDOWS.slice(1)) : 60_000;
    const window = aligned ? unit * (1 + below(3)) : 60_000 * (5 + below(300));
    const seconds = window / 1000;
    const fn = pick([...PLAIN.map((one) => `${one}_over_time`), 'increase', 'rate', 'delta']);
    const call = `${fn}(${selector}[${seconds}s])`;
    const query = pick([call, `sum by (instance) (${call})`, `max(${call})`, selector]);
    const span = pick([HOUR * 6, DAY * 2, DAY * 7, nowMs - from]);
    const steps = 2 + below(30);
    const raw = Math.max(unit, Math.floor(span / steps / unit) * unit);
    const step = aligned ? raw : raw + 1000 * below(50);
    const first = from + below(Math.max(1, nowMs - from - span));
    const start = aligned ? Math.ceil(first / unit) * unit : first;
    return { query, start, end: Math.min(nowMs, start + step * steps), step };
  });
}

function cellsOf({ result }: QueryAnswer): Map<string, number> {
  const out = new Map<string, number>();
  assert.ok('matrix' in result);
  const { labels, steps, values, present } = result.matrix;
  labels.forEach((one, s) => {
    for (let i = 0; i < steps; i++) {
      const at = s * steps + i;
      if (present[at] === 1) out.set(`${one.join()} ${i}`, values[at]);
    }
  });
  return out;
}

/** Asks both and compares; answers how many cells there were. */
export async function sameAnswers(life: LongLife, all: readonly LifeQuery[]): Promise<number> {
  const { tiers, rule } = life.services();
  let cells = 0;
  for (const { query, start, end, step } of all) {
    const where = `${query} from day ${((start - START) / DAY).toFixed(2)} step ${step}`;
    const got = await tiers.range(query, start, end, step);
    assert.deepEqual(got.warnings, [], where);
    assert.deepEqual(
      got.infos.filter((text) => text.includes('estimates')),
      [],
      where,
    );
    const wanted = cellsOf(await rule.range(query, start, end, step));
    const found = cellsOf(got);
    assert.deepEqual([...found.keys()].sort(), [...wanted.keys()].sort(), where);
    for (const [key, value] of wanted) {
      const other = found.get(key) as number;
      if (Object.is(other, value)) continue;
      const size = Math.max(Math.abs(value), Math.abs(other), 1e-9);
      const near = !EXACT.test(query) && Math.abs(value - other) / size < 1e-9;
      assert.ok(near, `${where} ${key}: ${other}, not ${value}`);
    }
    cells += wanted.size;
  }
  return cells;
}
