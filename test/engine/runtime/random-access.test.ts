// Random access to a file on disk: what is read, past its end, and after it was closed. The
// system disk itself is tested beside it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { openRandomAccess } from '../../../src/engine/runtime/random-access.ts';

const folder = mkdtempSync(join(tmpdir(), 'mon-random-access-'));
after(() => rmSync(folder, { recursive: true }));

test('bytes come from where they were asked for', () => {
  const path = join(folder, 'some');
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i & 255);
  writeFileSync(path, bytes);
  const file = openRandomAccess(path);
  assert.equal(file.size, 1000);
  assert.equal(file.name, path);
  assert.deepEqual(file.read(300, 20), bytes.slice(300, 320));
  assert.deepEqual(file.read(990, 20), bytes.slice(990));
  assert.deepEqual(file.read(2000, 20), new Uint8Array(0));
  const mine = file.read(0, 4);
  mine.fill(9);
  assert.deepEqual(file.read(0, 4), bytes.slice(0, 4));
  file.close();
  file.close();
  assert.throws(() => file.read(0, 4), { code: 'MON_DISK_FAILED' });
});

test('a file that is not there is named', () => {
  const path = join(folder, 'none');
  assert.throws(
    () => openRandomAccess(path),
    (thrown) =>
      thrown instanceof MonError &&
      thrown.code === 'MON_NOT_FOUND' &&
      thrown.message.includes(path),
  );
});
