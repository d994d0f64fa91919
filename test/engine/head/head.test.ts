// A head agrees with the naive one about every count and every sample: in order, late, double,
// stale, truncated, taken up again from a checkpoint, with refs that move and epochs that end.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import { Head } from '../../../src/engine/head/head.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { keepLabels, labelsKey, type Labels } from '../../../src/engine/model/labels.ts';
import type { SampleBuffer } from '../../../src/engine/ports.ts';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { bitsOf, labelsOf, withOpen, type HandRecord } from '../../support/open-records.ts';
import { randomHistogram } from '../../support/random-histograms.ts';
import { NaiveHead } from './naive-head.ts';

const STALE = 0x7ff0000000000002n;

function newBuffer(): SampleBuffer {
  const values = new Float64Array(0);
  return { timestamps: new Float64Array(0), values, words: new Uint32Array(values.buffer) };
}

function readAll(head: Head, id: number, minMs: number, maxMs: number): [number, bigint][] {
  const into = newBuffer();
  const count = head.read(id, minMs, maxMs, into);
  const out: [number, bigint][] = [];
  for (let i = 0; i < count; i++) {
    const bits = (BigInt(into.words[i * 2 + 1]) << 32n) | BigInt(into.words[i * 2]);
    out.push([into.timestamps[i], bits]);
  }
  return out;
}

function idOf(head: Head, labels: Labels): number {
  const matchers = [];
  for (let i = 0; i < labels.length; i += 2) {
    matchers.push({ name: labels[i], op: '=' as const, value: labels[i + 1] });
  }
  const ids = [...head.match(matchers, -Infinity, Infinity)].filter(
    (id) => labelsKey(head.labels(id)) === labelsKey(labels),
  );
  assert.ok(ids.length <= 1, 'a label set is one series');
  return ids[0] ?? -1;
}

/** One head, its naive twin, and a stream of random records for both. */
class Pair {
  readonly random: Random;
  readonly naive = new NaiveHead();
  readonly kernels = new Kernels();
  head = new Head(this.kernels, { partition: 0 });
  #epoch = 1;
  #now = 1_700_000_000_000;
  readonly #refs = new Map<number, string[]>();

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  #labels(): string[] {
    const pairs: Record<string, string> = { host: `host${this.below(5)}` };
    if (this.random() < 0.6) pairs.job = ['api', 'web', 'été', '__proto__'][this.below(4)];
    if (this.random() < 0.3) pairs['\u{1F600}'] = 'wide';
    if (this.random() < 0.3) pairs['\uFFFD'] = 'high';
    return labelsOf(['up', 'cpu', 'mem'][this.below(3)], pairs);
  }

  record(): HandRecord {
    const definitions: [number, string[]][] = [];
    const fresh = this.#refs.size === 0 ? 8 : this.random() < 0.3 ? 2 : 0;
    for (let i = 0; i < fresh; i++) {
      const ref = this.random() < 0.1 ? 40_000 + this.below(9) : this.below(30);
      const labels = this.#labels();
      definitions.push([ref, labels]);
      this.#refs.set(ref, labels);
    }
    const refs = [...this.#refs.keys()];
    const samples = Array.from({ length: this.below(300) }, () => ({
      ref: refs[this.below(refs.length)],
      time: this.#time(),
      bits: this.#bits(),
    }));
    const some = this.random() < 0.4 ? this.below(60) : 0;
    const histograms = Array.from({ length: some }, () => ({
      ref: refs[this.below(refs.length)],
      time: this.#time(),
      body: this.#body(),
    }));
    return { epoch: this.#epoch, definitions, samples, histograms };
  }

  #body(): Uint8Array {
    const integer = this.random() < 0.5;
    const stale = this.random() < 0.1;
    return encodeHistogram(randomHistogram(this.random, integer), { integer, stale });
  }

  #time(): number {
    if (this.random() < 0.5) this.#now += 1 + this.below(2_000);
    const kind = this.random();
    if (kind < 0.7) return this.#now;
    if (kind < 0.9) return this.#now - this.below(60_000);
    if (kind < 0.97) return this.#now - this.below(2_000_000);
    return this.#now - Math.floor(this.random() * 2 ** 33);
  }

  #bits(): bigint {
    const kind = this.random();
    if (kind < 0.05) return STALE;
    if (kind < 0.1) return 0xfff8_0000_0000_0001n + BigInt(this.below(1000));
    if (kind < 0.5) return bitsOf(this.below(10));
    return kind < 0.8 ? bitsOf(this.below(1000) / 10) : bitsOf(this.random());
  }

  step(): void {
    const kind = this.random();
    if (kind < 0.03) {
      const floor = this.#now - this.below(3_000_000);
      this.naive.truncateBefore(floor);
      this.head.truncateBefore(floor);
    } else if (kind < 0.06) {
      const bytes = Buffer.concat([...this.head.writeCheckpoint()]);
      const before = this.head.stats();
      this.head.close();
      this.head = Head.restore(this.kernels, bytes);
      assert.equal(this.head.stats().samples, before.samples);
      assert.equal(this.head.stats().series, before.series);
      assert.equal(this.head.stats().histograms, before.histograms);
    } else if (kind < 0.08) {
      this.#epoch++;
      this.#refs.clear();
    } else {
      const record = this.record();
      const told = withOpen(this.kernels, record, (open) => this.head.applyOpen(open));
      assert.deepEqual(told, this.naive.apply(record));
    }
  }

  compareHistograms(id: number, labels: Labels, [from, to]: [number, number]): void {
    const into = newBuffer();
    into.histograms = [];
    this.head.read(id, from, to, into);
    assert.deepEqual(into.histograms, this.naive.histograms(labels, from, to));
  }

  compare(): void {
    const ids = this.head.match([], -Infinity, Infinity);
    const labels = [...ids].map((id) => labelsKey(this.head.labels(id))).sort();
    const alive = [...this.naive.series.values()].filter((s) => s.samples.size > 0);
    assert.deepEqual(labels, alive.map((s) => labelsKey(s.labels)).sort());
    assert.equal(this.head.stats().series, this.naive.series.size);
    for (const series of alive) {
      const id = idOf(this.head, series.labels);
      const whole = this.naive.read(series.labels, -Infinity, Infinity);
      assert.deepEqual(readAll(this.head, id, -Infinity, Infinity), whole);
      this.compareHistograms(id, series.labels, [-Infinity, Infinity]);
      const from = this.#now - this.below(3_000_000);
      const to = from + this.below(1_000_000);
      const part = this.naive.read(series.labels, from, to);
      assert.deepEqual(readAll(this.head, id, from, to), part);
      this.compareHistograms(id, series.labels, [from, to]);
      const found = [...this.head.match([], from, to)].includes(id);
      if (part.length > 0) assert.ok(found, 'a series with samples in the range is found');
    }
  }
}

test('a head agrees with the naive one', () => {
  for (let seed = 1; seed <= 25; seed++) {
    const pair = new Pair(seed);
    try {
      for (let i = 0; i < 120; i++) {
        pair.step();
        if (i % 20 === 19) pair.compare();
      }
      pair.head.close();
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});

test('the labels that somebody asks for are those that all labels have', () => {
  const names = new Set(['__name__', 'job', '\u{1F600}', '\uFFFD']);
  for (let seed = 31; seed <= 35; seed++) {
    const pair = new Pair(seed);
    for (let i = 0; i < 60; i++) pair.step();
    const { head } = pair;
    const ids = [...head.match([], -Infinity, Infinity)];
    const some = ids.map((id) => head.labelsOnly(id, names));
    assert.ok(ids.length > 0);
    assert.deepEqual(
      some,
      ids.map((id) => keepLabels(head.labels(id), names)),
    );
    head.close();
  }
});

test('a closed head leaves nothing behind', () => {
  const kernels = new Kernels();
  const fill = (seed: number): void => {
    const pair = new Pair(seed);
    const head = new Head(kernels, { partition: 0 });
    for (let i = 0; i < 30; i++) {
      withOpen(kernels, pair.record(), (open) => head.applyOpen(open));
      if (i === 20) head.truncateBefore(1_700_000_000_000);
    }
    assert.ok(head.stats().bytes > 0);
    head.close();
  };
  fill(1);
  const before = kernels.exports.arenaUsedBytes();
  for (let seed = 1; seed <= 10; seed++) fill(seed);
  assert.equal(kernels.exports.arenaUsedBytes(), before);
});

test('bytes of a head return to those of an empty one when all is truncated', () => {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  const samples = Array.from({ length: 20_000 }, (_, i) => ({
    ref: i % 100,
    time: 1000 + i,
    bits: bitsOf(i),
  }));
  const definitions = Array.from(
    { length: 100 },
    (_, i) => [i, labelsOf('up', { host: `h${i}` })] as const,
  );
  withOpen(kernels, { definitions, samples }, (open) => head.applyOpen(open));
  assert.equal(head.stats().chunks, 200);
  assert.equal(head.truncateBefore(100_000), 0, 'refs of the living epoch hold the series');
  assert.deepEqual([head.stats().samples, head.stats().chunks], [0, 0]);
  const late = { samples: [{ ref: 7, time: 200_000, bits: 1n }] };
  assert.equal(withOpen(kernels, late, (open) => head.applyOpen(open)).accepted, 1);
  const next = { epoch: 2, definitions: [[0, labelsOf('other')] as const] };
  withOpen(kernels, next, (open) => head.applyOpen(open));
  assert.equal(head.truncateBefore(100_001), 99);
  assert.equal(head.stats().series, 2);
  assert.deepEqual(head.labelValues('host', [], -Infinity, Infinity), ['h7']);
  const fresh = { epoch: 2, definitions: [[1, labelsOf('up', { host: 'h3' })] as const] };
  assert.equal(withOpen(kernels, fresh, (open) => head.applyOpen(open)).newSeries, 1);
});

test('a ref that is given again means the new series', () => {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  const apply = (record: HandRecord) => withOpen(kernels, record, (open) => head.applyOpen(open));
  const [a, b] = [labelsOf('a'), labelsOf('b')];
  apply({ definitions: [[5, a]], samples: [{ ref: 5, time: 1, bits: 1n }] });
  apply({ definitions: [[5, b]], samples: [{ ref: 5, time: 2, bits: 2n }] });
  apply({ definitions: [[5, b]], samples: [{ ref: 5, time: 3, bits: 3n }] });
  assert.deepEqual(readAll(head, idOf(head, a), 0, 9), [[1, 1n]]);
  assert.deepEqual(readAll(head, idOf(head, b), 0, 9), [
    [2, 2n],
    [3, 3n],
  ]);
});

test('several epochs live when a head is told so', () => {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0, epochs: 2 });
  const apply = (record: HandRecord) => withOpen(kernels, record, (open) => head.applyOpen(open));
  apply({ epoch: 1, definitions: [[0, labelsOf('a')]] });
  apply({ epoch: 2, definitions: [[0, labelsOf('b')]] });
  apply({ epoch: 1, samples: [{ ref: 0, time: 1, bits: 1n }] });
  apply({ epoch: 2, samples: [{ ref: 0, time: 1, bits: 2n }] });
  assert.deepEqual(readAll(head, idOf(head, labelsOf('a')), 0, 9), [[1, 1n]]);
  assert.deepEqual(readAll(head, idOf(head, labelsOf('b')), 0, 9), [[1, 2n]]);
});

test('definitions of a past epoch do not push the living one out', () => {
  const kernels = new Kernels();
  const first = new Head(kernels, { partition: 0 });
  const live = { epoch: 5, definitions: [[0, labelsOf('a')] as const] };
  withOpen(kernels, live, (open) => first.applyOpen(open));
  const head = Head.restore(kernels, Buffer.concat([...first.writeCheckpoint()]));
  const past = { epoch: 4, definitions: [[0, labelsOf('old')] as const] };
  withOpen(kernels, past, (open) => head.applyOpen(open, true));
  const sample = { epoch: 5, samples: [{ ref: 0, time: 1, bits: 1n }] };
  assert.equal(withOpen(kernels, sample, (open) => head.applyOpen(open)).accepted, 1);
  assert.deepEqual(head.labelValues('__name__', [], 0, 9), ['a']);
});

test('a sample of a series that nobody defined is a bug, definitions alone take no sample', () => {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  const sample = { ref: 0, time: 1, bits: 1n };
  const record = { definitions: [[0, labelsOf('a')] as const], samples: [sample] };
  const told = withOpen(kernels, record, (open) => head.applyOpen(open, true));
  assert.deepEqual([told.newSeries, told.accepted], [1, 0]);
  assert.equal(head.stats().samples, 0);
  const stray = { samples: [{ ...sample, ref: 1 }] };
  assert.throws(() => withOpen(kernels, stray, (open) => head.applyOpen(open)), /BUG/);
});

test('a long backfill before, between and behind what is there is sorted in', () => {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  const naive = new NaiveHead();
  const apply = (record: HandRecord): void => {
    const told = withOpen(kernels, record, (open) => head.applyOpen(open));
    assert.deepEqual(told, naive.apply(record));
  };
  const labels = labelsOf('a');
  apply({ definitions: [[0, labels]] });
  const run = (from: number, step: number, count: number): HandRecord => ({
    samples: Array.from({ length: count }, (_, i) => ({
      ref: 0,
      time: from + i * step,
      bits: bitsOf(Math.sqrt(i)),
    })),
  });
  apply(run(10_000_000, 1000, 1000));
  apply(run(5_000_000, 1000, 1500));
  apply(run(20_000_000, 1000, 300));
  apply(run(12_000_000, 999, 900));
  apply(run(-9_000_000_000_000, 86_400_000 * 30, 40));
  apply(run(4_000_000, -1, 500));
  assert.deepEqual(readAll(head, 0, -Infinity, Infinity), naive.read(labels, -Infinity, Infinity));
  assert.ok(head.stats().chunks < 120, 'chunks do not crumble');
});
