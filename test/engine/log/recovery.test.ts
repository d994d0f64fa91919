// Opening a folder that is not as it was left: torn tails are cut, damage is refused and never
// skipped, and no bytes whatever make it hang or throw anything but a refusal.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { FRAME_HEADER_BYTES, decodeHeader, headerBytes } from '../../../src/engine/log/segment.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { LOG_FOLDER, appendEach, failsWith, logWorld, readAll } from '../../support/log-world.ts';
import type { LogWorld } from '../../support/log-world.ts';
import { plainRecord } from '../../support/plain-records.ts';

const HEADER = headerBytes(2);

async function filled(world: LogWorld, records: number, segmentBytes = 1000): Promise<string[]> {
  const log = await world.open({ segmentBytes });
  await appendEach(log, 0, records);
  await log.close();
  // As after a kill; what the note of an orderly end changes stands in damage.test.ts.
  await world.disk.remove(`${LOG_FOLDER}/end.json`);
  return world.segments();
}

async function putBytes(world: LogWorld, path: string, at: number, bytes: Uint8Array) {
  const file = await world.disk.open(path, 'r+');
  await file.write(bytes, at < 0 ? (await file.size()) + at + 1 : at);
  await file.datasync();
}

async function numbersOf(world: LogWorld): Promise<number[]> {
  const log = await world.open();
  const all = (await readAll(log)).map((d) => plainRecord(d.bytes).number);
  await log.close();
  return all.sort((a, b) => a - b);
}

describe('the tail of the newest segment', () => {
  it('is cut where a commit was not finished', async () => {
    const world = logWorld();
    const [path] = await filled(world, 3, 100_000);
    const whole = world.disk.content(path);
    for (let cut = HEADER; cut < whole.length; cut += 7) {
      const one = logWorld(cut);
      const [mine] = await filled(one, 3, 100_000);
      const file = await one.disk.open(mine, 'r+');
      await file.truncate(cut);
      const log = await one.open();
      const got = await readAll(log);
      assert.ok(got.length < 3);
      assert.ok(log.cutBytes < FRAME_HEADER_BYTES + 200);
      await log.close();
    }
  });

  it('is cut when rubbish or zeros follow', async () => {
    for (const rubbish of [new Uint8Array(5000), Uint8Array.from({ length: 99 }, (_, i) => i)]) {
      const world = logWorld();
      const [path] = await filled(world, 3, 100_000);
      await putBytes(world, path, -1, rubbish);
      const log = await world.open();
      assert.equal(log.cutBytes, rubbish.length);
      assert.equal((await readAll(log)).length, 3);
      await appendEach(log, 10, 2);
      await log.close();
      assert.deepEqual(await numbersOf(world), [0, 1, 2, 10, 11]);
    }
  });

  it('does not take a frame of another place, segment or log for one of its own', async () => {
    const world = logWorld();
    const [first, second] = await filled(world, 12, 600);
    const frame = world.disk.content(first).subarray(HEADER);
    const newest = (await world.segments()).at(-1) as string;
    await putBytes(world, newest, -1, frame);
    await putBytes(world, newest, -1, world.disk.content(second).subarray(HEADER));
    assert.equal((await numbersOf(world)).length, 12);
  });
});

describe('damage', () => {
  it('in the middle of the newest segment is refused', async () => {
    const world = logWorld();
    const [path] = await filled(world, 5, 100_000);
    world.disk.corrupt(path, HEADER + FRAME_HEADER_BYTES + 3);
    await failsWith('MON_LOG_CORRUPT', world.open(), new RegExp(`${path} at ${HEADER}:`));
    // Nothing was changed by looking.
    world.disk.corrupt(path, HEADER + FRAME_HEADER_BYTES + 3);
    assert.equal((await numbersOf(world)).length, 5);
  });

  it('in an older segment is refused when it is read, after what is whole', async () => {
    const world = logWorld();
    const [path] = await filled(world, 20);
    const log = await world.open();
    world.disk.corrupt(path, HEADER + 120);
    const reader = await log.read(
      'r',
      new Map([
        [0, 0],
        [1, 0],
      ]),
    );
    assert.equal((await reader.next()).length, 1);
    await failsWith('MON_LOG_CORRUPT', reader.next(), /000000000001\.segment/);
    await failsWith('MON_LOG_CORRUPT', reader.next());
    await log.close();
  });

  it('by a missing or short segment is refused', async () => {
    const world = logWorld();
    const paths = await filled(world, 60);
    assert.ok(paths.length > 3);
    const [, second] = paths;
    const content = world.disk.content(second);
    await world.disk.remove(second);
    await failsWith('MON_LOG_CORRUPT', world.open(), /missing/);
    await world.disk.replaceFile(second, [content.subarray(0, content.length - 1)]);
    await failsWith('MON_LOG_CORRUPT', world.open(), /ends before/);
    await world.disk.replaceFile(second, [content]);
    assert.equal((await numbersOf(world)).length, 60);
  });

  it('of a header, of meta.json and of readers.json is refused', async () => {
    const world = logWorld();
    const [path] = await filled(world, 2);
    assert.equal((await numbersOf(world)).length, 2);
    for (let at = 0; at < HEADER; at++) {
      world.disk.corrupt(path, at, 1 << (at % 8));
      await failsWith('MON_LOG_CORRUPT', world.open());
      world.disk.corrupt(path, at, 1 << (at % 8));
    }
    const texts = [
      '',
      '{',
      'null',
      '[]',
      '{"format":"mon log"}',
      '{"format":"mon log","version":2}',
    ];
    for (const name of ['meta.json', 'readers.json']) {
      const before = world.disk.content(`${LOG_FOLDER}/${name}`);
      for (const text of texts) {
        await world.disk.replaceFile(`${LOG_FOLDER}/${name}`, [new TextEncoder().encode(text)]);
        await failsWith('MON_LOG_CORRUPT', world.open(), new RegExp(name));
      }
      await world.disk.replaceFile(`${LOG_FOLDER}/${name}`, [before]);
    }
    await world.disk.remove(`${LOG_FOLDER}/meta.json`);
    await failsWith('MON_LOG_CORRUPT', world.open(), /no meta\.json/);
  });
});

describe('any bytes', () => {
  it('as a segment are refused or read, never anything else', async () => {
    const seed = Number(process.env['MON_SEED'] ?? 7);
    const random = seededRandom(seed);
    const world = logWorld();
    const [path] = await filled(world, 6, 100_000);
    const valid = world.disk.content(path);
    for (let round = 0; round < 400; round++) {
      const bytes = valid.slice();
      const changes = 1 + Math.floor(random() * 4);
      for (let i = 0; i < changes; i++) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      const cut = random() < 0.3 ? Math.floor(random() * bytes.length) : bytes.length;
      await world.disk.replaceFile(path, [bytes.subarray(0, cut)]);
      try {
        const log = await world.open();
        for (const d of await readAll(log)) plainRecord(d.bytes);
        await log.close();
      } catch (thrown) {
        const known = thrown instanceof MonError && thrown.code === 'MON_LOG_CORRUPT';
        assert.ok(known, `MON_SEED=${seed}, round ${round}: ${String(thrown)}`);
      }
      for (const other of await world.segments())
        if (other !== path) await world.disk.remove(other);
    }
  });

  it('as a header are refused', () => {
    const seed = Number(process.env['MON_SEED'] ?? 8);
    const random = seededRandom(seed);
    for (let round = 0; round < 2000; round++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256);
      if (round % 2 === 0)
        bytes.set(Uint8Array.of(0x4d, 0x4c, 0x4f, 0x47, 1, 0).subarray(0, bytes.length));
      assert.throws(
        () => decodeHeader(bytes, 'x'),
        (thrown) => thrown instanceof MonError && thrown.code === 'MON_LOG_CORRUPT',
        `MON_SEED=${seed}, round ${round}`,
      );
    }
  });
});
