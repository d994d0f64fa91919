// A fragment in slices answers what it answers in one piece; it gives others a turn, hears an
// abort, begins anew when series went, and large ones queue.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { runFragment } from '../../../src/engine/promql/leaf.ts';
import { mergeFragments } from '../../../src/engine/promql/merge.ts';
import { runSliced } from '../../../src/engine/store/sliced-run.ts';
import { Turns } from '../../../src/engine/store/turns.ts';
import { MemorySeries } from '../../support/memory-series.ts';
import { VirtualClock, settle } from '../../support/virtual-clock.ts';
import type { Clock } from '../../../src/engine/runtime/clock.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';

/** A clock that a look moves on: every slice seems to take 12 ms. */
class BusyClock implements Clock {
  #at = 0;
  pauses = 0;
  onPause: () => void = () => undefined;

  now(): number {
    return this.#at;
  }

  monotonic(): number {
    return (this.#at += 12);
  }

  after(): { cancel(): void } {
    return { cancel: () => undefined };
  }

  async sleep(): Promise<void> {
    this.pauses++;
    this.onPause();
  }
}

function readers(): MemorySeries[] {
  return [0, 1].map((shard) => {
    const series = new MemorySeries();
    for (let i = 0; i < 700; i++) {
      const samples = [0, 1, 2, 3].map((s) => ({ t: s * 10_000, v: i * s + shard }));
      series.add({ __name__: 'm', i: String(i), shard: String(shard) }, samples);
    }
    return series;
  });
}

const FRAGMENT: Fragment = {
  matchers: [{ name: '__name__', op: '=', value: 'm' }],
  grid: { start: 10_000, end: 30_000, step: 10_000 },
  windowMs: 20_000,
  fn: 'rate',
  args: [],
  keepName: false,
  maxSeries: 10_000,
  maxSamples: 1e6,
};

function sorted(fragment: Fragment, results: FragmentResult[]): unknown {
  const { matrix, seriesRead, samplesRead } = mergeFragments(fragment, results);
  return { labels: matrix?.labels, values: [...(matrix?.values ?? [])], seriesRead, samplesRead };
}

test('slices make the same answer, with pauses in between', async () => {
  const all = readers();
  const aggregate = { op: 'sum', by: true, names: ['shard'] } as const;
  for (const fragment of [FRAGMENT, { ...FRAGMENT, aggregate }]) {
    const clock = new BusyClock();
    const sliced = await runSliced({ fragment, readers: all, clock, generation: () => 1 });
    const whole = all.map((reader) => runFragment(fragment, reader));
    assert.deepEqual(sorted(fragment, [sliced]), sorted(fragment, whole));
    assert.ok(clock.pauses > 3, `${clock.pauses} pauses`);
    const calm = await runSliced({ fragment, readers: all, generation: () => 1 });
    assert.deepEqual(sorted(fragment, [calm]), sorted(fragment, whole));
  }
});

test('an abort ends it at the next pause', async () => {
  const clock = new BusyClock();
  const gone = new AbortController();
  clock.onPause = () => gone.abort();
  const { signal } = gone;
  const run = runSliced({ fragment: FRAGMENT, readers: readers(), clock, signal, generation });
  const isAborted = (thrown: unknown): boolean =>
    thrown instanceof MonError && thrown.code === 'MON_ABORTED';
  await assert.rejects(run, isAborted);
  assert.equal(clock.pauses, 1);
});

function generation(): number {
  return 1;
}

test('it begins anew when series may have gone', async () => {
  const clock = new BusyClock();
  let now = 1;
  clock.onPause = () => {
    if (clock.pauses < 4) now++;
  };
  const all = readers();
  const sliced = await runSliced({
    fragment: FRAGMENT,
    readers: all,
    clock,
    generation: () => now,
  });
  const whole = all.map((reader) => runFragment(FRAGMENT, reader));
  assert.deepEqual(sorted(FRAGMENT, [sliced]), sorted(FRAGMENT, whole));
});

test('no reader is asked once series have gone while another answered', async () => {
  const all = readers();
  let now = 1;
  const asked: number[] = [];
  const sliced = await runSliced({
    fragment: FRAGMENT,
    readers: () => {
      const made = now;
      return all.map((reader) => ({
        match: () => assert.fail('it is asked in turns'),
        matchSliced: async (...ask: Parameters<MemorySeries['match']>) => {
          assert.equal(now, made, 'a reader is used after what it reads has gone');
          asked.push(made);
          // Who else waits for the same event goes on before the one that asked.
          if (now < 3) queueMicrotask(() => void now++);
          return reader.match(...ask);
        },
        labels: (id: number) => reader.labels(id),
        read: (...ask: Parameters<MemorySeries['read']>) => reader.read(...ask),
        labelNames: () => [],
        labelValues: () => [],
      }));
    },
    generation: () => now,
  });
  const whole = all.map((reader) => runFragment(FRAGMENT, reader));
  assert.deepEqual(sorted(FRAGMENT, [sliced]), sorted(FRAGMENT, whole));
  assert.deepEqual(asked, [1, 2, 3, 3]);
});

test('large ones go one after the other, small ones pass them', async () => {
  const turns = new Turns();
  const ended: string[] = [];
  const run = async (name: string, fragment: Fragment): Promise<void> => {
    const clock = new BusyClock();
    await runSliced({ fragment, readers: readers(), clock, turns, generation });
    ended.push(name);
  };
  const matchers = ['i=7', 'shard=0'].map((pair) => {
    const [name, value] = pair.split('=');
    return { name, op: '=', value } as const;
  });
  const few = { ...FRAGMENT, matchers };
  await Promise.all([run('first', FRAGMENT), run('second', FRAGMENT), run('small', few)]);
  assert.deepEqual(ended, ['small', 'first', 'second']);
});

test('who goes behind waits for no turn of those ahead, and holds none of them up', async () => {
  const turns = new Turns();
  const behind = new Turns(turns);
  const ended: string[] = [];
  const run = async (name: string, lane: Turns): Promise<void> => {
    const [clock, all] = [new BusyClock(), readers()];
    await runSliced({ fragment: FRAGMENT, readers: all, clock, turns: lane, generation });
    ended.push(name);
  };
  await Promise.all([run('costly', behind), run('costly too', behind), run('dashboard', turns)]);
  assert.deepEqual(ended, ['dashboard', 'costly', 'costly too']);
});

test('behind a lane that never ends there is a turn now and then', async () => {
  const turns = new Turns();
  const clock = new VirtualClock();
  const ends = [turns.enter(clock), turns.enter(clock)];
  let cleared = 0;
  const behind = new Turns(turns);
  const wait = async (): Promise<void> => {
    await behind.clear(clock);
    cleared++;
  };
  void wait();
  await clock.advance(21);
  assert.equal(cleared, 0);
  await clock.advance(1);
  assert.equal(cleared, 1, 'a slice of rest, then 20 ms');
  void wait();
  await clock.advance(2);
  ends[0]();
  await settle();
  assert.equal(cleared, 1, 'one is still under way');
  ends[1]();
  await settle();
  assert.equal(cleared, 2);
  void wait();
  await clock.advance(2);
  assert.equal(cleared, 3, 'more may come: only the rest of a slice');
  await clock.advance(1000);
  await wait();
  await turns.clear(clock);
  assert.equal(cleared, 4, 'nobody has come for a second, and nobody is ahead of the first lane');
});

test('the limits of a fragment hold over all slices', async () => {
  const run = (more: Partial<Fragment>): Promise<FragmentResult> => {
    const fragment = { ...FRAGMENT, ...more };
    return runSliced({ fragment, readers: readers(), clock: new BusyClock(), generation });
  };
  await assert.rejects(run({ maxSeries: 1000 }), /more than 1000 series/);
  await assert.rejects(run({ maxSamples: 3000 }), /too many samples/);
  assert.equal((await run({})).seriesRead, 1400);
});
