// Placement on one machine: the contract over a State in a file, and how partitions are dealt out.
// A second State on the same file plays the second process.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  LocalPlacement,
  compareMembers,
  dealt,
} from '../../../src/engine/runtime/placement-local.ts';
import { SqliteState } from '../../../src/engine/runtime/state-sqlite.ts';
import { CONTRACT_PLACES, placementContract } from '../../contract/placement.contract.ts';

placementContract('local', async () => {
  const where = await mkdtemp(join(tmpdir(), 'mon-placement-'));
  const path = join(where, 'state.db');
  const states = [new SqliteState(path)];
  return {
    placement: new LocalPlacement(states[0], CONTRACT_PLACES, 'process 1'),
    other() {
      const state = new SqliteState(path);
      states.push(state);
      return new LocalPlacement(state, CONTRACT_PLACES, `process ${states.length}`);
    },
    async dispose() {
      for (const state of states) await state.close();
      await rm(where, { recursive: true });
    },
  };
});

test('members sort by their ordinal, then by name', () => {
  const members = ['b', 'shard-10', 'a', 'shard-9', 'other-9'];
  assert.deepEqual(members.sort(compareMembers), ['other-9', 'shard-9', 'shard-10', 'a', 'b']);
});

test('every partition is dealt once, to as many as there are', () => {
  for (let partitions = 1; partitions < 20; partitions++) {
    for (let members = 1; members < 25; members++) {
      const all: number[] = [];
      for (let i = 0; i < members; i++) all.push(...dealt(partitions, members, i));
      assert.deepEqual(
        all.sort((a, b) => a - b),
        [...Array(partitions).keys()],
      );
    }
  }
});
