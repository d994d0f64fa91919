// Samples that are cut out of a head are gone, the others stay as they were, the floor does not
// move, and what is appended later goes where it belongs. Against plain maps, by seed.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Head } from '../../../src/engine/head/head.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { makeBuffer } from '../../../src/engine/store/merge-samples.ts';
import { bitsOf, labelsOf, withOpen, type HandSample } from '../../support/open-records.ts';

const SERIES = 4;

function shown(head: Head, id: number): [number, bigint][] {
  const into = makeBuffer();
  const count = head.read(id, -Infinity, Infinity, into);
  return Array.from({ length: count }, (_, i) => [
    into.timestamps[i],
    (BigInt(into.words[i * 2 + 1]) << 32n) | BigInt(into.words[i * 2]),
  ]);
}

for (let seed = 1; seed <= 12; seed++) {
  test(`a head without what was cut, seed ${seed}`, () => {
    const random = seededRandom(seed);
    const below = (n: number): number => Math.floor(random() * n);
    const kernels = new Kernels();
    const head = new Head(kernels, { partition: 0 });
    const naive = Array.from({ length: SERIES }, () => new Map<number, bigint>());
    const definitions = naive.map((_, i) => [i, labelsOf(`metric_${i}`)] as const);
    let now = 1_700_000_000_000;
    const apply = (samples: readonly HandSample[]): void => {
      withOpen(kernels, { definitions, samples }, (record) => head.applyOpen(record));
      for (const { ref, time, bits } of samples) {
        if (!naive[ref].has(time)) naive[ref].set(time, bits);
      }
    };
    const some = (count: number): HandSample[] =>
      Array.from({ length: count }, () => {
        now += below(20) === 0 ? below(40_000_000) : 1000;
        const time = below(6) === 0 ? now - below(4_000_000) : now;
        return { ref: below(SERIES), time, bits: bitsOf(below(1000) / 8) };
      });
    for (let round = 0; round < 40; round++) {
      apply(some(1 + below(300)));
      const ids = [...head.match([], -Infinity, Infinity)];
      const from = below(5) === 0 ? -Infinity : now - below(3_000_000);
      const to = below(5) === 0 ? Infinity : from + below(2_000_000);
      const watched = head.watch(now);
      apply(some(below(40)));
      head.unwatch();
      for (const id of ids) {
        const ref = Number(head.labels(id)[1].slice('metric_'.length));
        if (below(3) === 0) continue;
        const gone = [...naive[ref].keys()].filter((time) => time >= from && time <= to);
        for (const time of gone) naive[ref].delete(time);
        assert.equal(head.cut(id, from, to), gone.length);
      }
      assert.ok(watched.times.every((time) => time < now));
      if (below(2) === 0) {
        head.putBack(watched);
        watched.ids.forEach((id, i) => {
          const ref = Number(head.labels(id)[1].slice('metric_'.length));
          const bits = (BigInt(watched.words[i * 2 + 1]) << 32n) | BigInt(watched.words[i * 2]);
          const time = watched.times[i];
          if (!naive[ref].has(time)) naive[ref].set(time, bits);
        });
      }
      const all = naive.reduce((sum, times) => sum + times.size, 0);
      assert.equal(head.stats().samples, all);
      for (const id of head.match([], -Infinity, Infinity)) {
        const ref = Number(head.labels(id)[1].slice('metric_'.length));
        const rows = [...naive[ref]].toSorted((a, b) => a[0] - b[0]);
        assert.deepEqual(shown(head, id), rows);
      }
      const oldest = Math.min(...naive.flatMap((times) => [...times.keys()]));
      assert.equal(head.oldestMs(-Infinity), oldest);
      if (below(6) === 0) head.sweep();
    }
    head.close();
    assert.equal(kernels.exports.arenaUsedBytes() >= 0, true);
  });
}
