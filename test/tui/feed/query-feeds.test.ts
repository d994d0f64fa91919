// The prompt's feeds: names that are kept for five minutes and asked for once, and a session in
// which only the newest question counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import type { Explanation } from '../../../src/engine/model/explanation.ts';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';
import { NameCache } from '../../../src/tui/feed/name-cache.ts';
import { QuerySession } from '../../../src/tui/feed/query-session.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

test('names are asked for once, believed for five minutes, after a failure for less', async () => {
  const clock = new VirtualClock(NOON);
  let [asked, away] = [0, false];
  const cache = new NameCache(
    {
      metrics: async () => {
        asked++;
        if (away) throw new MonError('MON_SERVER_UNREACHABLE', 'away');
        return ['up'];
      },
      labels: async () => ['job'],
      values: async () => ['node'],
      about: async () => new Map([['up', 'gauge: is it there']]),
    },
    clock,
  );
  let told = 0;
  cache.subscribe(() => told++);
  assert.deepEqual(cache.metrics(), []);
  assert.deepEqual(cache.metrics(), []);
  await turn();
  assert.deepEqual([cache.metrics(), asked, told], [['up'], 1, 1]);
  assert.equal(cache.aboutMetric('up'), 'gauge: is it there');
  await clock.advance(4 * 60_000);
  cache.metrics();
  assert.equal(asked, 1);
  away = true;
  await clock.advance(2 * 60_000);
  assert.deepEqual(cache.metrics(), ['up'], 'what was known stays');
  await turn();
  cache.metrics();
  assert.equal(asked, 2);
  await clock.advance(6_000);
  cache.metrics();
  assert.equal(asked, 3);
});

function answerOf(value: number): QueryAnswer {
  return {
    result: { type: 'scalar', timeMs: NOON, value },
    warnings: [],
    infos: [],
    whole: true,
    seriesRead: 0,
    samplesRead: 0,
  };
}

function sessionOf(explain: () => Promise<Explanation>) {
  const waiting = new Map<string, (answer: QueryAnswer) => void>();
  const ask = (query: string): Promise<QueryAnswer> => {
    if (query === 'bad') return Promise.reject(new UserError('no', { source: 'bad', start: 1 }));
    if (query === 'sun(up)') return Promise.reject(new UserError('no'));
    return new Promise((resolve) => waiting.set(query, resolve));
  };
  const session = new QuerySession({ instant: ask, range: ask, explain }, new VirtualClock(NOON));
  return { session, waiting };
}

const NEVER = async (): Promise<Explanation> => {
  throw new MonError('MON_SERVER_FAILED', 'http://x explains no queries');
};

test('only the newest question is answered', async () => {
  const { session, waiting } = sessionOf(NEVER);
  session.run('one', { timeMs: NOON });
  session.run('two', { timeMs: NOON });
  waiting.get('two')?.(answerOf(2));
  await turn();
  waiting.get('one')?.(answerOf(1));
  await turn();
  const { outcome, running } = session.state();
  assert.ok(outcome.kind === 'answer' && outcome.query === 'two');
  assert.equal(running, undefined);
});

test('a question that is given up leaves the answer before it', async () => {
  const { session, waiting } = sessionOf(NEVER);
  assert.equal(session.cancel(), false);
  session.run('one', { timeMs: NOON });
  waiting.get('one')?.(answerOf(1));
  await turn();
  session.run('two', { timeMs: NOON });
  assert.equal(session.state().running, 'two');
  assert.equal(session.cancel(), true);
  waiting.get('two')?.(answerOf(2));
  await turn();
  const { outcome } = session.state();
  assert.ok(outcome.kind === 'answer' && outcome.query === 'one');
});

test('failures have their place; without a plan there is the tree', async () => {
  const { session } = sessionOf(NEVER);
  session.run('bad', { timeMs: NOON });
  await turn();
  const failed = session.state().outcome;
  assert.ok(failed.kind === 'failure');
  assert.deepEqual(failed.failure, { message: 'no', start: 1, end: 1 });
  session.run('sun(up)', { timeMs: NOON });
  await turn();
  const hinted = session.state().outcome;
  assert.ok(hinted.kind === 'failure');
  assert.equal(hinted.failure.hint, 'did you mean "sum"?');
  session.explain('sum(up)', { timeMs: NOON }, false);
  await turn();
  assert.equal(session.state().outcome.kind, 'tree');
  session.explain('sum(', { timeMs: NOON }, false);
  await turn();
  assert.equal(session.state().outcome.kind, 'failure');
});
