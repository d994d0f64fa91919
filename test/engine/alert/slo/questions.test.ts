// Queries that are asked together answer what each answers alone, whatever their labels are called,
// and a shape answers what a query of its own does. Easy to get wrong: values that mean something
// in a regular expression, and labels that only one side of a difference fixes.
import { strict as assert } from 'node:assert';
import { it } from 'node:test';
import { askAll } from '../../../../src/engine/alert/slo/ask-counts.ts';
import { questionsOf } from '../../../../src/engine/alert/slo/questions.ts';
import type { Term } from '../../../../src/engine/alert/slo/questions.ts';
import { countQuery, queryFor } from '../../../../src/engine/alert/slo/query-template.ts';
import { quote } from '../../../../src/engine/promql/literals.ts';
import { MonError } from '../../../../src/engine/errors.ts';
import type { Ask } from '../../../../src/engine/ports.ts';
import { QueryService } from '../../../../src/engine/query/query-service.ts';
import { systemClock } from '../../../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../../../src/engine/runtime/random.ts';
import { MemorySeries, MemorySource } from '../../../support/memory-series.ts';

const MINUTE = 60_000;
const STYLE = { mode: 'anchored', counters: false } as const;
const JOBS = ['a', 'b', 'a.b', 'a|b', 'x"y', 'b\\', '.*', '^a$', 'ü', '(c)', 'd e', '{{'];
const ROUTES = ['/', '/v1/{id}', '/a|/b'];

/** Texts of queries in which the job and sometimes the route are fixed. */
function templates(job: string, route: string): string[] {
  const [j, r] = [quote(job), quote(route)];
  return [
    `sum(rate(m{job=${j},code=~"5.."}[{{.window}}]))`,
    `sum(rate(m{job=${j}}[{{.window}}]))`,
    `sum(increase(m{job=${j},route=${r}}[{{ .window }}]))`,
    `sum(rate(m{job=${j},route=${r},a!="2"}[{{.window}}])) - sum(rate(m{job=${j}}[{{.window}}]))`,
    `sum(rate(m{job=${j},route=${r}}[{{.window}}])) - sum(rate(m{route=${r}}[{{.window}}]))`,
    `sum(rate(m{route=${r}}[{{.window}}])) or vector(0)`,
    `max(increase(m{job=${j}}[{{.window}}]) * 2)`,
    `sum by (code) (rate(m{job=${j}}[{{.window}}]))`,
  ].map((text) => text.replace('{{"', '{"'));
}

function world(seed: number): { ask: Ask } {
  const random = seededRandom(seed);
  const series = new MemorySeries();
  for (const job of JOBS) {
    for (const route of ROUTES) {
      for (const code of ['200', '404', '503']) {
        if (random() < 0.4) continue;
        let v = 0;
        const samples = Array.from({ length: 30 }, (_, i) => {
          v = random() < 0.05 ? 0 : v + Math.floor(random() * 9);
          return { t: i * MINUTE, v };
        });
        series.add({ __name__: 'm', job, route, code }, samples);
      }
    }
  }
  const service = new QueryService({ sources: [new MemorySource(series)], clock: systemClock });
  return { ask: service };
}

function termsOf(): Term[] {
  const texts = JOBS.filter((job) => job !== '{{').flatMap((job) =>
    ROUTES.flatMap((route) => templates(job, route)),
  );
  return texts.flatMap((text) => {
    const query = countQuery(text, STYLE);
    return [5, 20].map((minutes) => {
      const windowMs = minutes * MINUTE;
      const at = { timeMs: 29 * MINUTE, windowMs };
      return { query: queryFor(query, windowMs), ...at, lifted: query.lifted };
    });
  });
}

it('what is asked together is what each answers alone', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const { ask } = world(seed);
    const terms = termsOf();
    assert.ok(questionsOf(terms).length * 3 < terms.length);
    const together = await askAll(terms, { ask });
    const alone = await askAll(
      terms.map(({ query, timeMs }) => ({ query, timeMs })),
      { ask },
    );
    terms.forEach(({ query }, i) => {
      const [a, b] = [together[i], alone[i]];
      const close = typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) < 1e-9;
      assert.ok(close || a === b, `seed ${seed}: ${query}: ${a}, not ${b}`);
    });
  }
});

it('what is refused together is asked in halves, down to the one', async () => {
  const { ask } = world(3);
  const terms = termsOf();
  const picky: Ask = {
    range: ask.range.bind(ask),
    instant: (query, ...rest) => {
      const bad = query.includes('ü') || query.length > 3000;
      if (bad) throw new MonError('MON_QUERY_FAILED', 'not this one');
      return ask.instant(query, ...rest);
    },
  };
  const told = await askAll(terms, { ask: picky });
  const alone = await askAll(terms, { ask });
  terms.forEach(({ query }, i) => {
    if (query.includes('ü')) assert.ok(told[i] instanceof Error, query);
    else assert.deepEqual(told[i], alone[i], query);
  });
});

it('a shape makes the query that the template alone makes', () => {
  const more = [
    'sum(rate({__name__="n",job="a"}[{{.window}}]))',
    'sum(rate(m{job="a",b="a",c="x"}[{{.window}}]))',
    'sum(rate(m{job=~"a",b!="a"}[{{.window}}])) == 1',
    `sum(rate(m{"utf.8"="x",job='a'}[{{.window}}]))`,
    'sum(rate(m{job=""}[{{.window}}]))',
    'sum(rate({job="a"}[{{.window}}]))',
    'label_replace(sum(rate(m{job="a"}[{{.window}}])), "x", "$1", "job", "(.*)")',
  ];
  const all = JOBS.flatMap((job) => ROUTES.flatMap((route) => templates(job, route)));
  for (const text of [...all.filter((one) => !one.includes('"{{"')), ...more]) {
    const own = countQuery(`${text} # its own shape`, STYLE);
    const { pieces, counts, lifted } = countQuery(text, STYLE);
    assert.deepEqual(pieces, own.pieces, text);
    assert.equal(counts, own.counts, text);
    assert.deepEqual(lifted, own.lifted, text);
  }
});

it('two open labels reach few pairs that nobody asked for', () => {
  const own = (job: number, route: number): Term => {
    const text = `sum(rate(m{job="j${job}",route="r${route}"}[{{.window}}]))`;
    const query = countQuery(text, STYLE);
    const windowMs = 5 * MINUTE;
    return { query: queryFor(query, windowMs), timeMs: 0, windowMs, lifted: query.lifted };
  };
  const lone = Array.from({ length: 100 }, (_, i) => own(i, i));
  const square = Array.from({ length: 400 }, (_, i) => own(i % 20, Math.floor(i / 20)));
  const some = Array.from({ length: 90 }, (_, i) => own(Math.floor(i / 3), i));
  for (const [terms, most] of [[lone, 13] as const, [square, 2] as const, [some, 4] as const]) {
    const questions = questionsOf(terms);
    assert.ok(questions.length <= most, `${questions.length} questions`);
    assert.equal(questions.flatMap((one) => one.terms).length, terms.length);
    for (const { terms: places, joined } of questions) {
      const [jobs, routes] = joined?.values.map((list) => new Set(list).size) ?? [1, 1];
      assert.ok(jobs * (routes ?? 1) <= 8 * places.length, `${jobs} by ${routes}`);
    }
  }
});
