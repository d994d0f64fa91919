// One answer out of replicas: for any holdings and any failures every partition is in the answer
// once, or the answer says what is missing. Never twice, never silently less.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { Source } from '../../../src/engine/ports.ts';
import { ReplicatedSource } from '../../../src/engine/query/replicated-source.ts';
import type { Holder, Replicas } from '../../../src/engine/query/holders.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';

const END = 1_000_000;
const FRAGMENT: Fragment = {
  ...{ matchers: [{ name: '__name__', op: '=', value: 'up' }], windowMs: 60_000, fn: 'last' },
  ...{ grid: { start: END, end: END, step: 1 }, args: [], keepName: false },
  aggregate: { op: 'sum', by: true, names: [] },
  ...{ maxSeries: 1000, maxSamples: 1000 },
};

/** The series of some partitions: each has one, of the value 2^partition. */
function sourceOf(partitions: readonly number[]): Source {
  const series = new MemorySeries();
  for (const p of partitions) {
    series.add({ __name__: 'up', p: `${p}` }, [{ t: END, v: 2 ** p }]);
  }
  return new MemorySource(series);
}

interface Store {
  readonly name: string;
  readonly zone: string;
  readonly partitions: readonly number[];
  readonly lacks?: readonly number[];
  readonly doubtful?: boolean;
  readonly fails?: Error;
}

function withBatches(source: Source): Source {
  source.fragments = async (list) => {
    const results = await Promise.all(list.map((one) => source.fragment(one)));
    return { results, whole: true, storeReads: 0 };
  };
  return source;
}

function replicasOf(partitions: number, stores: readonly Store[]) {
  const asked: string[] = [];
  const replicas: Replicas = {
    partitions,
    holders: () =>
      stores.map((store): Holder => ({
        ...{ lacks: [], doubtful: false, ...store },
        within: (only) => {
          asked.push(`${store.name}:${only.join(',')}`);
          if (store.fails === undefined) return withBatches(sourceOf(only));
          const fail = (): Promise<never> => Promise.reject(store.fails);
          return { fragment: fail, fragments: fail, series: fail } as unknown as Source;
        },
      })),
    ends: async () => new Map(),
    failed: () => undefined,
  };
  return { source: new ReplicatedSource(replicas), asked, replicas };
}

async function sumOf(source: Source) {
  const { matrix, partial, warnings } = await source.fragment(FRAGMENT);
  return { sum: matrix?.values[0] ?? 0, partial: partial === true, warnings };
}

const AWAY = new MonError('MON_SERVER_UNREACHABLE', 'away');

test('every partition is in the answer once, or the answer says that it is not', async () => {
  for (let seed = 1; seed <= 1500; seed++) {
    const random = seededRandom(seed);
    const partitions = 1 + Math.floor(random() * 6);
    const stores: Store[] = [];
    const alive = new Set<number>();
    const whole = new Set<number>();
    for (const zone of ['a', 'b', 'c'].slice(0, 1 + Math.floor(random() * 3))) {
      const count = 1 + Math.floor(random() * 2);
      for (let i = 0; i < count; i++) {
        const held = [...Array(partitions).keys()].filter((p) => p % count === i && random() < 0.8);
        const fails = random() < 0.4 ? AWAY : undefined;
        const lacks = held.filter(() => random() < 0.2);
        const more = { doubtful: random() < 0.3, lacks, ...(fails && { fails }) };
        stores.push({ name: `${zone}${i}`, zone, partitions: held, ...more });
        for (const p of fails === undefined ? held : []) {
          alive.add(p);
          if (!lacks.includes(p)) whole.add(p);
        }
      }
    }
    const { source } = replicasOf(partitions, stores);
    const expected = [...alive].reduce((sum, p) => sum + 2 ** p, 0);
    if (alive.size === 0) {
      await assert.rejects(sumOf(source), /no store answers/, `seed ${seed}`);
      continue;
    }
    for (let turn = 0; turn < 3; turn++) {
      const { sum, partial, warnings } = await sumOf(source);
      assert.equal(sum, expected, `seed ${seed}`);
      assert.equal(partial, whole.size < partitions, `seed ${seed}: ${warnings.join('; ')}`);
      assert.equal(warnings.length > 0, partial, `seed ${seed}`);
    }
  }
});

test('questions go to one zone each, and to another zone the next time', async () => {
  const stores = ['a', 'b', 'c'].map((zone) => ({ name: zone, zone, partitions: [0, 1] }));
  const { source, asked } = replicasOf(2, stores);
  for (let i = 0; i < 6; i++) assert.equal((await sumOf(source)).sum, 3);
  assert.deepEqual([...asked].sort(), ['a:0,1', 'a:0,1', 'b:0,1', 'b:0,1', 'c:0,1', 'c:0,1']);
});

test("a failure that is the question's own is not asked again elsewhere", async () => {
  for (const fails of [new UserError('no'), new MonError('MON_QUERY_LIMIT', 'too much')]) {
    const stores = ['a', 'b'].map((zone) => ({ name: zone, zone, partitions: [0], fails }));
    const { source, asked } = replicasOf(1, stores);
    await assert.rejects(sumOf(source), fails);
    assert.equal(asked.length, 1);
  }
});

test('a list that cannot be whole fails', async () => {
  const { source } = replicasOf(2, [{ name: 'a', zone: 'a', partitions: [0] }]);
  await assert.rejects(source.series([FRAGMENT.matchers], 0, END, 0), /partition 1/);
  const both = replicasOf(2, [{ name: 'a', zone: 'a', partitions: [0, 1] }]);
  assert.equal((await both.source.series([FRAGMENT.matchers], 0, END, 0)).length, 2);
});

test('a batch for rules is whole only when every partition and the log have answered', async () => {
  const stores = (fails?: Error): Store[] => [
    { name: 's0', zone: 'a', partitions: [0, 1], ...(fails === undefined ? {} : { fails }) },
    { name: 's1', zone: 'b', partitions: [1, 2], lacks: [2] },
  ];
  const asked = async (fails: Error | undefined, ends?: () => Promise<never>) => {
    const { replicas } = replicasOf(3, stores(fails));
    const source = new ReplicatedSource(ends === undefined ? replicas : { ...replicas, ends });
    const { results, whole } = await source.fragments([FRAGMENT, FRAGMENT]);
    return { whole, sums: results.map((one) => (one as FragmentResult).matrix?.values[0]) };
  };
  // What lacks older samples answers for what rules look at.
  assert.deepEqual(await asked(undefined), { whole: true, sums: [7, 7] });
  assert.deepEqual(await asked(AWAY), { whole: false, sums: [6, 6] });
  const away = await asked(undefined, () => Promise.reject(AWAY));
  assert.deepEqual(away, { whole: false, sums: [7, 7] });
});
