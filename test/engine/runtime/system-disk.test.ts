// The real disk: what it promises and what it says when the system refuses. /dev/full stands in
// for a full disk; root cannot be forbidden anything, so those tests skip.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import type { FailureCode } from '../../../src/engine/errors.ts';
import { diskFailure } from '../../../src/engine/runtime/disk-failure.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';

let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mon-disk-'));
});

after(() => rm(folder, { recursive: true, force: true }));

async function failsWith(code: FailureCode, path: string, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (thrown) => {
    assert.ok(thrown instanceof MonError, String(thrown));
    assert.equal(thrown.code, code);
    assert.ok(thrown.message.includes(path) && !thrown.message.includes('\n'), thrown.message);
    assert.ok(thrown.hint, 'says what to do');
    return true;
  });
}

describe('the real disk', () => {
  it('reads and writes at positions', async () => {
    const path = join(folder, 'file');
    const file = await systemDisk.open(path, 'w+');
    await file.write(Uint8Array.of(1, 2, 3), 2);
    await file.write(Uint8Array.of(9), 0);
    await file.datasync();
    assert.equal(await file.size(), 5);
    const into = new Uint8Array(10);
    assert.equal(await file.read(into, 0), 5);
    assert.deepEqual([...into.subarray(0, 5)], [9, 0, 1, 2, 3]);
    assert.equal(await file.read(into, 5), 0);
    await file.truncate(3);
    assert.equal(await file.size(), 3);
    await file.close();
    await file.close();
    assert.deepEqual([...(await systemDisk.readFile(path))], [9, 0, 1]);
    const again = await systemDisk.open(path, 'r+');
    assert.equal(await again.size(), 3);
    await again.close();
  });

  it('writes durably where it is asked to, again and again', async () => {
    const path = join(folder, 'durable');
    await systemDisk.replaceFile(path, [Uint8Array.of(1, 2, 3)]);
    const file = await systemDisk.open(path, 'r+d');
    await file.write(Uint8Array.of(7, 8), 2);
    await file.write(Uint8Array.of(9), 4);
    assert.equal(await file.size(), 5);
    await file.truncate(4);
    await file.close();
    assert.deepEqual([...(await systemDisk.readFile(path))], [1, 2, 7, 8]);
    await failsWith('MON_NOT_FOUND', path + 'x', systemDisk.open(path + 'x', 'r+d'));
  });

  it('replaces a file wholly and leaves nothing beside it', async () => {
    const path = join(folder, 'replaced');
    await systemDisk.replaceFile(path, [Uint8Array.of(1), Uint8Array.of(2, 3)]);
    async function* parts(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(4);
      yield Uint8Array.of(5);
    }
    await systemDisk.replaceFile(path, parts());
    assert.deepEqual([...(await systemDisk.readFile(path))], [4, 5]);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('keeps the old file when the new one cannot be made', async () => {
    const path = join(folder, 'kept');
    await systemDisk.replaceFile(path, [Uint8Array.of(1)]);
    async function* parts(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(4);
      throw new MonError('MON_ABORTED', 'no more parts');
    }
    await assert.rejects(systemDisk.replaceFile(path, parts()), MonError);
    assert.deepEqual([...(await systemDisk.readFile(path))], [1]);
    assert.equal(await systemDisk.exists(`${path}.tmp`), false);
  });

  it('makes folders with their parents, again and at once', async () => {
    const deep = join(folder, 'a', 'b', 'c');
    await Promise.all([systemDisk.makeFolder(deep), systemDisk.makeFolder(deep)]);
    await systemDisk.makeFolder(deep);
    assert.equal(await systemDisk.exists(deep), true);
    await writeFile(join(deep, 'y'), '');
    await writeFile(join(deep, 'x'), '');
    assert.deepEqual(await systemDisk.list(deep), ['x', 'y']);
    await systemDisk.rename(join(deep, 'x'), join(deep, 'z'));
    await systemDisk.remove(join(deep, 'y'));
    await systemDisk.syncFolder(deep);
    assert.deepEqual(await systemDisk.list(deep), ['z']);
  });

  it('knows the free space', async () => {
    const free = await systemDisk.freeBytes(folder);
    assert.ok(Number.isSafeInteger(free) && free > 0);
  });

  it('says what is missing', async () => {
    const path = join(folder, 'missing', 'file');
    await failsWith('MON_NOT_FOUND', path, systemDisk.open(path, 'r'));
    await failsWith('MON_NOT_FOUND', path, systemDisk.readFile(path));
    await failsWith('MON_NOT_FOUND', path, systemDisk.remove(path));
    await failsWith('MON_NOT_FOUND', path, systemDisk.list(path));
    assert.equal(await systemDisk.exists(path), false);
  });

  it('says when a file stands in the way of a folder', async () => {
    const path = join(folder, 'in-the-way');
    await writeFile(path, '');
    await failsWith('MON_DISK_FAILED', path, systemDisk.makeFolder(join(path, 'x')));
    await failsWith('MON_DISK_FAILED', path, systemDisk.makeFolder(path));
  });

  it('says what is forbidden', async (t) => {
    if (process.getuid?.() === 0) return t.skip('root may do everything');
    const path = join(folder, 'forbidden');
    await systemDisk.makeFolder(path);
    await chmod(path, 0o500);
    await failsWith('MON_DISK_FORBIDDEN', path, systemDisk.open(join(path, 'x'), 'w+'));
    await chmod(path, 0o700);
  });

  it('knows a full disk', async () => {
    const file = await systemDisk.open('/dev/full', 'r+');
    await failsWith('MON_DISK_FULL', '/dev/full', file.write(Uint8Array.of(1), 0));
    await file.close();
  });

  it('takes an unknown failure for one of the disk', () => {
    const failure = diskFailure(Object.assign(new Error('odd'), { code: 'EODD' }), 'read', '/x');
    assert.equal(failure.code, 'MON_DISK_FAILED');
    assert.equal(failure.fields['os'], 'EODD');
    assert.equal(diskFailure(failure, 'open', '/y'), failure);
  });
});
