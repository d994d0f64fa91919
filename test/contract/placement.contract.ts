// What every Placement promises (engine/ports.ts): each partition has one holder, every change has
// a higher epoch, and who was replaced finds out when it asks.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MonError } from '../../src/engine/errors.ts';
import type { Assignment, Placement } from '../../src/engine/ports.ts';

export const CONTRACT_PLACES = 5;

export interface PlacementUnderTest {
  /** Deals out CONTRACT_PLACES partitions. */
  readonly placement: Placement;
  /** Another process over the same State. */
  other(): Placement;
  /** True where members of several processes share a role: a name is replaced, not the role. */
  readonly shared?: boolean;
  dispose(): Promise<void>;
}

const ignore = (): void => undefined;
const ALL = [...Array(CONTRACT_PLACES).keys()];

interface Promised {
  readonly words: string;
  readonly run: (one: PlacementUnderTest) => Promise<void>;
}

const PROMISES: readonly Promised[] = [
  {
    words: 'gives all partitions to the only member',
    run: async ({ placement }) => {
      const now = await placement.join('store', 'shard-0', ignore);
      assert.deepEqual(now.partitions, ALL);
      assert.ok(now.epoch > 0);
      assert.equal(await placement.holds('store', 'shard-0', now.epoch), true);
    },
  },
  {
    words: 'deals each partition to one member, by ordinal',
    run: async ({ placement }) => {
      const held = new Map<string, Assignment>();
      for (const i of [10, 2, 0]) {
        const member = `shard-${i}`;
        const keep = (now: Assignment): void => void held.set(member, now);
        keep(await placement.join('store', member, keep));
      }
      assert.deepEqual(held.get('shard-0')?.partitions, [0, 3]);
      assert.deepEqual(held.get('shard-2')?.partitions, [1, 4]);
      assert.deepEqual(held.get('shard-10')?.partitions, [2]);
      assert.equal(new Set([...held.values()].map((now) => now.epoch)).size, 1);
    },
  },
  {
    words: 'raises the epoch with every change and fences the older',
    run: async ({ placement }) => {
      const seen: Assignment[] = [];
      const first = await placement.join('store', 'shard-0', (now) => seen.push(now));
      const second = await placement.join('store', 'shard-1', ignore);
      assert.ok(second.epoch > first.epoch);
      assert.deepEqual(
        seen.map((now) => now.epoch),
        [second.epoch],
      );
      assert.equal(await placement.holds('store', 'shard-0', first.epoch), false);
      assert.equal(await placement.holds('store', 'shard-0', second.epoch), true);
      await placement.leave('store', 'shard-1');
      const [, last] = seen;
      assert.deepEqual(last.partitions, ALL);
      assert.ok(last.epoch > second.epoch);
      assert.equal(await placement.holds('store', 'shard-1', second.epoch), false);
    },
  },
  {
    words: 'keeps roles apart',
    run: async ({ placement }) => {
      await placement.join('store', 'shard-0', ignore);
      const rollup = await placement.join('rollup', 'shard-0', ignore);
      assert.deepEqual(rollup.partitions, ALL);
      assert.equal(await placement.holds('alert', 'shard-0', rollup.epoch), false);
    },
  },
  {
    words: 'lets several members join at once',
    run: async ({ placement }) => {
      const held = new Map<string, Assignment>();
      const members = [...Array(4).keys()].map((i) => `shard-${i}`);
      const join = async (member: string): Promise<void> => {
        const keep = (now: Assignment): void => {
          if (now.epoch > (held.get(member)?.epoch ?? 0)) held.set(member, now);
        };
        keep(await placement.join('store', member, keep));
      };
      await Promise.all(members.map(join));
      const all = [...held.values()].flatMap((now) => now.partitions).sort((a, b) => a - b);
      assert.deepEqual(all, ALL);
    },
  },
  {
    words: 'fences the process that was replaced',
    run: async ({ placement, other, shared }) => {
      const old = await placement.join('store', 'shard-0', ignore);
      const second = other();
      const now = await second.join('store', 'shard-0', ignore);
      assert.ok(now.epoch > old.epoch);
      assert.deepEqual(now.partitions, ALL);
      assert.equal(await placement.holds('store', 'shard-0', old.epoch), false);
      assert.equal(await second.holds('store', 'shard-0', now.epoch), true);
      if (shared === true) return;
      await assert.rejects(
        placement.join('store', 'shard-1', ignore),
        (thrown) => thrown instanceof MonError && thrown.code === 'MON_PLACEMENT_LOST',
      );
      // What is left of the old one must not disturb the new.
      await placement.leave('store', 'shard-0');
      assert.equal(await second.holds('store', 'shard-0', now.epoch), true);
    },
  },
  {
    words: 'goes on after everybody has left',
    run: async ({ placement }) => {
      const first = await placement.join('store', 'shard-0', ignore);
      await placement.leave('store', 'shard-0');
      await placement.leave('store', 'shard-0');
      assert.equal(await placement.holds('store', 'shard-0', first.epoch), false);
      const again = await placement.join('store', 'shard-0', ignore);
      assert.ok(again.epoch > first.epoch);
    },
  },
];

/** Runs the whole list of promises, each against a fresh one. */
export function placementContract(name: string, make: () => Promise<PlacementUnderTest>): void {
  describe(`Placement contract: ${name}`, () => {
    for (const { words, run } of PROMISES) {
      it(words, async () => {
        const one = await make();
        try {
          await run(one);
        } finally {
          await one.dispose();
        }
      });
    }
  });
}
