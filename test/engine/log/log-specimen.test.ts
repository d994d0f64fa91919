// The specimen of the log's format, fixtures/format/log-v1: a folder written by an earlier build
// must open, and today's build must write the same bytes. When the format changes, the version
// changes and a new specimen comes beside the old. `MON_WRITE_SPECIMENS=1` makes what is missing.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EmbeddedLog } from '../../../src/engine/log/embedded-log.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';
import { plainBatch } from '../../support/plain-records.ts';
import { projectRoot } from '../../support/project.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SPECIMEN = join(projectRoot, 'fixtures/format/log-v1');
const FOLDER = '/log';
/** Bytes of a fourth commit of which only the beginning was written. */
const TORN_BYTES = 20;

function text(number: number): string {
  return `record ${number}`;
}

function open(disk: MemoryDisk): Promise<EmbeddedLog> {
  return EmbeddedLog.open({
    folder: FOLDER,
    disk,
    clock: new VirtualClock(),
    encoder: { encode: (batch) => new TextEncoder().encode(text(batch.tick?.timeMs ?? 0)) },
    partitions: 3,
    segmentBytes: 200,
    keepMs: 0,
  });
}

/** A first run of five records in two segments, a second run with one, and a torn tail. */
async function write(disk: MemoryDisk): Promise<void> {
  const first = await open(disk);
  await first.read(
    'store',
    new Map([
      [0, 0],
      [2, 0],
    ]),
  );
  await first.append([plainBatch(0, 1), plainBatch(2, 2), plainBatch(0, 3)]);
  await first.append([plainBatch(0, 4)]);
  await first.append([plainBatch(2, 5)]);
  await first.close();
  const second = await open(disk);
  const reader = await second.read(
    'store',
    new Map([
      [0, 1],
      [2, 0],
    ]),
  );
  await second.append([plainBatch(0, 6)]);
  reader.release(2, 1);
  await second.close();
  const [newest] = (await disk.list(FOLDER)).filter((name) => name.endsWith('.segment')).slice(-1);
  const file = await disk.open(`${FOLDER}/${newest}`, 'r+');
  await file.write(disk.content(`${FOLDER}/${newest}`).slice(-TORN_BYTES), await file.size());
  await file.datasync();
}

test('today’s build writes the specimen', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1) });
  await write(disk);
  const names = await disk.list(FOLDER);
  if (!existsSync(SPECIMEN)) {
    assert.ok(process.env['MON_WRITE_SPECIMENS'], `${SPECIMEN} is missing`);
    mkdirSync(SPECIMEN, { recursive: true });
    for (const name of names)
      writeFileSync(join(SPECIMEN, name), disk.content(`${FOLDER}/${name}`));
  }
  assert.deepEqual(readdirSync(SPECIMEN).sort(), names);
  for (const name of names) {
    const kept = new Uint8Array(readFileSync(join(SPECIMEN, name)));
    assert.deepEqual(disk.content(`${FOLDER}/${name}`), kept, name);
  }
});

test('the specimen opens and says what it said', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1) });
  await disk.makeFolder(FOLDER);
  for (const name of readdirSync(SPECIMEN)) {
    await disk.replaceFile(`${FOLDER}/${name}`, [readFileSync(join(SPECIMEN, name))]);
  }
  const log = await open(disk);
  assert.equal(log.epoch, 3);
  assert.equal(log.generation, 1);
  assert.equal(log.cutBytes, TORN_BYTES);
  assert.deepEqual(log.readers(), ['store']);
  assert.deepEqual([await log.end(0), await log.end(1), await log.end(2)], [4, 0, 2]);
  const reader = await log.read(
    'check',
    new Map([
      [0, 0],
      [2, 0],
    ]),
  );
  const got = await reader.next();
  assert.deepEqual(
    got.map((d) => [d.partition, d.offset, new TextDecoder().decode(d.bytes)]),
    [
      [0, 0, text(1)],
      [2, 0, text(2)],
      [0, 1, text(3)],
      [0, 2, text(4)],
      [2, 1, text(5)],
      [0, 3, text(6)],
    ],
  );
  await log.close();
});
