// What every State promises (engine/ports.ts), whatever keeps it: SQLite now, PostgreSQL later.
// Each promise gets a fresh State.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MonError } from '../../src/engine/errors.ts';
import type { State } from '../../src/engine/ports.ts';

export interface StateUnderTest {
  readonly state: State;
  /** A second one over the same store, as another process has it. */
  other(): Promise<State>;
  /** Closes all and opens the same store again. */
  reopen(): Promise<State>;
  dispose(): Promise<void>;
}

async function conflicts(work: Promise<unknown>): Promise<void> {
  const isConflict = (thrown: unknown): boolean =>
    thrown instanceof MonError && thrown.code === 'MON_STATE_CONFLICT';
  await assert.rejects(work, isConflict);
}

interface Promised {
  readonly words: string;
  readonly run: (one: StateUnderTest) => Promise<void>;
}

const PROMISES: readonly Promised[] = [
  {
    words: 'has nothing at first',
    run: async ({ state }) => {
      assert.equal(await state.get('a'), undefined);
      assert.deepEqual(await state.list(''), []);
    },
  },
  {
    words: 'keeps what was set, and versions grow',
    run: async ({ state }) => {
      const first = await state.compareAndSet('a', 'one', 0);
      assert.deepEqual(await state.get('a'), { value: 'one', version: first });
      const second = await state.compareAndSet('a', 'two', first);
      assert.ok(second > first);
      assert.deepEqual(await state.get('a'), { value: 'two', version: second });
    },
  },
  {
    words: 'refuses a writer that did not see the newest',
    run: async ({ state }) => {
      const first = await state.compareAndSet('a', 'one', 0);
      await conflicts(state.compareAndSet('a', 'x', 0));
      await conflicts(state.compareAndSet('b', 'x', first));
      await state.compareAndSet('a', 'two', first);
      await conflicts(state.compareAndSet('a', 'x', first));
      await conflicts(state.remove('a', first));
      assert.equal((await state.get('a'))?.value, 'two');
    },
  },
  {
    words: 'never gives a version twice, also not after a removal',
    run: async ({ state }) => {
      const first = await state.compareAndSet('a', 'one', 0);
      await state.remove('a', first);
      assert.equal(await state.get('a'), undefined);
      const again = await state.compareAndSet('a', 'two', 0);
      assert.ok(again > first);
      await conflicts(state.compareAndSet('a', 'x', first));
    },
  },
  {
    words: 'lists by prefix in order, whatever the characters',
    run: async ({ state }) => {
      const keys = ['a/1', 'a/10', 'a/2', 'a/__proto__', 'a/ä', 'a0', 'b', "a/'; --", 'a/%', 'a/_'];
      for (const key of keys) await state.compareAndSet(key, `v${key}`, 0);
      const found = await state.list('a/');
      const expected = keys.filter((key) => key.startsWith('a/')).sort();
      assert.deepEqual(
        found.map(([key]) => key),
        expected,
      );
      for (const [key, entry] of found) assert.equal(entry.value, `v${key}`);
      assert.deepEqual(await state.list('a/zz'), []);
    },
  },
  {
    words: 'keeps any text exactly',
    run: async ({ state }) => {
      const texts = ['', '\u0000', 'a\nb', '\u{1f600}', '{"x":"\\u0000"}', 'x'.repeat(100_000)];
      for (const [i, text] of texts.entries()) await state.compareAndSet(`t${i}`, text, 0);
      for (const [i, text] of texts.entries()) {
        assert.equal((await state.get(`t${i}`))?.value, text);
      }
    },
  },
  {
    words: 'commits many changes or none of them',
    run: async ({ state }) => {
      const first = await state.compareAndSet('a', 'one', 0);
      const version = await state.commit([
        { key: 'a', value: undefined, expected: first },
        { key: 'b', value: 'b', expected: 0 },
        { key: 'c', value: 'c', expected: 0 },
      ]);
      assert.ok(version > first);
      assert.deepEqual(await state.list(''), [
        ['b', { value: 'b', version }],
        ['c', { value: 'c', version }],
      ]);
      const changes = [
        { key: 'b', value: 'x', expected: version },
        { key: 'c', value: undefined, expected: first },
      ];
      await conflicts(state.commit(changes));
      assert.equal((await state.get('b'))?.value, 'b');
      assert.equal((await state.get('c'))?.value, 'c');
    },
  },
  {
    words: 'lets one of many writers through',
    run: async ({ state, other }) => {
      const peers = [state, await other()];
      const tries = Array.from({ length: 20 }, (_, i) =>
        peers[i % 2].compareAndSet('race', `w${i}`, 0).then(
          () => 1,
          () => 0,
        ),
      );
      const won = (await Promise.all(tries)).reduce<number>((sum, one) => sum + one, 0);
      assert.equal(won, 1);
      await peers[1].close();
    },
  },
  {
    words: 'shows one process what another wrote',
    run: async ({ state, other }) => {
      const peer = await other();
      const version = await state.compareAndSet('a', 'one', 0);
      assert.deepEqual(await peer.get('a'), { value: 'one', version });
      await peer.close();
    },
  },
  {
    words: 'has everything after it was opened again',
    run: async ({ state, reopen }) => {
      const version = await state.compareAndSet('a', 'one', 0);
      const again = await reopen();
      assert.deepEqual(await again.get('a'), { value: 'one', version });
      assert.ok((await again.compareAndSet('b', 'x', 0)) > version);
    },
  },
];

/** Runs the whole list of promises, each against a fresh one. */
export function stateContract(name: string, make: () => Promise<StateUnderTest>): void {
  describe(`State contract: ${name}`, () => {
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
