// The embedded log by itself: how commits gather, what a failed one takes along, and its bounds.
// Runs on the simulated disk and on virtual time.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { RECORD_BYTES_MAX } from '../../../src/engine/limits.ts';
import { appendEach, failsWith, logWorld, offsetsIn, readAll } from '../../support/log-world.ts';
import { plainBatch, plainEncoder, plainRecord } from '../../support/plain-records.ts';
import { settle } from '../../support/virtual-clock.ts';

function numbers(deliveries: readonly { bytes: Uint8Array }[]): number[] {
  return deliveries.map((d) => plainRecord(d.bytes).number).sort((a, b) => a - b);
}

describe('commits of the embedded log', () => {
  it('gather what is appended while the disk is busy', async () => {
    const { disk, clock, open } = logWorld();
    const log = await open();
    await appendEach(log, 0, 1);
    Object.assign(disk.faults, { slow: 1, slowMs: 5 });
    const first = log.append([plainBatch(0, 10)]);
    await settle();
    const rest = Array.from({ length: 50 }, (_, i) => log.append([plainBatch(1, 11 + i)]));
    const { commits } = log.counts;
    await clock.advance(1000);
    await Promise.all([first, ...rest]);
    // 51 records outgrow the small segments; every segment is a commit, never a record.
    assert.ok(log.counts.commits - commits <= 12, `${log.counts.commits - commits} commits`);
    assert.equal(log.counts.records, 52);
    assert.ok(log.counts.commitSeconds > 0);
    Object.assign(disk.faults, { slow: 0 });
    await log.close();
  });

  it('begin at once when the log is idle, and wait for who was just answered', async () => {
    const { clock, open } = logWorld();
    const log = await open({ gatherMs: 20, segmentBytes: 100_000 });
    const before = clock.monotonic();
    const both = [log.append([plainBatch(0, 1)]), log.append([plainBatch(0, 2)])];
    assert.deepEqual(offsetsIn((await Promise.all(both)).flat()), [0, 1]);
    const three = log.append([plainBatch(0, 3)]);
    await settle();
    assert.equal(log.counts.commits, 1);
    const four = log.append([plainBatch(0, 4)]);
    assert.deepEqual(offsetsIn([...(await three), ...(await four)]), [2, 3]);
    assert.equal(log.counts.commits, 2);
    assert.equal(clock.monotonic(), before);
    const five = log.append([plainBatch(0, 5)]);
    await settle();
    assert.equal(log.counts.commits, 2);
    await clock.advance(20);
    assert.deepEqual(offsetsIn(await five), [4]);
    // Nobody else is expected now.
    assert.deepEqual(offsetsIn(await log.append([plainBatch(0, 6)])), [5]);
    assert.deepEqual(offsetsIn(await log.append([plainBatch(0, 7)])), [6]);
    assert.equal(clock.monotonic(), before + 20);
    await log.close();
  });

  it('do not wait when the log is closed', async () => {
    const { open } = logWorld();
    const log = await open({ gatherMs: 20, segmentBytes: 100_000 });
    await Promise.all([log.append([plainBatch(0, 1)]), log.append([plainBatch(0, 2)])]);
    const last = log.append([plainBatch(0, 3)]);
    await settle();
    await log.close();
    assert.deepEqual(offsetsIn(await last), [2]);
  });

  it('fail with all that is queued, and the log goes on in a new segment', async () => {
    const { disk, open, segments } = logWorld();
    const log = await open({ segmentBytes: 100_000 });
    await appendEach(log, 0, 4);
    disk.faults.syncError = 1;
    const doomed = log.append([plainBatch(0, 4), plainBatch(1, 5)]);
    await Promise.resolve();
    await Promise.resolve();
    const queued = log.append([plainBatch(0, 6)]);
    await settle();
    disk.faults.syncError = 0;
    const answers = [...(await doomed), ...(await queued)];
    assert.deepEqual(offsetsIn(answers), Array(3).fill('MON_DISK_FAILED'));
    assert.deepEqual(offsetsIn(await appendEach(log, 8, 3)), [2, 2, 3]);
    assert.equal(log.counts.failures, 1);
    assert.deepEqual(numbers(await readAll(log)), [0, 1, 2, 3, 8, 9, 10]);
    const sequences = (await readAll(log)).map((d) => plainRecord(d.bytes).sequence);
    assert.deepEqual(new Set(sequences.slice(4)).size, 1);
    assert.notEqual(sequences[4], sequences[3]);
    assert.equal((await segments()).length, log.counts.segments);
    await log.close();
    const again = await open();
    assert.deepEqual(numbers(await readAll(again)), [0, 1, 2, 3, 8, 9, 10]);
    await again.close();
  });

  it('answer a full disk as such and succeed when there is room again', async () => {
    const { disk, open } = logWorld();
    const log = await open();
    await appendEach(log, 0, 2);
    disk.faults.enospc = 1;
    const answers = await log.append([plainBatch(0, 2)]);
    assert.deepEqual(offsetsIn(answers), ['MON_DISK_FULL']);
    assert.ok('error' in answers[0] && answers[0].error.kind === 'retry');
    assert.equal(answers[0].error.fields['certain'], 1);
    disk.faults.enospc = 0;
    assert.deepEqual(offsetsIn(await appendEach(log, 4, 1)), [1]);
    await log.close();
  });

  it('are refused before the disk is quite full', async () => {
    const { disk, open } = logWorld();
    const log = await open();
    await appendEach(log, 0, 1);
    disk.capacityBytes = disk.usedBytes + 1000;
    await log.close();
    const again = await open();
    assert.deepEqual(offsetsIn(await appendEach(again, 1, 1)), ['MON_DISK_FULL']);
    assert.equal(again.counts.failures, 0);
    disk.capacityBytes = 1e12;
    await appendEach(again, 1, 1);
    await settle();
    assert.deepEqual(offsetsIn(await appendEach(again, 3, 1)), [0]);
    await again.close();
  });
});

describe('bounds of the embedded log', () => {
  it('answers "busy" when too much waits', async () => {
    const { disk, clock, open } = logWorld();
    const log = await open({ pendingBytesMax: 500 });
    Object.assign(disk.faults, { slow: 1, slowMs: 5 });
    const calls = Array.from({ length: 20 }, (_, i) => log.append([plainBatch(0, i)]));
    await clock.advance(1000);
    const answers = (await Promise.all(calls)).flat();
    const busy = answers.filter((a) => 'error' in a);
    assert.ok(busy.length > 0 && busy.length < 20);
    for (const a of busy) assert.equal(a.error.code, 'MON_LOG_BUSY');
    for (const a of busy) assert.equal(a.error.kind, 'retry');
    const taken = answers.flatMap((a) => ('offset' in a ? [a.offset] : []));
    assert.deepEqual(taken, [...taken.keys()]);
    Object.assign(disk.faults, { slow: 0 });
    assert.deepEqual(offsetsIn(await log.append([plainBatch(0, 99)])), [taken.length]);
    await log.close();
  });

  it('refuses a record that is too large, alone, and begins a new dictionary', async () => {
    const { open } = logWorld();
    const encoder = plainEncoder((n) => (n === 2 ? RECORD_BYTES_MAX : 0));
    const log = await open({ encoder, segmentBytes: 100_000 });
    const batches = [1, 2, 3].map((n) => plainBatch(0, n));
    assert.deepEqual(offsetsIn(await log.append(batches)), [0, 'MON_LIMIT_EXCEEDED', 1]);
    const [a, b] = (await readAll(log)).map((d) => plainRecord(d.bytes));
    assert.deepEqual([a.number, b.number], [1, 3]);
    assert.ok(b.sequence > a.sequence);
    await log.close();
  });

  it('takes the largest record and reads it from disk', async () => {
    const { open } = logWorld();
    const encoder = plainEncoder((n) => (n === 2 ? RECORD_BYTES_MAX - 1000 : 0));
    const log = await open({ encoder });
    await appendEach(log, 1, 3);
    await log.close();
    const again = await open();
    assert.deepEqual(numbers(await readAll(again)), [1, 2, 3]);
    await again.close();
  });
});

describe('an opening of the embedded log', () => {
  it('has an epoch of its own, also when nothing was written', async () => {
    const { open } = logWorld();
    const epochs: number[] = [];
    for (let i = 0; i < 3; i++) {
      const log = await open();
      epochs.push(log.epoch);
      await log.close();
    }
    assert.deepEqual(epochs, [1, 2, 3]);
  });

  it('holds a claim from the moment that read has resolved', async () => {
    const { disk, open } = logWorld();
    const log = await open();
    await appendEach(log, 0, 30);
    const ahead = await log.read(
      'ahead',
      new Map([
        [0, 15],
        [1, 15],
      ]),
    );
    await log.read(
      'behind',
      new Map([
        [0, 1],
        [1, 15],
      ]),
    );
    disk.processCrash();
    const again = await open();
    assert.deepEqual([...again.readers()].sort(), ['ahead', 'behind']);
    await again.retain();
    assert.ok((await again.start(0)) <= 1);
    await again.forget('behind');
    assert.ok((await again.start(0)) > 1);
    await again.close();
    await ahead.close();
  });

  it('keeps young segments although all readers have let go', async () => {
    const { clock, open } = logWorld();
    const log = await open({ keepMs: 10_000 });
    const reader = await log.read(
      'one',
      new Map([
        [0, 0],
        [1, 0],
      ]),
    );
    await appendEach(log, 0, 30);
    for (const p of [0, 1]) reader.release(p, 15);
    await clock.advance(5000);
    assert.equal(await log.start(0), 0);
    await clock.advance(6000);
    assert.ok((await log.retain()) > 0);
    assert.ok((await log.start(0)) > 0);
    await log.close();
  });

  it('writes down by itself what was released', async () => {
    const { clock, disk, open } = logWorld();
    const log = await open();
    await appendEach(log, 0, 30);
    const reader = await log.read(
      'one',
      new Map([
        [0, 0],
        [1, 0],
      ]),
    );
    for (const p of [0, 1]) reader.release(p, 15);
    await clock.advance(2000);
    assert.ok((await log.start(0)) > 0, 'and retention follows');
    disk.processCrash();
    const again = await open();
    await failsWith('MON_LOG_OFFSET_GONE', again.read('one', new Map([[0, 0]])));
    await again.close();
  });

  it('hears a signal and a close that come while a reader looks', async () => {
    const { open } = logWorld();
    const log = await open();
    const reader = await log.read('one', new Map([[0, 0]]));
    const abort = new AbortController();
    const got = reader.next(abort.signal);
    abort.abort();
    assert.deepEqual(await got, []);
    const again = reader.next();
    await log.close();
    assert.deepEqual(await again, []);
    await reader.close();
  });

  it('passes on a failure of the encoder that is a bug', async () => {
    const { open } = logWorld();
    const log = await open({
      encoder: {
        encode() {
          throw new TypeError('a bug');
        },
      },
    });
    await assert.rejects(log.append([plainBatch(0, 1)]), (e) => !(e instanceof MonError));
    await log.close();
  });
});
