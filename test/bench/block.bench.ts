// Sealed blocks in bytes a sample, index apart, and in samples decoded a second on one core, from
// the file's bytes to columns, with other ways to store the same columns beside. Then the index of
// 202 k series: size, time to open, time to select. Easy to get wrong: every read starts with an
// empty cache, and what was decoded is compared bit by bit once.
import { strict as assert } from 'node:assert';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { BlockCache } from '../../src/engine/codec/block-cache.ts';
import type { BlockSummary, RandomAccess } from '../../src/engine/codec/block.ts';
import { BlockReader } from '../../src/engine/codec/block-reader.ts';
import { writeBlock } from '../../src/engine/codec/block-writer.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { NAME } from '../../src/engine/model/labels.ts';
import type { Matcher } from '../../src/engine/model/matcher.ts';
import {
  asBlockSeries,
  fleetSeries,
  recordedSeries,
  type ColumnSeries,
} from '../support/column-sets.ts';

const CHUNK = 120;
const ROUNDS = 9;
const kernels = new Kernels();
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Milliseconds of the processor, not of the wall: others may be at work on the machine. */
function medianMs(call: () => void, rounds = ROUNDS): number {
  const all: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const started = process.cpuUsage();
    call();
    const { user, system } = process.cpuUsage(started);
    all.push((user + system) / 1000);
  }
  return all.sort((a, b) => a - b)[rounds >> 1];
}

interface Figures {
  readonly bytes: number;
  readonly index?: number;
  readonly encodeMs: number;
  readonly decodeMs: number;
}

function tell(what: string, samples: number, figures: Figures): void {
  const { bytes, index, encodeMs, decodeMs } = figures;
  const size = (bytes / samples).toFixed(3);
  const split =
    index === undefined
      ? ''
      : ` = ${((bytes - index) / samples).toFixed(3)} + ${(index / samples).toFixed(3)} index`;
  const encode = `${((encodeMs * 1e6) / samples).toFixed(0)} ns/sample to write`;
  const decode = `${(samples / decodeMs / 1e3).toFixed(0)} M/s to read`;
  print(`  ${what.padEnd(40)} ${`${size}${split}`.padEnd(30)} ${encode.padEnd(26)} ${decode}`);
}

function written(series: readonly ColumnSeries[], level: number): [Uint8Array, BlockSummary] {
  const title = {
    id: new Uint8Array(16).fill(5),
    partition: 0,
    level: 0,
    origin: { generation: 0, from: 0, to: 1 },
    note: '',
  };
  const writing = writeBlock({ kernels, title, level }, asBlockSeries(series));
  const parts: Uint8Array[] = [];
  for (;;) {
    const step = writing.next();
    if (step.done === true) return [new Uint8Array(Buffer.concat(parts)), step.value];
    parts.push(step.value);
  }
}

function sourceOf(file: Uint8Array): RandomAccess {
  const read = (from: number, length: number): Uint8Array => file.slice(from, from + length);
  return { name: 'bench', size: file.length, read };
}

const values = new Float64Array(1 << 16);
const buffer = {
  timestamps: new Float64Array(1 << 16),
  values,
  words: new Uint32Array(values.buffer),
};

function readAll(source: RandomAccess): number {
  const block = new BlockReader(source, { kernels, cache: new BlockCache(1 << 27) });
  let count = 0;
  for (let id = 0; id < block.series; id++) count += block.read(id, -Infinity, Infinity, buffer);
  return count;
}

function compare(source: RandomAccess, series: readonly ColumnSeries[]): void {
  const block = new BlockReader(source, { kernels, cache: new BlockCache(1 << 27) });
  series.forEach(({ labels, timestamps, words }, id) => {
    const count = block.read(id, -Infinity, Infinity, buffer);
    assert.deepEqual(block.labels(id), labels);
    assert.equal(Buffer.compare(viewOf(buffer.words.slice(0, count * 2)), viewOf(words)), 0);
    assert.equal(Buffer.compare(viewOf(buffer.timestamps.slice(0, count)), viewOf(timestamps)), 0);
  });
}

function viewOf(array: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function sealed(series: readonly ColumnSeries[], samples: number, level: number): void {
  let made = written(series, level);
  const encodeMs = medianMs(() => (made = written(series, level)), 3);
  const [file, { bytes, indexBytes }] = made;
  const source = sourceOf(file);
  compare(source, series);
  for (let warm = 0; warm < 3; warm++) readAll(source);
  const decodeMs = medianMs(() => assert.equal(readAll(source), samples));
  tell(`sealed block, zstd ${level}`, samples, { bytes, index: indexBytes, encodeMs, decodeMs });
}

/** Gorilla chunks as the head has them, timestamps in each; `per` samples a chunk. */
function gorilla(series: readonly ColumnSeries[], samples: number, per: number): void {
  const { exports } = kernels;
  const room = per * 20 + 64;
  const columns = exports.alloc(per * 16) >>> 0;
  const chunk = exports.alloc(room) >>> 0;
  const chunks: Uint8Array[] = [];
  const counts: number[] = [];
  const encode = (): void => {
    chunks.length = counts.length = 0;
    for (const { timestamps, words } of series) {
      for (let from = 0; from < timestamps.length; from += per) {
        const count = Math.min(per, timestamps.length - from);
        kernels.f64.set(timestamps.subarray(from, from + count), columns / 8);
        kernels.u32.set(words.subarray(from * 2, (from + count) * 2), (columns + per * 8) / 4);
        exports.gorillaColumns(columns, columns + per * 8, count);
        const bits = exports.gorillaEncode(chunk, room);
        chunks.push(kernels.bytes.slice(chunk, chunk + ((bits + 7) >>> 3)));
        counts.push(count);
      }
    }
  };
  const encodeMs = medianMs(encode, 3);
  const decodeMs = medianMs(() => {
    chunks.forEach((bytes, i) => {
      kernels.bytes.set(bytes, chunk);
      exports.gorillaColumns(columns, columns + per * 8, counts[i]);
      assert.equal(exports.gorillaDecode(chunk, bytes.length), counts[i]);
    });
  });
  const bytes = chunks.reduce((sum, one) => sum + one.length, 0);
  tell(`Gorilla chunks of ${per}, no index`, samples, { bytes, encodeMs, decodeMs });
  exports.free(columns, per * 16);
  exports.free(chunk, room);
}

/** Each column as eight planes of bytes through zstd; times are left out. */
function planes(series: readonly ColumnSeries[], samples: number, level: number): void {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  let packed: Buffer[] = [];
  const encodeMs = medianMs(() => {
    packed = series.map(({ words }) => {
      const bytes = viewOf(words);
      const count = bytes.length / 8;
      const out = new Uint8Array(bytes.length);
      for (let i = 0; i < bytes.length; i++) out[(i & 7) * count + (i >> 3)] = bytes[i];
      return zstdCompressSync(out, { params });
    });
  }, 1);
  const decodeMs = medianMs(() => {
    packed.forEach((bytes, at) => {
      const size = series[at].words.byteLength;
      const out = zstdDecompressSync(bytes, { chunkSize: size });
      const count = size / 8;
      const into = viewOf(buffer.words);
      for (let i = 0; i < size; i++) into[i] = out[(i & 7) * count + (i >> 3)];
    });
  }, 3);
  const bytes = packed.reduce((sum, one) => sum + one.length, 0);
  tell(`byte planes, zstd ${level}, no times`, samples, { bytes, encodeMs, decodeMs });
}

function trade(title: string, series: readonly ColumnSeries[]): void {
  const samples = series.reduce((sum, one) => sum + one.timestamps.length, 0);
  print(`${title}: ${series.length} series, ${samples} samples, bytes a sample`);
  for (const level of [1, 3, 6, 9, 15, 19]) sealed(series, samples, level);
  gorilla(series, samples, CHUNK);
  planes(series, samples, 9);
}

function index(): void {
  const series = fleetSeries(2000, 20);
  const started = performance.now();
  const [file, summary] = written(series, 6);
  const writeMs = performance.now() - started;
  const bytes = (summary.indexBytes / summary.series).toFixed(1);
  print(`index: ${summary.series} series of 20 samples, written in ${writeMs.toFixed(0)} ms`);
  print(`  ${summary.bytes} bytes, of them index ${summary.indexBytes}: ${bytes} bytes a series`);
  const source = sourceOf(file);
  const cache = new BlockCache(1 << 27);
  const openMs = medianMs(() => new BlockReader(source, { kernels, cache }));
  const is = (name: string, value: string): Matcher => ({ name, op: '=', value });
  const ask = (matchers: readonly Matcher[], warm: boolean): [number, number] => {
    let found = 0;
    const block = new BlockReader(source, { kernels, cache });
    const run = (one: BlockReader): void => {
      const ids = one.match(matchers, -Infinity, Infinity);
      found = ids.length;
      for (const id of ids) {
        one.labels(id);
        one.read(id, -Infinity, Infinity, buffer);
      }
    };
    const fresh = (): void =>
      run(new BlockReader(source, { kernels, cache: new BlockCache(1 << 27) }));
    return [medianMs(() => (warm ? run(block) : fresh()), 5), found];
  };
  print(`  open ${openMs.toFixed(2)} ms`);
  const one = [is(NAME, 'cpu_usage_user'), is('hostname', 'host_1234')];
  const host = [is('hostname', 'host_1234')];
  const some = [is(NAME, 'cpu_usage_user'), { name: 'hostname', op: '=~', value: 'host_12.*' }];
  const questions = [
    ['one series', one],
    ['one host', host],
    ['one name, hosts by prefix', some],
  ] as const;
  for (const [what, matchers] of questions) {
    const [coldMs, found] = ask(matchers as readonly Matcher[], false);
    const [warmMs] = ask(matchers as readonly Matcher[], true);
    const times = `${coldMs.toFixed(2)} ms from nothing, ${warmMs.toFixed(2)} ms again`;
    print(`  ${what}: ${found} series with labels and samples, ${times}`);
  }
  print(`  the cache holds ${(cache.bytes / 1024).toFixed(0)} KiB after that`);
}

print('peers on the recording: VictoriaMetrics 0.49 + 0.09 index, Prometheus 2.58 + 0.17');
const recorded = recordedSeries();
if (recorded === undefined) print('no recorded node_exporter: skipped');
else trade('node_exporter, 1 s', recorded);
trade('rwload, 20 hosts, 2 h at 10 s', fleetSeries(20, 720));
index();
