// A block answers what a naive one answers: series, labels, samples, rows, names and values, for
// any matchers and any range, with pages and chunks of any size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockCache } from '../../../src/engine/codec/block-cache.ts';
import type { Piece } from '../../../src/engine/codec/block.ts';
import { BlockReader } from '../../../src/engine/codec/block-reader.ts';
import { BugError } from '../../../src/engine/errors.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { COLUMN_SAMPLES_MAX } from '../../../src/engine/limits.ts';
import { NAME } from '../../../src/engine/model/labels.ts';
import type { Matcher } from '../../../src/engine/model/matcher.ts';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { randomTimes, randomWords } from '../../support/random-columns.ts';
import { below, pick } from '../../support/random-labels.ts';
import {
  blockOf,
  floatRows,
  NaiveBlock,
  randomSeries,
  rowsOf,
  sourceOf,
  START,
  titleOf,
  type NaiveSeries,
} from './naive-block.ts';

const kernels = new Kernels();

function open(file: Uint8Array, cacheBytes = 1 << 24): BlockReader {
  return new BlockReader(sourceOf(file), { kernels, cache: new BlockCache(cacheBytes) });
}

function randomMatcher(random: Random, series: readonly NaiveSeries[]): Matcher {
  const { labels } = pick(random, series);
  const at = below(random, labels.length / 2) * 2;
  const name = random() < 0.9 ? labels[at] : pick(random, ['none', '__proto__', '']);
  const value = labels[at + 1];
  const text = value.replaceAll(/[\\.+*?()[\]{}^$|]/g, String.raw`\$&`);
  const shape = pick(random, ['is', 'is', 'not', 'any', 'some', 'empty', 'start', 'either', 'no']);
  if (shape === 'is') return { name, op: '=', value };
  if (shape === 'not') return { name, op: '!=', value };
  if (shape === 'any') return { name, op: '=~', value: '.*' };
  if (shape === 'some') return { name, op: '=~', value: '.+' };
  if (shape === 'empty') return { name, op: pick(random, ['=', '!=']), value: '' };
  if (shape === 'start')
    return { name, op: '=~', value: `${text.slice(0, 2).replace(/\\$/, '')}.*` };
  if (shape === 'either') return { name, op: '=~', value: `${text}|m_1|1.` };
  return { name, op: '!~', value: pick(random, [text, '', '.+', '[a-m].*']) };
}

function randomRange(random: Random): [number, number] {
  if (random() < 0.4) return [-Infinity, Infinity];
  const from = START + below(random, 2_000_000) - 100_000;
  return [from, from + below(random, 1_000_000)];
}

test('a block agrees with a naive one', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const naive = new NaiveBlock(randomSeries(random, 1 + below(random, 100)));
    const options = { pageBytes: pick(random, [200, 5000, 131_072]), level: pick(random, [1, 9]) };
    const { file } = blockOf(kernels, naive.series, options);
    const block = open(file, pick(random, [4000, 1 << 24, 1 << 24]));
    const what = `seed ${seed}`;
    assert.equal(block.series, naive.series.length, what);
    naive.series.forEach(({ labels }, id) => {
      assert.deepEqual(block.labels(id), labels, what);
      const [min, max] = randomRange(random);
      const floats = naive.rows(id, min, max).filter(([, kind]) => kind === 'float');
      assert.deepEqual(floatRows(block, id, min, max), floats, what);
      assert.ok(block.room(id, min, max) >= floats.length, what);
      const whole = naive.rows(id, -Infinity, Infinity).filter(([, kind]) => kind === 'float');
      assert.equal(block.room(id, -Infinity, Infinity), whole.length, what);
      const others = naive.rows(id, min, max).filter(([, kind]) => kind !== 'float');
      assert.deepEqual(rowsOf(block.readRows(id, min, max)), others, what);
    });
    for (let round = 0; round < 30; round++) {
      const matchers = Array.from({ length: below(random, 4) }, () =>
        randomMatcher(random, naive.series),
      );
      const [min, max] = randomRange(random);
      const where = `${what}: ${JSON.stringify(matchers)} ${min} to ${max}`;
      const ids = [...block.match(matchers, min, max)];
      const may = naive.match(matchers, [min, max], false);
      const must = naive.match(matchers, [min, max], true);
      assert.deepEqual(
        ids,
        may.filter((id) => ids.includes(id)),
        where,
      );
      assert.deepEqual(
        must,
        ids.filter((id) => must.includes(id)),
        where,
      );
      assert.deepEqual(block.labelNames(matchers, min, max), naive.names(ids), where);
      const name = pick(random, [NAME, 'job', 'host', '__proto__', 'nobody']);
      assert.deepEqual(block.labelValues(name, matchers, min, max), naive.values(name, ids), where);
    }
    assert.deepEqual(block.verify(), [], what);
  }
});

test('a block tells what it is', () => {
  const series = randomSeries(seededRandom(4), 50);
  const { file, summary } = blockOf(kernels, series, { id: 9 });
  const rows = series.flatMap(({ pieces }) => rowsOf(pieces));
  const times = rows.map(([t]) => t);
  assert.deepEqual(summary, {
    ...titleOf(9),
    minMs: Math.min(...times),
    maxMs: Math.max(...times),
    series: series.length,
    samples: rows.length,
    bytes: file.length,
    dataBytes: summary.dataBytes,
    indexBytes: file.length - summary.dataBytes,
  });
  assert.ok(summary.dataBytes > 0 && summary.dataBytes < file.length);
  assert.deepEqual(open(file).summary, summary);
});

test('long series are cut and come back whole', () => {
  const random = seededRandom(12);
  const count = COLUMN_SAMPLES_MAX * 2 + 5;
  const timestamps = randomTimes(random, count, START);
  const words = randomWords(random, count, 'tenths');
  const bodies = Array.from({ length: count }, (_, i) => Buffer.alloc(40, i));
  const float: Piece = { kind: 'float', count, timestamps, words };
  const rows: Piece = { kind: 'histogram', timestamps, bodies };
  const { file } = blockOf(kernels, [
    { labels: [NAME, 'a'], pieces: [float] },
    { labels: [NAME, 'b'], pieces: [rows] },
  ]);
  const block = open(file);
  assert.deepEqual(floatRows(block, 0, -Infinity, Infinity), rowsOf([float]));
  assert.deepEqual(rowsOf(block.readRows(1, -Infinity, Infinity)), rowsOf([rows]));
  const [from, to] = [timestamps[COLUMN_SAMPLES_MAX - 2], timestamps[COLUMN_SAMPLES_MAX + 1]];
  assert.equal(floatRows(block, 0, from, to).length, 4);
});

test('series scraped together share their times', () => {
  const random = seededRandom(3);
  const times = [0, 1, 2].map(() => randomTimes(random, 300, START).map((t, i) => t + (i % 7)));
  const words = new Uint32Array(600);
  const of = (count: number, change: (t: Float64Array) => Float64Array): number => {
    const series = Array.from({ length: count }, (_, i) => {
      const timestamps = i < 3 ? times[i] : change(times[i % 3]);
      const piece: Piece = { kind: 'float', count: timestamps.length, timestamps, words };
      return { labels: [NAME, `m${1000 + i}`], pieces: [piece] };
    });
    const { file, summary } = blockOf(kernels, series);
    const block = open(file);
    series.forEach(({ pieces }, id) => {
      assert.deepEqual(floatRows(block, id, 0, Infinity), rowsOf(pieces));
    });
    return summary.bytes;
  };
  const few = of(3, (t) => t);
  assert.ok(of(90, (t) => t) - few < 600, 'the same times cost nothing');
  const missing = of(90, (t) => t.filter((_, i) => i !== 100 && i < 290));
  assert.ok(missing - few < 1500, `a hole costs little: ${missing} against ${few}`);
});

test('what breaks the contract of the writer is a bug', () => {
  const piece = (...times: number[]): Piece => ({
    kind: 'float',
    count: times.length,
    timestamps: Float64Array.from(times),
    words: new Uint32Array(times.length * 2),
  });
  const a = { labels: [NAME, 'a'], pieces: [piece(1, 2)] };
  const cases = [
    [{ labels: [NAME, 'b'], pieces: [piece(1)] }, a],
    [a, a],
    [{ labels: [NAME, 'a'], pieces: [] }],
    [{ labels: [NAME, 'a'], pieces: [piece(2, 2)] }],
    [{ labels: [NAME, 'a'], pieces: [piece(1, 2), piece(2)] }],
    [{ labels: [NAME, 'a'], pieces: [piece(1.5)] }],
  ];
  for (const series of cases) assert.throws(() => blockOf(kernels, series), BugError);
});
