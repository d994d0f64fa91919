// The small rules of the store's files: both versions of the state file, which blocks are joined,
// which window a sample is sealed in, which run of samples wins.
import { strict as assert } from 'node:assert';
import { crc32 } from 'node:zlib';
import { test } from 'node:test';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  EMPTY_LIST,
  type BlockEntry,
} from '../../../src/engine/store/checkpoint-file.ts';
import { oldestBeyond, planCompaction } from '../../../src/engine/store/compaction.ts';
import { makeBuffer, makeRoom, mergeRuns } from '../../../src/engine/store/merge-samples.ts';
import { OffsetMarks } from '../../../src/engine/store/offset-marks.ts';
import { sealBoundary, windowAt } from '../../../src/engine/store/seal.ts';

const HOUR = 3_600_000;

function block(from: number, to: number, bytes = 100): BlockEntry {
  return {
    ...{ name: `${from}-${to}`, id: '', bytes, minMs: from * HOUR, maxMs: to * HOUR - 1 },
    ...{ series: 1, samples: 10, level: 0, sequence: from, from: 0, to: 0 },
  };
}

test('a state file of version 1 is read, and every flipped byte of version 2 is refused', () => {
  const header = { partition: 3, generation: 2, offset: 77 };
  const head = Uint8Array.of(1, 2, 3);
  const list = { ...EMPTY_LIST, blocks: [block(0, 2)], nextSequence: 9, sealedTo: 5 };
  const bytes = Buffer.concat([...encodeCheckpoint(header, list), head]);
  assert.deepEqual(decodeCheckpoint(bytes, 'x'), { ...header, list, head: bytes.subarray(-3) });
  for (let at = 0; at < bytes.length - 3; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at] ^= 1 << (at % 8);
    assert.throws(() => decodeCheckpoint(flipped, 'x'), /checkpoint x/, `byte ${at}`);
  }
  for (let size = 0; size < bytes.length - 3; size++) {
    assert.throws(() => decodeCheckpoint(bytes.subarray(0, size), 'x'), /checkpoint x/);
  }
  const old = Buffer.alloc(43);
  bytes.copy(old, 0, 0, 24);
  old.writeUInt32LE(1, 4);
  old.writeUInt32LE(crc32(old.subarray(0, 36)), 36);
  const first = decodeCheckpoint(old, 'x');
  assert.deepEqual([first.offset, first.list, first.head.length], [77, EMPTY_LIST, 3]);
});

test('windows are joined when they are complete and it is worth the writing', () => {
  const limits = { boundaryMs: 48 * HOUR, spanMsMax: 24 * HOUR };
  const names = (blocks: BlockEntry[], more = limits): string[] | undefined =>
    planCompaction(blocks, more)?.map(({ name }) => name);
  const quarter = [block(0, 2), block(2, 4), block(4, 6), block(6, 8)];
  assert.deepEqual(names(quarter), ['0-2', '2-4', '4-6', '6-8']);
  assert.equal(names(quarter, { ...limits, boundaryMs: 7 * HOUR }), undefined);
  assert.equal(names(quarter, { ...limits, spanMsMax: 2 * HOUR }), undefined);
  const day = block(0, 24, 10_000);
  assert.equal(names([day, block(2, 4)]), undefined, 'too little to write the day anew');
  assert.deepEqual(names([day, block(2, 4, 3000)]), ['0-24', '2-4']);
  const order = [day, block(2, 4), { ...block(0, 24, 50), name: 'between' }, block(4, 6)];
  assert.equal(names(order), undefined, 'what lies between them overlaps');
});

test('the oldest blocks go first when there is too much', () => {
  const all = [block(4, 6), block(0, 2), block(2, 4)];
  assert.deepEqual(
    oldestBeyond(all, 200).map(({ name }) => name),
    ['0-2'],
  );
  assert.deepEqual(oldestBeyond(all, 0).length, 3);
  assert.deepEqual(oldestBeyond(all, 300), []);
});

test('a seal takes whole slices, and wide windows of what is long past', () => {
  assert.equal(sealBoundary(10.5 * HOUR, HOUR), 8 * HOUR);
  assert.deepEqual(windowAt(25 * HOUR, 72 * HOUR), { from: 24 * HOUR, end: 48 * HOUR });
  assert.deepEqual(windowAt(25 * HOUR, 34 * HOUR), { from: 24 * HOUR, end: 32 * HOUR });
  assert.deepEqual(windowAt(33 * HOUR, 34 * HOUR), { from: 32 * HOUR, end: 34 * HOUR });
  assert.deepEqual(windowAt(-1, 0), { from: -24 * HOUR, end: 0 });
});

test('marks say from where on the log is needed', () => {
  const marks = new OffsetMarks();
  marks.note(0, -Infinity);
  marks.note(10, 100);
  marks.note(20, 100);
  marks.note(30, 200);
  assert.deepEqual(
    [50, 101, 201].map((ms) => marks.heldBefore(ms)),
    [0, 20, 30],
  );
  marks.forgetBefore(150);
  assert.deepEqual(
    [101, 201].map((ms) => marks.heldBefore(ms)),
    [0, 30],
  );
});

test('of several runs the first wins, with every bit', () => {
  const run = (times: number[], word: number) => {
    const buffer = makeBuffer();
    makeRoom(buffer, times.length);
    buffer.timestamps.set(times);
    times.forEach((_, i) => buffer.words.set([word, 0x7ff00000], i * 2));
    return { buffer, count: times.length };
  };
  const into = makeBuffer();
  const merged = (...runs: ReturnType<typeof run>[]): [number, number][] => {
    const count = mergeRuns(runs, into);
    return Array.from({ length: count }, (_, i) => [into.timestamps[i], into.words[i * 2]]);
  };
  const first = run([1, 3, 5], 7);
  const second = run([2, 3, 4, 6], 8);
  const all = [
    [1, 7],
    [2, 8],
    [3, 7],
    [4, 8],
    [5, 7],
    [6, 8],
  ];
  assert.deepEqual(merged(first, second), all);
  assert.deepEqual(merged(run([9], 1), run([1, 2], 2)), [
    [1, 2],
    [2, 2],
    [9, 1],
  ]);
});
