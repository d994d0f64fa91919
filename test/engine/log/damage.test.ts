// Every byte of a small log: the last record torn at each, and each one flipped. Intact records are
// kept to the last, what had been durable is never cut in silence, and no wrong record is ever
// handed on.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { headerBytes } from '../../../src/engine/log/segment.ts';
import { LOG_FOLDER, appendEach, failsWith, logWorld, readAll } from '../../support/log-world.ts';
import type { LogWorld } from '../../support/log-world.ts';
import { plainBatch, plainRecord } from '../../support/plain-records.ts';

const RECORDS = 6;
const END = `${LOG_FOLDER}/end.json`;

interface Written {
  readonly world: LogWorld;
  readonly paths: readonly string[];
  /** For each record the length of its segment once it stood there. */
  readonly ends: readonly number[];
}

/** Records that stand in one segment, or in several; by an orderly end, or by a kill. */
async function written(how: 'closed' | 'killed', segmentBytes = 100_000): Promise<Written> {
  const world = logWorld();
  const log = await world.open({ segmentBytes });
  const ends: number[] = [];
  for (let number = 0; number < RECORDS; number++) {
    await appendEach(log, number, 1);
    const newest = (await world.segments()).at(-1) as string;
    ends.push(world.disk.content(newest).length);
  }
  await log.close();
  if (how === 'killed') await world.disk.remove(END);
  return { world, paths: await world.segments(), ends };
}

/** Numbers of the records that the log on this disk hands on, in their order. */
async function numbersOn(world: LogWorld): Promise<number[]> {
  const log = await world.open({ segmentBytes: 100_000 });
  try {
    const all = (await readAll(log)).map(({ bytes }) => plainRecord(bytes).number);
    return all.sort((a, b) => a - b);
  } finally {
    await log.close();
    // The next look is to find the folder as this one did.
    await world.disk.remove(END);
  }
}

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('a record that is torn', () => {
  it('at any byte takes none of the intact ones with it', async () => {
    const { world, paths, ends } = await written('killed');
    const [path] = paths;
    const whole = world.disk.content(path);
    assert.equal(whole.length, ends.at(-1));
    for (let cut = headerBytes(2); cut <= whole.length; cut++) {
      await world.disk.replaceFile(path, [whole.subarray(0, cut)]);
      const intact = ends.filter((end) => end <= cut).length;
      assert.deepEqual(await numbersOn(world), all(intact), `cut at ${cut} of ${whole.length}`);
      for (const other of await world.segments()) {
        if (other !== path) await world.disk.remove(other);
      }
    }
  });

  it('in a commit of many keeps those before it', async () => {
    const world = logWorld();
    const log = await world.open({ segmentBytes: 100_000 });
    await log.append(all(5).map((number) => plainBatch(0, number)));
    await log.close();
    await world.disk.remove(END);
    const [path] = await world.segments();
    const whole = world.disk.content(path);
    let most = 0;
    for (let cut = headerBytes(2); cut <= whole.length; cut++) {
      await world.disk.replaceFile(path, [whole.subarray(0, cut)]);
      const found = await numbersOn(world);
      assert.deepEqual(found, all(found.length), `cut at ${cut}: the first ones, without a gap`);
      assert.ok(found.length >= most, `cut at ${cut}: not fewer than with less`);
      most = found.length;
    }
    assert.equal(most, 5);
  });

  it('after an orderly end is damage, wherever the cut is', async () => {
    const { world, paths } = await written('closed');
    const [path] = paths;
    const whole = world.disk.content(path);
    const note = world.disk.content(END);
    for (let cut = 0; cut < whole.length; cut++) {
      await world.disk.replaceFile(path, [whole.subarray(0, cut)]);
      await failsWith('MON_LOG_CORRUPT', world.open());
    }
    await world.disk.replaceFile(path, [whole]);
    await world.disk.replaceFile(END, [note]);
    assert.deepEqual(await numbersOn(world), all(RECORDS));
  });
});

describe('a byte that is flipped', () => {
  it('is found wherever it is in the newest segment of a log that was closed', async () => {
    const { world, paths } = await written('closed');
    const [path] = paths;
    const { length } = world.disk.content(path);
    for (let at = 0; at < length; at++) {
      for (const mask of [1 << (at % 8), 0xff]) {
        world.disk.corrupt(path, at, mask);
        await failsWith('MON_LOG_CORRUPT', world.open(), /segment/);
        world.disk.corrupt(path, at, mask);
      }
    }
    assert.deepEqual(await numbersOn(world), all(RECORDS));
  });

  it('is found after a kill too, but for the very last commit, which is cut', async () => {
    const { world, paths, ends } = await written('killed');
    const [path] = paths;
    const whole = world.disk.content(path);
    const last = ends.at(-2) as number;
    for (let at = 0; at < whole.length; at++) {
      world.disk.corrupt(path, at, 1 << (at % 8));
      if (at < last) await failsWith('MON_LOG_CORRUPT', world.open(), /segment/);
      else assert.deepEqual(await numbersOn(world), all(RECORDS - 1), `byte ${at}`);
      await world.disk.replaceFile(path, [whole]);
    }
  });

  it('in the last commit is found by a reader that had been there', async () => {
    const { world, paths, ends } = await written('killed');
    world.disk.corrupt(paths[0], (ends.at(-1) as number) - 1);
    const log = await world.open({ segmentBytes: 100_000 });
    const from = new Map([[1, RECORDS / 2]]);
    await failsWith('MON_LOG_OFFSET_PAST_END', log.read('store', from), /the log ends/);
    await log.close();
  });

  it('in an older segment is found when it is read, and nothing wrong is handed on', async () => {
    const { world, paths } = await written('closed', 200);
    assert.ok(paths.length > 2);
    for (const path of paths.slice(0, -1)) {
      const { length } = world.disk.content(path);
      for (let at = 0; at < length; at++) {
        world.disk.corrupt(path, at, 1 << (at % 8));
        await failsWith('MON_LOG_CORRUPT', readWhatIsRight(world), /segment/);
        world.disk.corrupt(path, at, 1 << (at % 8));
      }
    }
    assert.deepEqual(await numbersOn(world), all(RECORDS));
  });

  it('in the closing note makes it say nothing', async () => {
    const { world } = await written('closed');
    const note = world.disk.content(END);
    for (let at = 0; at < note.length; at++) {
      await world.disk.replaceFile(END, [note.map((byte, i) => (i === at ? byte ^ 4 : byte))]);
      assert.deepEqual(await numbersOn(world), all(RECORDS), `byte ${at}`);
    }
  });
});

/** Reads to the damage; what comes before it has to be what was written. */
async function readWhatIsRight(world: LogWorld): Promise<void> {
  const log = await world.open({ segmentBytes: 200 });
  try {
    const from = new Map([0, 1].map((p): [number, number] => [p, 0]));
    const reader = await log.read('look', from);
    for (let seen = 0; seen < RECORDS;) {
      for (const { partition, offset, bytes } of await reader.next()) {
        assert.equal(plainRecord(bytes).number, offset * 2 + partition);
        seen++;
      }
    }
  } catch (thrown) {
    assert.ok(thrown instanceof MonError, String(thrown));
    throw thrown;
  } finally {
    await log.close();
    for (const other of (await world.segments()).slice(-1)) {
      if (world.disk.content(other).length <= headerBytes(2)) await world.disk.remove(other);
    }
  }
}
