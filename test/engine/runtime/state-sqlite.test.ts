// State over SQLite: the contract, and what comes out when the file cannot be used. Each test has
// a file of its own.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { SqliteState } from '../../../src/engine/runtime/state-sqlite.ts';
import { stateContract } from '../../contract/state.contract.ts';

async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'mon-state-'));
}

stateContract('SQLite', async () => {
  const where = await folder();
  const path = join(where, 'state.db');
  let state = new SqliteState(path);
  return {
    state,
    other: async () => new SqliteState(path),
    async reopen() {
      await state.close();
      state = new SqliteState(path);
      return state;
    },
    async dispose() {
      await state.close();
      await rm(where, { recursive: true });
    },
  };
});

function failsAs(code: string, path: string): void {
  assert.throws(
    () => new SqliteState(path),
    (thrown) => thrown instanceof MonError && thrown.code === code && thrown.message.includes(path),
  );
}

test('a folder that is not there is told with the path', async () => {
  const where = await folder();
  failsAs('MON_DISK_FORBIDDEN', join(where, 'missing', 'state.db'));
  await rm(where, { recursive: true });
});

test('a file that is no state is told with the path', async () => {
  const where = await folder();
  const path = join(where, 'state.db');
  await writeFile(path, 'x'.repeat(5000));
  failsAs('MON_DISK_FAILED', path);
  await rm(where, { recursive: true });
});

test('a file that may not be written is told with the path', async (t) => {
  if (process.getuid?.() === 0) return t.skip('root may write everything');
  const where = await folder();
  const path = join(where, 'state.db');
  await new SqliteState(path).close();
  await chmod(path, 0o400);
  failsAs('MON_DISK_FORBIDDEN', path);
  await rm(where, { recursive: true });
});
