// The simulated disk itself: what a power loss may take and what it must leave, and that faults
// happen as often as they should. A disk that is too kind would make every crash test worthless.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MonError } from '../../src/engine/errors.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { MemoryDisk } from './memory-disk.ts';
import { VirtualClock, settle } from './virtual-clock.ts';

const SYNCED = new Uint8Array(2000).fill(1);
const LATER = new Uint8Array(2000).fill(2);

/** A synced file to which something was written later, after a power loss of this seed. */
async function afterLoss(seed: number): Promise<Uint8Array> {
  const disk = new MemoryDisk({ random: seededRandom(seed) });
  await disk.makeFolder('/d');
  await disk.replaceFile('/d/f', [SYNCED]);
  const file = await disk.open('/d/f', 'r+');
  await file.write(LATER, 1500);
  disk.powerLoss();
  return disk.content('/d/f');
}

test('a power loss keeps what was synced and does anything to the rest', async () => {
  const outcomes = { lost: 0, whole: 0, cut: 0, holes: 0 };
  for (let seed = 1; seed <= 300; seed++) {
    const content = await afterLoss(seed);
    assert.ok(content.length >= 2000 && content.length <= 3500);
    assert.ok(content.subarray(0, 1500).every((byte) => byte === 1));
    // An overwritten byte is the old one or the new one.
    assert.ok(content.subarray(1500, 2000).every((byte) => byte === 1 || byte === 2));
    const twos = content.filter((byte) => byte === 2).length;
    if (twos === 0) outcomes.lost++;
    else if (twos === 2000) outcomes.whole++;
    else if (content.subarray(1500, 1500 + twos).every((byte) => byte === 2)) outcomes.cut++;
    else outcomes.holes++;
  }
  for (const [name, count] of Object.entries(outcomes)) assert.ok(count > 10, `${name}: ${count}`);
});

test('names that were not synced may be there or not, old or new', async () => {
  const outcomes = new Set<string>();
  for (let seed = 1; seed <= 100; seed++) {
    const disk = new MemoryDisk({ random: seededRandom(seed) });
    await disk.makeFolder('/d');
    await disk.replaceFile('/d/old', [Uint8Array.of(1)]);
    await disk.rename('/d/old', '/d/new');
    await (await disk.open('/d/made', 'w+')).close();
    disk.powerLoss();
    outcomes.add((await disk.list('/d')).join());
  }
  assert.deepEqual([...outcomes].sort(), ['made,new', 'made,old', 'new', 'old']);
});

test('a file that is replaced is the old or the new one at every point', async () => {
  for (let cut = 1; cut < 12; cut++) {
    const disk = new MemoryDisk({ random: seededRandom(cut) });
    await disk.makeFolder('/d');
    await disk.replaceFile('/d/f', [SYNCED]);
    const frozen = disk.freezeAfter(cut);
    await Promise.race([disk.replaceFile('/d/f', [LATER]), frozen]);
    await settle();
    disk.powerLoss();
    const [first] = disk.content('/d/f');
    assert.deepEqual(disk.content('/d/f'), first === 1 ? SYNCED : LATER);
  }
});

test('a failed sync throws data away for good', async () => {
  let lost = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const disk = new MemoryDisk({ random: seededRandom(seed) });
    await disk.makeFolder('/d');
    await disk.replaceFile('/d/f', [SYNCED]);
    const file = await disk.open('/d/f', 'r+');
    await file.write(LATER, 0);
    disk.faults.syncError = 1;
    await assert.rejects(file.datasync(), MonError);
    disk.faults.syncError = 0;
    await file.datasync();
    assert.deepEqual(disk.content('/d/f'), LATER);
    disk.powerLoss();
    if (disk.content('/d/f').some((byte) => byte === 1)) lost++;
  }
  assert.ok(lost > 30, `${lost}`);
});

test('a killed process is never answered again, and nothing is lost', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1) });
  await disk.makeFolder('/d');
  const file = await disk.open('/d/f', 'w+');
  await file.write(SYNCED, 0);
  let answered = false;
  void file.write(LATER, 0).finally(() => (answered = true));
  disk.processCrash();
  await settle();
  assert.equal(answered, false);
  assert.equal(disk.content('/d/f').length, 2000);
});

test('a full disk fails the write and may keep a part', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1), capacityBytes: 1000 });
  await disk.makeFolder('/d');
  const file = await disk.open('/d/f', 'w+');
  const full = (thrown: unknown): boolean =>
    thrown instanceof MonError && thrown.code === 'MON_DISK_FULL';
  await assert.rejects(file.write(SYNCED, 0), full);
  assert.ok((await file.size()) <= 1000);
  assert.ok((await disk.freeBytes('/d')) <= 1000);
});

test('virtual time runs timers in order, also those that timers set', async () => {
  const clock = new VirtualClock(1000);
  const seen: string[] = [];
  const note = (name: string): void => void seen.push(`${name} ${clock.now()}`);
  clock.after(20, () => note('b'));
  clock.after(10, () => {
    note('a');
    clock.after(5, () => note('nested'));
  });
  clock.after(10, () => note('never')).cancel();
  void clock.sleep(20).then(() => note('c'));
  const abort = new AbortController();
  void clock.sleep(1000, abort.signal).then(() => note('aborted'));
  await clock.advance(15);
  abort.abort();
  await clock.advance(85);
  assert.deepEqual(seen, ['a 1010', 'nested 1015', 'aborted 1015', 'b 1020', 'c 1020']);
  assert.deepEqual([clock.now(), clock.monotonic(), clock.waiting], [1100, 100, 0]);
});
