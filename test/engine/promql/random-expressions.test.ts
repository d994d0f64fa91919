// Any query that the type check accepts is answered or refused properly, its canonical text means
// the same, and a range query is the instants it consists of.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { format } from '../../../src/engine/promql/format.ts';
import { parse } from '../../../src/engine/promql/parse.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { pointsOf } from './points.ts';
import { RandomExpressions } from './random-expressions.ts';
import type { Points } from './points.ts';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';

function randomStorage(seed: number): MemorySource {
  const random = seededRandom(seed);
  const series = new MemorySeries();
  for (const name of ['m', 'n']) {
    for (const job of ['a', 'b']) {
      for (const host of ['1', '2', '3']) {
        let v = 0;
        const samples = Array.from({ length: 60 }, (_, i) => {
          v = random() < 0.1 ? 0 : v + Math.floor(random() * 5);
          const odd = random() < 0.03 ? NaN : v;
          return { t: i * 10_000 + Math.floor(random() * 3000), v: odd, stale: random() < 0.05 };
        });
        if (random() < 0.9) series.add({ __name__: name, job, host }, samples);
      }
    }
  }
  return new MemorySource(series);
}

async function points(query: string, asked: Promise<QueryAnswer>): Promise<Points | string> {
  try {
    return pointsOf(await asked);
  } catch (error) {
    assert.ok(error instanceof MonError, `${query}: ${String((error as Error).stack)}`);
    return error.message;
  }
}

function same(a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  return a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

for (const delayedNames of [false, true]) {
  test(`random expressions, names dropped ${delayedNames ? 'late' : 'at once'}`, async (t) => {
    const seed = 1234;
    t.diagnostic(`seed ${seed}`);
    const sources = [randomStorage(seed)];
    const service = new QueryService({ sources, clock: systemClock, delayedNames });
    const expressions = new RandomExpressions(seededRandom(seed));
    let answered = 0;
    for (let round = 0; round < 400; round++) {
      const query = expressions.vector(3);
      const range = await points(query, service.range(query, 300_000, 360_000, 20_000));
      const text = format(parse(query));
      const again = await points(text, service.range(text, 300_000, 360_000, 20_000));
      assert.deepEqual(again, range, `${query} and ${text}`);
      if (typeof range === 'string') continue;
      answered++;
      for (let time = 300_000; time <= 360_000; time += 20_000) {
        const now = await points(query, service.instant(query, time));
        assert.ok(typeof now !== 'string', `${query} at ${time}: ${String(now)}`);
        for (const key of new Set([...now.keys(), ...range.keys()])) {
          const [one, other] = [now.get(key)?.get(time), range.get(key)?.get(time)];
          assert.ok(same(one, other), `${query} at ${time} ${key}: ${one} and ${other}`);
        }
      }
    }
    assert.ok(answered > 200, `${answered} answered`);
  });
}
