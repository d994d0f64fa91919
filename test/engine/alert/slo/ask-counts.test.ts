// Many numbers in few queries: order, doubles, the one bad term, and servers that fail as a whole.
// Easy to get wrong: a server that is down must not be asked 16,000 times.
import { strict as assert } from 'node:assert';
import { it } from 'node:test';
import { askAll } from '../../../../src/engine/alert/slo/ask-counts.ts';
import { MonError } from '../../../../src/engine/errors.ts';
import type { FailureCode } from '../../../../src/engine/errors.ts';
import type { Ask } from '../../../../src/engine/ports.ts';
import { QueryService } from '../../../../src/engine/query/query-service.ts';
import { systemClock } from '../../../../src/engine/runtime/clock.ts';
import { MemorySeries, MemorySource } from '../../../support/memory-series.ts';

/** Answers as a server of one series, m with the value 7, and counts what it is asked. */
function server(): { ask: Ask; asked: () => number } {
  const series = new MemorySeries();
  series.add({ __name__: 'm' }, [{ t: 1000, v: 7 }]);
  const service = new QueryService({ sources: [new MemorySource(series)], clock: systemClock });
  let asked = 0;
  const instant: Ask['instant'] = async (...all) => {
    asked++;
    return await service.instant(...all);
  };
  return { ask: { instant, range: service.range.bind(service) }, asked: () => asked };
}

it('answers come in the order of the terms, and doubles are asked once', async () => {
  const { ask, asked } = server();
  const queries = ['sum(m) * 2', 'sum(none)', 'sum(m)', 'sum(m) * 2'];
  const terms = queries.map((query) => ({ query, timeMs: 1000 }));
  assert.deepEqual(await askAll(terms, { ask }), [14, undefined, 7, 14]);
  assert.equal(asked(), 1);
  const later = { query: 'sum(m)', timeMs: 900_000 };
  assert.deepEqual(await askAll([...terms, later], { ask }), [14, undefined, 7, 14, undefined]);
});

it('one bad term fails alone', async () => {
  const { ask, asked } = server();
  const terms = Array.from({ length: 500 }, (_, i) => {
    return { query: i === 321 ? 'nosuch(m)' : `sum(m) + ${i}`, timeMs: 1000 };
  });
  const told = await askAll(terms, { ask });
  told.forEach((one, i) => {
    if (i === 321) assert.match(String(one), /unknown function/);
    else assert.equal(one, 7 + i);
  });
  assert.ok(asked() < 30, String(asked()));
});

it('an answer that lacks something fails for those who need that', async () => {
  const { ask, asked } = server();
  const instant: Ask['instant'] = async (query, ...rest) => {
    const answer = await ask.instant(query, ...rest);
    if (!query.includes('+ 321)')) return answer;
    return { ...answer, whole: false, warnings: ['object a is missing', 'object b is'] };
  };
  const terms = Array.from({ length: 500 }, (_, i) => ({ query: `sum(m + ${i})`, timeMs: 1000 }));
  const told = await askAll(terms, { ask: { ...ask, instant } });
  told.forEach((one, i) => {
    if (i !== 321) assert.equal(one, 7 + i);
    else assert.match(String(one), /partial answer: object a is missing; and 1 more$/);
  });
  assert.ok(asked() < 30, String(asked()));
  const lost = await askAll(terms, { ask: { ...ask, instant: partialAlways(ask) } });
  assert.ok(lost.every((one) => one instanceof Error));
  assert.ok(asked() < 600, String(asked()));
});

function partialAlways(ask: Ask): Ask['instant'] {
  return async (...all) => ({ ...(await ask.instant(...all)), whole: false });
}

async function failing(code: FailureCode): Promise<{ told: unknown[]; asked: number }> {
  let asked = 0;
  const fail = async (): Promise<never> => {
    asked++;
    throw new MonError(code, 'no');
  };
  const terms = Array.from({ length: 1000 }, (_, i) => ({ query: `sum(m) + ${i}`, timeMs: 0 }));
  const told = await askAll(terms, { ask: { instant: fail, range: fail } });
  return { told, asked };
}

it('a server that fails is not asked for each term again', async () => {
  for (const [code, most] of [
    ['MON_SERVER_FAILED', 5],
    ['MON_TIMEOUT', 30],
    ['MON_QUERY_LIMIT', 3000],
  ] as const) {
    const { told, asked } = await failing(code);
    assert.ok(told.every((one) => one instanceof Error));
    assert.ok(asked <= most, `${code}: ${asked}`);
  }
  await assert.rejects(failing('MON_AUTH_REQUIRED'), /no/);
});
