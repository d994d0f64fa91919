// Histograms keep their kind, their start and their bytes on every way through a block: out of a
// head, into a block, out of it and into the next one.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { decodeHistogram, encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import { piecesOf, withRows } from '../../../src/engine/codec/mixed-rows.ts';
import type { BytesPiece } from '../../../src/engine/codec/block.ts';
import type { SampleBuffer } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { makeBuffer, makeRoom, mergeRuns } from '../../../src/engine/store/merge-samples.ts';
import { below, randomHistogram } from '../../support/random-histograms.ts';

const SEED = 17;

/** Floats and histograms of both kinds, as a head answers them. */
function mixed(times: readonly number[], seed: number): SampleBuffer {
  const random = seededRandom(seed);
  const out = makeBuffer();
  makeRoom(out, times.length);
  out.histograms = [];
  out.bodies = [];
  times.forEach((timestampMs, i) => {
    out.timestamps[i] = timestampMs;
    const kind = below(random, 3);
    out.values[i] = i;
    if (kind === 0) {
      out.histograms?.push(undefined);
      out.bodies?.push(undefined);
      return;
    }
    const startMs = below(random, 2) * (timestampMs - 5);
    const form = { timestampMs, startMs, integer: kind === 1 };
    const body = encodeHistogram(randomHistogram(random, kind === 1), form);
    out.histograms?.push(decodeHistogram(body).histogram);
    out.bodies?.push(body);
  });
  return out;
}

/** Through pieces and back, as a block does it. */
function throughBlock(from: SampleBuffer, count: number): SampleBuffer {
  const into = makeBuffer();
  makeRoom(into, count);
  const rows: BytesPiece[] = [];
  let floats = 0;
  for (const piece of piecesOf(from, count)) {
    if (piece.kind !== 'float') {
      rows.push(piece);
      continue;
    }
    into.timestamps.set(piece.timestamps, floats);
    into.words.set(piece.words, floats * 2);
    floats += piece.count;
  }
  for (const { kind, bodies } of rows) {
    for (const body of bodies) {
      assert.equal(decodeHistogram(body).integer, kind === 'histogram', 'a piece tells its kind');
    }
  }
  assert.equal(withRows(into, floats, rows), count);
  return into;
}

function same(found: SampleBuffer, from: SampleBuffer, count: number): void {
  assert.deepEqual(found.timestamps.slice(0, count), from.timestamps.slice(0, count));
  const bytes = (of: SampleBuffer): (number[] | undefined)[] =>
    Array.from({ length: count }, (_, i) => of.bodies?.[i] && [...of.bodies[i]]);
  assert.deepEqual(bytes(found), bytes(from), `seed ${SEED}: every body byte by byte`);
  from.bodies?.forEach((body, i) => {
    if (body === undefined) return;
    assert.equal(found.starts?.[i] ?? 0, decodeHistogram(body).startMs);
  });
}

test('a block keeps the bytes of histograms, and tells whole counts from others', () => {
  const from = mixed(
    [...Array(200).keys()].map((i) => 1000 + i * 10),
    SEED,
  );
  const found = throughBlock(from, 200);
  same(found, from, 200);
  same(throughBlock(found, 200), from, 200);
});

test('runs that are joined keep them too', () => {
  const times = [...Array(100).keys()].map((i) => 1000 + i * 10);
  const all = mixed(times, SEED);
  const part = (pick: (i: number) => boolean): { buffer: SampleBuffer; count: number } => {
    const rows = times.map((_, i) => i).filter(pick);
    const buffer = makeBuffer();
    makeRoom(buffer, rows.length);
    rows.forEach((row, i) => {
      buffer.timestamps[i] = all.timestamps[row];
      buffer.words.set(all.words.subarray(row * 2, row * 2 + 2), i * 2);
    });
    buffer.histograms = rows.map((row) => all.histograms?.[row]);
    buffer.bodies = rows.map((row) => all.bodies?.[row]);
    return { buffer: throughBlock(buffer, rows.length), count: rows.length };
  };
  const split = [(i: number) => i < 50, (i: number) => i >= 50];
  const woven = [(i: number) => i % 3 === 0, (i: number) => i % 3 !== 0];
  for (const picks of [split, woven]) {
    const joined = makeBuffer();
    assert.equal(mergeRuns(picks.map(part), joined), 100);
    same(joined, all, 100);
  }
});
