// The figures of heads against a naive count of the same samples: series, values and pairs over
// several heads, what began and fell silent, samples a second, and selections.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { Head } from '../../../src/engine/head/head.ts';
import { SeriesCount } from '../../../src/engine/head/series-count.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const PARTITIONS = 4;

interface Fed {
  readonly labels: Readonly<Record<string, string>>;
  readonly times: readonly number[];
}

function headsOf(fed: readonly Fed[]): Head[] {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, PARTITIONS);
  const codec = new BatchCodec(kernels);
  const shard = new Kernels();
  const heads = Array.from({ length: PARTITIONS }, (_, partition) => {
    return new Head(shard, { partition });
  });
  for (const { labels, times } of fed) {
    const ref = book.refOfLabels(makeLabels(Object.entries(labels)));
    const floats = {
      refs: new Uint32Array(times.length).fill(ref),
      timestamps: Float64Array.from(times),
      values: Float64Array.from(times, (ms) => ms % 10),
    };
    const partition = book.partition(ref);
    const batch = { partition, receivedMs: NOW, lateness: 0, floats } as const;
    heads[partition].apply(codec.encode(batch, { epoch: 1, sequence: 0, book }));
  }
  return heads;
}

function count(heads: readonly Head[], more: { job?: string; label?: string; rows?: number } = {}) {
  const counted = new SeriesCount(NOW, more.label);
  const matchers =
    more.job === undefined ? [] : [{ name: 'job', op: '=', value: more.job } as const];
  for (const head of heads) head.count(matchers, counted);
  return counted.answer(more.rows ?? 1000);
}

test('what is live, began and fell silent, and how often it comes', () => {
  const every = (from: number, to: number): number[] => {
    const times: number[] = [];
    for (let at = NOW - from * MINUTE; at <= NOW - to * MINUTE; at += 10_000) times.push(at);
    return times;
  };
  const heads = headsOf([
    { labels: { __name__: 'm', k: 'steady' }, times: every(90, 0) },
    { labels: { __name__: 'm', k: 'fresh' }, times: every(20, 0) },
    { labels: { __name__: 'm', k: 'gone' }, times: every(90, 30) },
    { labels: { __name__: 'm', k: 'long gone' }, times: every(150, 80) },
  ]);
  const [m] = count(heads).metrics;
  assert.deepEqual([m.series, m.live, m.begun, m.ended], [4, 2, 1, 1]);
  assert.ok(Math.abs(m.perSecond - 0.2) < 0.001, String(m.perSecond));
  assert.ok(m.bytes > 4 * 64);
  const floor = NOW - 30 * MINUTE;
  for (const head of heads) head.truncateBefore(floor);
  const [cut] = count(heads).metrics;
  assert.equal(cut.begun, 1, 'what reaches back to the floor did not begin there');
});

test('random series are counted as a naive count does, whole and selected', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const random = seededRandom(seed);
    const pick = (most: number): number => Math.floor(random() * most);
    const fed = new Map<string, Fed>();
    for (let i = 0; i < 400; i++) {
      const labels: Record<string, string> = { __name__: `m${pick(5)}`, job: `j${pick(3)}` };
      if (pick(3) > 0) labels['id'] = `i${pick(60)}`;
      if (pick(9) === 0) labels['__proto__x'] = 'ä';
      fed.set(JSON.stringify(labels), { labels, times: [NOW - 2000, NOW - 1000] });
    }
    const heads = headsOf([...fed.values()]);
    for (const job of [undefined, 'j1']) {
      const own = [...fed.values()].filter(
        ({ labels }) => job === undefined || labels['job'] === job,
      );
      const metrics = new Map<string, number>();
      const pairs = new Map<string, number>();
      for (const { labels } of own) {
        metrics.set(labels['__name__'], (metrics.get(labels['__name__']) ?? 0) + 1);
        for (const pair of Object.entries(labels)) {
          pairs.set(pair.join('='), (pairs.get(pair.join('=')) ?? 0) + 1);
        }
      }
      const found = count(heads, { job });
      assert.equal(found.seriesCounted, own.length, `seed ${seed}`);
      assert.deepEqual(new Map(found.metrics.map((one) => [one.name, one.series])), metrics);
      assert.deepEqual(new Map(found.pairs.map(([n, v, c]) => [`${n}=${v}`, c])), pairs);
      assert.equal(found.pairCount, pairs.size);
      const names = [...pairs.keys()].map((pair) => pair.split('=')[0]);
      for (const [name, values] of found.labels) {
        assert.equal(values, names.filter((one) => one === name).length, name);
      }
      const ids = count(heads, { job, label: 'id' }).pairs;
      assert.ok(ids.length > 0 && ids.every(([name]) => name === 'id'));
    }
    const few = count(heads, { rows: 3 }).pairs.map(([, , series]) => series);
    const all = count(heads).pairs.map(([, , series]) => series);
    assert.deepEqual(few, all.slice(0, 3));
  }
});
