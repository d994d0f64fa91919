// The query service: limits of a user, time limit, abort, partial answers, limits of size, and the
// answers' types.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import { QUERY_HEIGHT_MAX } from '../../../src/engine/limits.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { VirtualClock, settle } from '../../support/virtual-clock.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { Source } from '../../../src/engine/ports.ts';

function someSeries(count = 3): MemorySeries {
  const series = new MemorySeries();
  for (let i = 0; i < count; i++) {
    const samples = Array.from({ length: 10 }, (_, s) => ({ t: s * 10_000, v: i + s }));
    series.add({ __name__: 'm', i: String(i) }, samples);
  }
  return series;
}

/** A source that answers only when it is told to. */
class SlowSource extends MemorySource {
  readonly #waiting: (() => void)[] = [];
  asked = 0;

  override async fragment(fragment: Fragment): Promise<FragmentResult> {
    this.asked++;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return super.fragment(fragment);
  }

  answer(): void {
    this.#waiting.shift()?.();
  }
}

function failing(error: Error): Source {
  const source = new MemorySource(someSeries());
  source.fragment = async () => {
    throw error;
  };
  return source;
}

function isMon(code: string): (error: unknown) => boolean {
  return (error) => error instanceof MonError && error.code === code;
}

test('each type of answer', async () => {
  const service = new QueryService({
    sources: [new MemorySource(someSeries())],
    clock: systemClock,
  });
  const types = [
    ['1 + 1', 'scalar'],
    ['"text"', 'string'],
    ['m', 'vector'],
    ['m[1m]', 'samples'],
    ['m[1m:10s]', 'samples'],
  ];
  for (const [query, type] of types) {
    const { result, whole } = await service.instant(query, 60_000);
    assert.equal(result.type, type, query);
    assert.equal(whole, true);
  }
  const range = await service.range('m * 2', 0, 60_000, 30_000);
  assert.ok(range.result.type === 'matrix');
  assert.deepEqual([...range.result.matrix.values], [0, 6, 12, 2, 8, 14, 4, 10, 16]);
  assert.equal(range.seriesRead, 3);
  assert.equal(range.samplesRead, 21);
  const scalar = await service.range('1', 0, 60_000, 30_000);
  assert.ok(scalar.result.type === 'matrix');
  assert.deepEqual(scalar.result.matrix.labels, [[]]);
});

test('a bad query is refused before any source is asked', async () => {
  const source = new SlowSource(someSeries());
  const service = new QueryService({ sources: [source], clock: systemClock });
  const range = (start: number, end: number, step: number): Promise<unknown> =>
    service.range('m', start, end, step);
  await assert.rejects(service.instant('nosuch(m)', 0), UserError);
  await assert.rejects(service.instant('m', NaN), UserError);
  await assert.rejects(service.range('m[5m]', 0, 1, 1), /range vector/);
  await assert.rejects(range(0, 11_001_000, 1000), /exceeded maximum resolution of 11,000 points/);
  await assert.rejects(range(0, 10, 0), /zero or negative query resolution/);
  await assert.rejects(range(10, 0, 1), /end timestamp must not be before start/);
  assert.equal(source.asked, 0);
});

test('limits of samples and series', async () => {
  const sources = [new MemorySource(someSeries(5))];
  const few = new QueryService({ sources, clock: systemClock, samplesMax: 20 });
  await assert.rejects(few.instant('sum_over_time(m[1m40s])', 90_000), isMon('MON_QUERY_LIMIT'));
  await assert.rejects(few.instant('m[1m40s]', 90_000), isMon('MON_QUERY_LIMIT'));
  await assert.rejects(few.range('vector(1) or m', 0, 50_000, 5000), isMon('MON_QUERY_LIMIT'));
  await assert.rejects(few.instant('sum_over_time(vector(1)[1h:1s])', 0), isMon('MON_QUERY_LIMIT'));
  const narrow = new QueryService({ sources, clock: systemClock, seriesMax: 4 });
  await assert.rejects(narrow.instant('m', 0), isMon('MON_QUERY_LIMIT'));
  const both = [...sources, new MemorySource(someSeries(4))];
  const joined = new QueryService({ sources: both, clock: systemClock, seriesMax: 8 });
  await assert.rejects(joined.instant('m', 0), isMon('MON_QUERY_LIMIT'));
});

test('so many queries a user at a time, the rest in order, past a bound refused', async () => {
  const source = new SlowSource(someSeries());
  const limits = { concurrentPerUser: 2, waitingPerUser: 1 };
  const service = new QueryService({ sources: [source], clock: new VirtualClock(), ...limits });
  const ask = (user: string): Promise<unknown> => service.instant('m', 0, { user });
  const done = [ask('a'), ask('a'), ask('a')];
  await settle();
  assert.equal(source.asked, 2);
  await assert.rejects(ask('a'), isMon('MON_QUERY_BUSY'));
  const other = ask('b');
  await settle();
  assert.equal(source.asked, 3);
  source.answer();
  await done[0];
  await settle();
  assert.equal(source.asked, 4);
  source.answer();
  source.answer();
  source.answer();
  await Promise.all([...done, other]);
});

test('a waiting query that is aborted leaves the queue', async () => {
  const source = new SlowSource(someSeries());
  const limits = { concurrentPerUser: 1, waitingPerUser: 1 };
  const service = new QueryService({ sources: [source], clock: new VirtualClock(), ...limits });
  const first = service.instant('m', 0);
  const abort = new AbortController();
  const second = service.instant('m', 0, { signal: abort.signal });
  await settle();
  abort.abort();
  await assert.rejects(second, isMon('MON_ABORTED'));
  const third = service.instant('m', 0);
  await settle();
  source.answer();
  await first;
  await settle();
  assert.equal(source.asked, 2);
  source.answer();
  await third;
});

test('the time limit ends a query, also one whose source never answers', async () => {
  const clock = new VirtualClock();
  const source = new SlowSource(someSeries());
  const service = new QueryService({ sources: [source], clock, timeoutMs: 1000 });
  const asked = service.instant('m', 0);
  const shorter = service.instant('m', 0, { timeoutMs: 100 });
  const refused = assert.rejects(shorter, isMon('MON_TIMEOUT'));
  await settle();
  await clock.advance(150);
  await refused;
  const late = assert.rejects(asked, isMon('MON_TIMEOUT'));
  await clock.advance(900);
  await late;
  const before = new AbortController();
  before.abort();
  const never = service.instant('m', 0, { signal: before.signal });
  await assert.rejects(never, isMon('MON_ABORTED'));
});

test('a missing source leaves a partial answer; other failures are failures', async () => {
  const good = new MemorySource(someSeries());
  const gone = failing(new MonError('MON_SERVER_UNREACHABLE', 'nobody there'));
  const service = new QueryService({ sources: [good, gone], clock: systemClock });
  const answer = await service.instant('sum(m)', 0);
  assert.equal(answer.whole, false);
  assert.deepEqual(answer.warnings, ['source 2 of 2 is missing: nobody there']);
  const alone = new QueryService({ sources: [gone], clock: systemClock });
  await assert.rejects(alone.instant('m', 0), isMon('MON_SERVER_UNREACHABLE'));
  const broken = failing(new MonError('MON_DISK_FAILED', 'bad disk'));
  const both = new QueryService({ sources: [good, broken], clock: systemClock });
  await assert.rejects(both.instant('m', 0), isMon('MON_DISK_FAILED'));
});

test('the highest tree there may be is planned, priced, explained and computed', async () => {
  const source = new MemorySource(someSeries(1));
  const service = new QueryService({ sources: [source], clock: systemClock });
  const signs = ['+', '-', '*', '> bool', 'or', '/'];
  const operand = (i: number): string => (i % 3 === 1 ? '1' : 'm');
  for (const op of signs) {
    const length = QUERY_HEIGHT_MAX;
    const term = (i: number): string => (op === 'or' ? 'm' : operand(i));
    const query = Array.from({ length }, (_, i) => term(i)).join(op.length === 1 ? op : ` ${op} `);
    const { result } = await service.instant(query, 60_000);
    assert.ok(result.type === 'vector' && result.matrix.labels.length === 1, op);
    const range = await service.range(query, 0, 60_000, 30_000);
    assert.ok(range.result.type === 'matrix', op);
    const told = await service.explain(query, { timeMs: 60_000 }, { analyze: true });
    assert.equal(told.query, query);
  }
});

test('other work waits for its turn among the queries, and ends with its asker', async () => {
  const source = new SlowSource(someSeries());
  const service = new QueryService({ sources: [source], clock: systemClock, concurrentPerUser: 1 });
  const query = service.instant('m', 60_000, { user: 'u' });
  let begun = 0;
  const work = (): Promise<string> => {
    begun++;
    return begun === 1 ? Promise.resolve('done') : new Promise(() => undefined);
  };
  const list = service.turn({ user: 'u' }, work);
  await settle();
  assert.equal(begun, 0);
  source.answer();
  await query;
  assert.equal(await list, 'done');
  const gone = new AbortController();
  const never = service.turn({ user: 'u', signal: gone.signal }, work);
  await settle();
  gone.abort();
  await assert.rejects(never, isMon('MON_ABORTED'));
  assert.equal(await service.turn({ user: 'u' }, async () => 'free'), 'free');
});
