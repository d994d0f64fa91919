// The object stores under one contract, and what only one of them has to bear: bad signatures,
// stores without conditions, requests that fail, are slow or cut off.
import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FolderObjects } from '../../../src/engine/cold/folder-objects.ts';
import { S3Objects, type S3Settings } from '../../../src/engine/cold/s3-objects.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';
import { objectsContract } from '../../contract/objects.contract.ts';
import { FakeS3, type FakeS3Options, type Fault } from '../../support/fake-s3.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';

objectsContract('folder', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1) });
  return { objects: new FolderObjects(disk, '/objects'), close: async () => undefined };
});

objectsContract('folder on a real disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mon-objects-'));
  const close = (): Promise<void> => rm(folder, { recursive: true });
  return { objects: new FolderObjects(systemDisk, folder), close };
});

async function openS3(options: FakeS3Options = {}, more: Partial<S3Settings> = {}) {
  const store = new FakeS3(options);
  const endpoint = await store.start();
  const objects = new S3Objects({ ...store.settings(endpoint), ...more });
  return { store, objects, close: () => store.stop() };
}

objectsContract('S3', () => openS3());
objectsContract('S3 below a prefix', () => openS3({}, { prefix: "mon's/data +1/" }));
objectsContract('S3 without conditions', () => openS3({ conditions: false }));
objectsContract('S3 that refuses conditions', () => openS3({ conditions: 501 }));

async function* bytes(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

function fails(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof MonError && thrown.code === code;
}

test('a wrong secret does nothing and is told', async () => {
  const { store, objects, close } = await openS3({}, { secretAccessKey: 'another' });
  await assert.rejects(objects.putIfAbsent('x', bytes('1')), fails('MON_AUTH_REQUIRED'));
  await assert.rejects(objects.list('a/'), fails('MON_AUTH_REQUIRED'));
  assert.equal(store.objects.size, 0);
  assert.equal(store.asked.length, 0);
  await close();
});

test('what fails in passing is tried again', async () => {
  const { store, objects, close } = await openS3({}, { requestMs: 200 });
  for (const fault of [500, 503, 'drop', 'slow', 'cut'] as const) {
    let left = 2;
    store.fault = (): Fault => (left-- > 0 ? fault : undefined);
    assert.equal(await objects.putIfAbsent(`k/${fault}`, bytes('some text')), true, `${fault}`);
    left = 2;
    assert.equal(String(Buffer.from(await objects.getRange(`k/${fault}`, 5, 99))), 'text');
    left = 1;
    assert.ok((await objects.list('k/')).length > 0);
    left = 1;
    await objects.remove(`k/${fault}`);
    left = 0;
    assert.deepEqual(await objects.list('k/'), []);
  }
  await close();
});

test('what fails for good is a failure that may pass', async () => {
  const { store, objects, close } = await openS3();
  await objects.putIfAbsent('x', bytes('12345678'));
  for (const fault of [500, 'cut'] as const) {
    store.fault = () => fault;
    const code = fault === 500 ? 'MON_SERVER_FAILED' : 'MON_SERVER_UNREACHABLE';
    await assert.rejects(objects.getRange('x', 0, 8), fails(code));
  }
  await close();
  await assert.rejects(objects.list('k/'), fails('MON_SERVER_UNREACHABLE'));
});

test('an upload in parts that fails leaves nothing', async () => {
  const { store, objects, close } = await openS3();
  async function* large(): AsyncIterable<Uint8Array> {
    for (let i = 0; i < 20; i++) yield new Uint8Array(1024 * 1024);
    throw new MonError('MON_DISK_FAILED', 'the file cannot be read');
  }
  await assert.rejects(objects.putIfAbsent('x', large()), fails('MON_DISK_FAILED'));
  assert.equal(store.objects.size, 0);
  assert.equal(store.uploads.size, 0);
  await close();
});
