// Files that move to another folder behind a link: whatever step the process dies at, the file is
// there under its name with all its bytes, and the next round leaves nothing over.
import { strict as assert } from 'node:assert';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';
import { isLink, WarmFolder, type WarmStep } from '../../../src/engine/runtime/warm-folder.ts';

async function withFolders(
  work: (hot: string, warm: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mon-warm-'));
  const hot = join(folder, 'hot');
  await mkdir(hot);
  try {
    await work(hot, join(folder, 'slow', 'warm'), folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const dying of ['copied', 'linked', 'moved'] as const) {
  void test(`a death when it was ${dying} loses nothing and leaves nothing`, () =>
    withFolders(async (hot, warm) => {
      await writeFile(join(hot, 'a.block'), 'the bytes of a');
      await writeFile(join(hot, 'b.block'), 'the bytes of b');
      const first = new WarmFolder(hot, warm, (step: WarmStep) => {
        if (step === dying) throw new Error('killed');
      });
      await first.open();
      await assert.rejects(first.move('a.block'));
      assert.equal(String(await readFile(join(hot, 'a.block'))), 'the bytes of a');
      const again = new WarmFolder(hot, warm);
      await again.open();
      assert.equal(again.has('a.block'), dying === 'moved');
      if (!again.has('a.block')) {
        assert.deepEqual(await readdir(warm), []);
        await again.move('a.block');
      }
      assert.equal(String(await readFile(join(hot, 'a.block'))), 'the bytes of a');
      assert.deepEqual(await readdir(hot), ['a.block', 'b.block']);
      assert.deepEqual(await readdir(warm), ['a.block']);
      assert.ok(await isLink(join(hot, 'a.block')));
    }));
}

void test('what its owner removes is removed, what was set aside stays, snapshots are whole', () =>
  withFolders(async (hot, warm, folder) => {
    for (const name of ['a.block', 'b.block']) await writeFile(join(hot, name), name);
    const files = new WarmFolder(hot, warm);
    await files.open();
    for (const name of ['a.block', 'b.block']) await files.move(name);
    await systemDisk.link(join(hot, 'a.block'), join(folder, 'snapshot.block'));
    await systemDisk.remove(join(hot, 'a.block'));
    await rename(join(hot, 'b.block'), join(hot, 'b.block.corrupt'));
    await files.open();
    assert.deepEqual(await readdir(warm), ['b.block']);
    assert.equal(String(await readFile(join(hot, 'b.block.corrupt'))), 'b.block');
    assert.equal(String(await readFile(join(folder, 'snapshot.block'))), 'a.block');
  }));
