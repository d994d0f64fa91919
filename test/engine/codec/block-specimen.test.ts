// The specimen of the block's format, fixtures/format/block-v1.*: bytes written by an earlier
// build must be read as they were meant. Today's writer may choose other bytes (another zstd, a
// better plan), so it is only asked for a block that says the same. When the format changes, the
// version changes and a new specimen comes beside the old. `MON_WRITE_SPECIMENS=1` makes what is
// missing.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BlockCache } from '../../../src/engine/codec/block-cache.ts';
import type { BlockSeries, Piece } from '../../../src/engine/codec/block.ts';
import { BlockReader } from '../../../src/engine/codec/block-reader.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { compareLabels, NAME } from '../../../src/engine/model/labels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { projectRoot } from '../../support/project.ts';
import { COLUMN_SHAPES, randomWords } from '../../support/random-columns.ts';
import { blockOf, floatRows, rowsOf, sourceOf, START } from './naive-block.ts';

const BYTES = join(projectRoot, 'fixtures/format/block-v1.bin');
const SAYS = join(projectRoot, 'fixtures/format/block-v1.json');

const kernels = new Kernels();

/** One series of each shape, histograms, a hole in shared times, and values that are no numbers. */
function series(): BlockSeries[] {
  const random = seededRandom(1);
  const timestamps = Float64Array.from({ length: 48 }, (_, i) => START + i * 15_000 + (i % 3));
  const float = (times: Float64Array, shape: string): Piece => ({
    kind: 'float',
    count: times.length,
    timestamps: times,
    words: randomWords(random, times.length, shape),
  });
  const out: BlockSeries[] = Object.keys(COLUMN_SHAPES).map((shape, i) => ({
    labels: [NAME, 'value', 'host', ['a', 'b', 'ü'][i % 3], 'shape', shape],
    pieces: [float(timestamps, shape)],
  }));
  const some = timestamps.filter((_, i) => i !== 7 && i < 20);
  out.push({ labels: [NAME, 'holes'], pieces: [float(some, 'tenths')] });
  const bodies = Array.from({ length: 4 }, (_, i) => Uint8Array.of(8, i, 16, 2));
  const rows: Piece = { kind: 'histogram', timestamps: timestamps.subarray(0, 4), bodies };
  const more: Piece = { ...rows, kind: 'floatHistogram', timestamps: timestamps.subarray(4, 8) };
  const last = float(timestamps.subarray(8), 'counter');
  out.push({ labels: [NAME, 'latency'], pieces: [rows, more, last] });
  return out.sort((a, b) => compareLabels(a.labels, b.labels));
}

/** All that a block says, as plain JSON; values as bits. */
function sayings(file: Uint8Array): unknown {
  const block = new BlockReader(sourceOf(file), { kernels, cache: new BlockCache(1 << 20) });
  assert.deepEqual(block.verify(), []);
  const { id, partition, level, origin, note, minMs, maxMs, samples } = block.summary;
  const all = Array.from({ length: block.series }, (_, one) => ({
    labels: block.labels(one),
    floats: floatRows(block, one, -Infinity, Infinity),
    rows: rowsOf(block.readRows(one, -Infinity, Infinity)),
  }));
  const told = { id: Buffer.from(id).toString('hex'), partition, level, origin, note };
  return JSON.parse(JSON.stringify({ ...told, minMs, maxMs, samples, series: all }));
}

test('the specimen of version 1 is read as it was meant', () => {
  const { file } = blockOf(kernels, series());
  if (process.env['MON_WRITE_SPECIMENS'] === '1' && !existsSync(BYTES)) {
    writeFileSync(BYTES, file);
    writeFileSync(SAYS, `${JSON.stringify(sayings(file), null, 1)}\n`);
  }
  const says: unknown = JSON.parse(readFileSync(SAYS, 'utf8'));
  assert.deepEqual(sayings(new Uint8Array(readFileSync(BYTES))), says);
  assert.deepEqual(sayings(file), says);
});
