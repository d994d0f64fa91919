// Two processes that both believe a partition's archive to be theirs, as after a process slept
// through its lease: the one that took over later counts, and nothing that it wrote is removed or
// overwritten by the other.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { FolderObjects } from '../../../src/engine/cold/folder-objects.ts';
import { coldPrefix, objectKeys, objectName } from '../../../src/engine/cold/manifest.ts';
import type { ColdObject } from '../../../src/engine/cold/manifest.ts';
import { inOne, Manifests } from '../../../src/engine/cold/manifests.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';

function objectOf(sequence: number): ColdObject {
  const file = { bytes: 1, sha256: 'ab'.repeat(32) };
  const range = { minMs: 1, maxMs: 2, sequence };
  return {
    ...{ name: objectName('raw', range), kind: 'raw', ...range, series: 1, rows: 1 },
    ...{ hashFrom: '0', hashTo: '1', data: file, index: file, groups: [], footer: [0, 1, 2] },
    sources: [`block-${sequence}`],
  };
}

const conflict = (thrown: unknown): boolean =>
  thrown instanceof MonError && thrown.code === 'MON_STATE_CONFLICT';

test('who took over later counts, and the other one removes and overwrites nothing', async () => {
  const objects = new FolderObjects(new MemoryDisk({ random: seededRandom(1) }), '/cold');
  const put = async (one: ColdObject): Promise<void> => {
    const { data, index } = objectKeys(0, one);
    for (const key of [data, index]) await objects.putIfAbsent(key, inOne(Buffer.from('x')));
  };
  const old = new Manifests(objects, 0);
  await old.take();
  const first = objectOf(old.now.nextSequence);
  await put(first);
  await old.change((now) => ({ objects: [first], nextSequence: now.nextSequence + 1 }));

  // The old one sleeps, with its next object half uploaded; a new one takes over and archives.
  const half = objectOf(old.now.nextSequence);
  const fresh = new Manifests(objects, 0);
  await fresh.take();
  const second = objectOf(fresh.now.nextSequence);
  assert.notEqual(second.name, half.name, 'no name is given twice');
  await put(second);
  await fresh.change((now) => ({
    objects: [...now.objects, second],
    nextSequence: now.nextSequence + 1,
  }));
  const third = objectOf(fresh.now.nextSequence);
  await put(third);

  // The old one wakes up.
  await put(half);
  await old.sweep(1e15);
  await assert.rejects(
    () => old.change((now) => ({ objects: [...now.objects, half] })),
    conflict,
    'its manifest is written already',
  );
  const keys = new Set((await objects.list(coldPrefix(0))).map(({ key }) => key));
  for (const one of [first, second, third]) {
    assert.ok(keys.has(objectKeys(0, one).data), `${one.name} is there`);
  }
  await fresh.change((now) => ({
    objects: [...now.objects, third],
    nextSequence: now.nextSequence + 1,
  }));
  assert.equal(await fresh.sweep(1e15), 2, 'what the old one left goes');
  const names = (await new Manifests(objects, 0).load()).objects.map(({ name }) => name);
  assert.deepEqual(names, [first.name, second.name, third.name]);
});
