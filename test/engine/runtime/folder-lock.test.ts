// A folder has one owner: also against another process, and after the owner was killed. A real
// second process holds the lock and is killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { folderOwner, lockFolder } from '../../../src/engine/runtime/folder-lock.ts';

const ME = { pid: process.pid, startedMs: 1, listen: '', command: 'mon up' };

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mon-lock-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refusal(folder: string): MonError {
  try {
    lockFolder(folder, ME).release();
  } catch (thrown) {
    assert.ok(thrown instanceof MonError);
    return thrown;
  }
  throw new Error('the folder was not locked');
}

describe('the lock of a folder', () => {
  it('keeps a second owner out and tells who the first is', () =>
    inFolder(async (folder) => {
      const inner = join(folder, 'made', 'too');
      const lock = lockFolder(inner, ME);
      lock.update({ listen: '127.0.0.1:9590' });
      const error = refusal(inner);
      assert.equal(error.code, 'MON_FOLDER_LOCKED');
      assert.equal(error.fields['pid'], process.pid);
      assert.equal(error.fields['listen'], '127.0.0.1:9590');
      assert.equal(error.fields['command'], 'mon up');
      assert.match(error.hint ?? '', /9590/);
      assert.equal(folderOwner(inner)?.listen, '127.0.0.1:9590');
      lock.release();
      lock.release();
      assert.equal(folderOwner(inner), undefined);
      lockFolder(inner, ME).release();
    }));

  it('is free where there is nothing', () =>
    inFolder(async (folder) => {
      assert.equal(folderOwner(join(folder, 'missing')), undefined);
    }));

  it('is taken over from a process that was killed', () =>
    inFolder(async (folder) => {
      const module = new URL('../../../src/engine/runtime/folder-lock.js', import.meta.url);
      const code =
        `import { lockFolder } from ${JSON.stringify(module.href)};` +
        `lockFolder(${JSON.stringify(folder)}, { pid: process.pid, startedMs: 2, listen: 'x:1', ` +
        `command: 'child' }); console.log('held'); setInterval(() => 0, 1000);`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', code]);
      await once(child.stdout, 'data');
      assert.equal(refusal(folder).fields['pid'], child.pid);
      assert.equal(folderOwner(folder)?.command, 'child');
      child.kill('SIGKILL');
      await once(child, 'exit');
      assert.equal(folderOwner(folder), undefined, 'what it left behind says nothing');
      const lock = lockFolder(folder, ME);
      assert.equal(folderOwner(folder)?.pid, process.pid);
      lock.release();
    }));

  it('says in one line what to do without rights', (t) =>
    inFolder(async (folder) => {
      if (process.getuid?.() === 0) return t.skip('root may do everything');
      const { chmod } = await import('node:fs/promises');
      await chmod(folder, 0o500);
      assert.equal(refusal(folder).code, 'MON_DISK_FORBIDDEN');
      assert.equal(refusal(join(folder, 'x')).code, 'MON_DISK_FORBIDDEN');
      await chmod(folder, 0o700);
    }));
});
