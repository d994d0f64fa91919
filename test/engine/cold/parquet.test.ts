// Samples into Parquet and back by three readers: DuckDB, hyparquet (somebody else's, in plain
// JavaScript) and the sums of the manifest. Bits of values, NaN payloads and stale markers, are
// what is looked at hardest.
import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Piece } from '../../../src/engine/codec/block.ts';
import { encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import type { RawSeries } from '../../../src/engine/cold/cold-rows.ts';
import { Duck } from '../../../src/engine/cold/duck.ts';
import { wordsOf } from '../../../src/engine/cold/duck-vectors.ts';
import { writeSamples, type WrittenObject } from '../../../src/engine/cold/object-write.ts';
import { makeHistogram } from '../../../src/engine/model/histogram.ts';
import { STALE_HIGH, STALE_LOW } from '../../../src/engine/model/sample.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';

const WORDS = [
  [0x00000002, 0x7ff00000],
  [0x1234, 0x7ff80000],
  [0, 0x80000000],
  [0, 0],
  [1, 0xfff80000],
  [7, 0x7ff40000],
  [0, 0x7ff00000],
  [0, 0xfff00000],
];

interface Plain {
  readonly labels: string[];
  readonly times: Float64Array;
  readonly words: Uint32Array;
  readonly bodies: Uint8Array[];
}

function makeSeries(seed: number, count: number): Plain[] {
  const random = seededRandom(seed);
  const below = (n: number): number => Math.floor(random() * n);
  return Array.from({ length: count }, (_, s) => {
    const rows = s === 1 ? 130_000 : below(3000) + 1;
    const times = new Float64Array(rows);
    const values = new Float64Array(rows);
    const words = new Uint32Array(values.buffer);
    let at = -5000 + below(10_000);
    for (let i = 0; i < rows; i++) {
      times[i] = at += 1 + below(30_000);
      values[i] = below(1000) / 8;
      if (below(20) === 0) words.set(WORDS[below(WORDS.length)], i * 2);
    }
    const labels = ['__name__', `m_${s}`, '__proto__', 'x', 'job', `"a'\u00e9\n${s}`];
    const histogram = makeHistogram({ schema: 0, count: 3, sum: s });
    const body = encodeHistogram(histogram, { timestampMs: at + 1, stale: false });
    return { labels, times, words, bodies: s % 3 === 0 ? [body] : [] };
  });
}

function* pieces({ times, words, bodies }: Plain): Iterable<Piece> {
  yield { kind: 'float', count: times.length, timestamps: times, words };
  if (bodies.length === 0) return;
  yield {
    kind: 'floatHistogram',
    timestamps: Float64Array.of(times[times.length - 1] + 1),
    bodies,
  };
}

async function written(
  work: (from: readonly Plain[], object: WrittenObject, duck: Duck) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mon-cold-'));
  const duck = await Duck.open({ scratch: join(folder, 'spill') });
  try {
    const from = makeSeries(7, 40);
    const series = from.map((one, i): RawSeries => {
      return {
        labels: one.labels,
        hash: BigInt(i) * 0x0fff_ffff_ffff_fff1n,
        pieces: () => pieces(one),
      };
    });
    const object = await writeSamples({ duck, disk: systemDisk, folder }, series);
    assert.ok(object);
    await work(from, object, duck);
  } finally {
    duck.close();
    await rm(folder, { recursive: true });
  }
}

test('every bit of a sample comes back by DuckDB', () =>
  written(async (from, object, duck) => {
    const rows = from.map(({ times, bodies }) => times.length + bodies.length);
    assert.equal(
      object.rows,
      rows.reduce((a, b) => a + b),
    );
    const places = from.map(() => 0);
    const sql = 'SELECT series::DOUBLE, timestamp::DOUBLE, value, histogram FROM read_parquet(?)';
    await duck.each(sql, [object.dataPath], 'object', (chunk) => {
      const words = wordsOf(chunk, 2);
      for (const [i, [series, time, , body]] of chunk.getRows().entries()) {
        const one = from[series as number];
        const at = places[series as number]++;
        if (at === one.times.length) {
          assert.deepEqual(
            { ...(body as unknown as { bytes: Uint8Array }).bytes },
            { ...one.bodies[0] },
          );
          continue;
        }
        assert.equal(body, null);
        assert.equal(time, one.times[at]);
        assert.deepEqual(words.subarray(i * 2, i * 2 + 2), one.words.subarray(at * 2, at * 2 + 2));
      }
    });
    assert.deepEqual(places, rows);
  }));

test('samples are counted by their kinds as by their bits', () =>
  written(async (_, object, duck) => {
    assert.equal(object.stale, true);
    const bits = `'011111111111${'0'.repeat(50)}10'::BIT`;
    const [[kinds, values]] = await duck.rows(
      `SELECT count(*) FILTER (kind < 4), count(*) FILTER (CAST(value AS BIT) <> ${bits})
       FROM read_parquet(?)`,
      [object.dataPath],
      'counts',
    );
    assert.equal(kinds, values);
    assert.ok(Number(kinds) < object.rows);
  }));

test('hyparquet reads the same rows and the same series', () =>
  written(async (from, object) => {
    const file = (path: string): ArrayBuffer => {
      const bytes = readFileSync(path);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    };
    const series = await parquetReadObjects({ file: file(object.indexPath), compressors });
    assert.equal(series.length, from.length);
    for (const [s, row] of series.entries()) {
      const { times, bodies, labels } = from[s];
      assert.equal(row.series, s);
      assert.equal(row.metric, labels[1]);
      // It makes plain objects of maps, in which `__proto__` is lost; DuckDB keeps it.
      assert.deepEqual({ ...row.labels }, { job: labels[5] });
      assert.equal(Number(row.min_ms), times[0]);
      assert.equal(Number(row.max_ms), times[times.length - 1] + bodies.length);
      assert.equal(Number(row.rows), times.length + bodies.length);
    }
    const data = await parquetReadObjects({
      file: file(object.dataPath),
      compressors,
      utf8: false,
    });
    let at = 0;
    const bits = new Float64Array(1);
    const words = new Uint32Array(bits.buffer);
    for (const [s, one] of from.entries()) {
      for (let i = 0; i < one.times.length; i++, at++) {
        const row = data[at];
        assert.equal(row.series, s);
        assert.equal(Number(row.timestamp), one.times[i]);
        bits[0] = row.value as number;
        const same = words[0] === one.words[i * 2] && words[1] === one.words[i * 2 + 1];
        assert.ok(same || Number.isNaN(row.value), `bits of row ${at}`);
        const stale = one.words[i * 2] === STALE_LOW && one.words[i * 2 + 1] === STALE_HIGH;
        assert.equal(row.kind, stale ? 4 : 0, `kind of row ${at}`);
      }
      for (const body of one.bodies) {
        assert.deepEqual({ ...data[at].histogram }, { ...body });
        assert.equal(data[at++].kind, 2);
      }
    }
    assert.equal(at, data.length);
  }));

test('row groups and footer cover the file, each with its checksum', () =>
  written(async (_, object) => {
    const bytes = readFileSync(object.dataPath);
    assert.equal(object.data.bytes, bytes.length);
    assert.equal(object.data.sha256, createHash('sha256').update(bytes).digest('hex'));
    const index = readFileSync(object.indexPath);
    assert.equal(object.index.sha256, createHash('sha256').update(index).digest('hex'));
    let at = 4;
    for (const [start, size, crc] of [...object.groups, object.footer]) {
      assert.equal(start, at);
      assert.equal(crc, crc32(bytes.subarray(start, start + size)));
      at += size;
    }
    assert.equal(at, bytes.length);
    assert.ok(object.groups.length > 1);
  }));
