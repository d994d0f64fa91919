// What happens to a block on a bad disk: every turned bit, every cut, sections in the wrong place
// and plain noise are found, named, and never answered with wrong values.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockCache } from '../../../src/engine/codec/block-cache.ts';
import { BlockReader } from '../../../src/engine/codec/block-reader.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { below, mutated, randomBytes } from '../../support/random-labels.ts';
import { blockOf, floatRows, NaiveBlock, randomSeries, rowsOf, sourceOf } from './naive-block.ts';

const kernels = new Kernels();
const naive = new NaiveBlock(randomSeries(seededRandom(21), 7, 40));
const { file } = blockOf(kernels, naive.series, { pageBytes: 2000 });

/** All that a reader says, each answer or its failure; undefined when the block does not open. */
function damageOf(bytes: Uint8Array): MonError[] {
  let block: BlockReader;
  try {
    const cache = new BlockCache(1 << 22);
    block = new BlockReader(sourceOf(bytes), { kernels, cache });
  } catch (thrown) {
    return [declared(thrown)];
  }
  const found = block.verify();
  // What can still be read is what was written.
  for (let id = 0; id < block.series; id++) {
    try {
      const labels = block.labels(id);
      const floats = floatRows(block, id, -Infinity, Infinity);
      const rows = block.readRows(id, -Infinity, Infinity);
      assert.deepEqual(labels, naive.series[id].labels);
      const all = naive.rows(id, -Infinity, Infinity);
      assert.deepEqual(
        floats,
        all.filter(([, kind]) => kind === 'float'),
      );
      assert.deepEqual(
        rowsOf(rows),
        all.filter(([, kind]) => kind !== 'float'),
      );
    } catch (thrown) {
      declared(thrown);
    }
  }
  return found;
}

function declared(thrown: unknown): MonError {
  if (!(thrown instanceof MonError) || thrown.code !== 'MON_BLOCK_CORRUPT') throw thrown;
  assert.equal(thrown.fields['file'], 'test.block');
  assert.ok(typeof thrown.fields['section'] === 'string');
  assert.ok(typeof thrown.fields['position'] === 'number');
  return thrown;
}

test('every turned bit of a block is found and named', () => {
  const random = seededRandom(2);
  assert.deepEqual(damageOf(file), []);
  for (let at = 0; at < file.length; at++) {
    const bytes = Uint8Array.from(file);
    bytes[at] ^= 1 << below(random, 8);
    assert.ok(damageOf(bytes).length > 0, `byte ${at} of ${file.length} turned`);
  }
});

test('a cut file and one with more behind it are found', () => {
  for (let length = 0; length < file.length; length++) {
    assert.ok(damageOf(file.slice(0, length)).length > 0, `cut to ${length}`);
  }
  assert.ok(damageOf(Buffer.concat([file, Buffer.alloc(1)])).length > 0);
  assert.ok(damageOf(Buffer.concat([file, file])).length > 0);
});

test('a section of another file is found, though its own checksum is right', () => {
  const other = blockOf(kernels, naive.series, { pageBytes: 2000, id: 2 }).file;
  assert.equal(other.length, file.length);
  let tried = 0;
  for (let at = 28; at + 64 < file.length; at += 64) {
    const bytes = Uint8Array.from(file);
    bytes.set(other.subarray(at, at + 64), at);
    if (Buffer.compare(bytes, file) === 0) continue;
    tried++;
    assert.ok(damageOf(bytes).length > 0, `64 bytes at ${at} of another file`);
  }
  // Only checksums differ between the two.
  assert.ok(tried > 5);
  const headless = Buffer.concat([other.subarray(0, 28), file.subarray(28)]);
  assert.ok(damageOf(headless).length > 0);
});

test('noise and mutations are refused, and nothing else happens', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const random = seededRandom(seed);
    const noise = randomBytes(random, below(random, 400));
    assert.ok(damageOf(noise).length > 0, `seed ${seed}`);
    const bytes = mutated(random, file);
    if (Buffer.compare(bytes, file) !== 0) assert.ok(damageOf(bytes).length > 0, `seed ${seed}`);
  }
});
