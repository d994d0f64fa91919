// The prompt's history as a file: bounds, doubles, damage, a disk that fails. On a real disk, in a
// folder that goes with the test.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { historyFile, readHistory, remember } from '../../src/cli/query-history.ts';
import { QUERY_HISTORY_BYTES_MAX, QUERY_HISTORY_MAX } from '../../src/engine/limits.ts';
import { systemDisk } from '../../src/engine/runtime/system-disk.ts';
import { freshHome } from '../support/run-cli.ts';

test('is in the state folder of XDG', () => {
  const at = historyFile({ XDG_STATE_HOME: '/state', HOME: '/home/x' });
  assert.equal(at, '/state/mon/query-history.jsonl');
  assert.equal(historyFile({ HOME: '/h' }), '/h/.local/state/mon/query-history.jsonl');
});

test('keeps each query once, the newest last, with its line breaks', async () => {
  const path = join(freshHome(), 'a/b/history.jsonl');
  assert.deepEqual(await readHistory(systemDisk, path), []);
  for (const query of ['up', 'sum(\n up)', 'up']) {
    assert.equal(await remember(systemDisk, path, query), '');
  }
  assert.deepEqual(await readHistory(systemDisk, path), ['sum(\n up)', 'up']);
  assert.equal(readFileSync(path, 'utf8'), '"sum(\\n up)"\n"up"\n');
});

test('a damaged line costs only itself', async () => {
  const path = join(freshHome(), 'history.jsonl');
  writeFileSync(path, '"a"\n{"b":\n\u0000\n17\n""\n"c"');
  assert.deepEqual(await readHistory(systemDisk, path), ['a', 'c']);
});

test('is bounded in queries and in bytes', async () => {
  const path = join(freshHome(), 'history.jsonl');
  const many = Array.from({ length: QUERY_HISTORY_MAX + 50 }, (_, i) => `"q${i}"\n`);
  writeFileSync(path, many.join(''));
  await remember(systemDisk, path, 'last');
  const kept = await readHistory(systemDisk, path);
  assert.equal(kept.length, QUERY_HISTORY_MAX);
  assert.equal(kept.at(-1), 'last');
  const long = 'x'.repeat(60_000);
  for (let i = 0; i < 30; i++) await remember(systemDisk, path, `${i}${long}`);
  assert.ok(readFileSync(path).length <= QUERY_HISTORY_BYTES_MAX);
  assert.ok((await readHistory(systemDisk, path)).at(-1)?.startsWith('29x'));
});

test('a disk that fails is told, not thrown', async () => {
  const words = await remember(systemDisk, '/proc/nope/history.jsonl', 'up');
  assert.match(words, /^the history is not kept: /);
});
