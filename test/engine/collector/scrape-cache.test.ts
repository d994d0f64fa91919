// The scrape cache against a plain map, over bodies whose lines come, go and change places. Random
// bodies come from a printed seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScrapeCache } from '../../../src/engine/collector/scrape-cache.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const encoder = new TextEncoder();

test('it finds what was added, whatever the order, and forgets what is old', () => {
  const seed = 11;
  const random = seededRandom(seed);
  const cache = new ScrapeCache();
  const model = new Map<string, number>();
  let refs = 0;
  let names = Array.from({ length: 400 }, (_, i) => `series_${i}{x="${'y'.repeat(i % 50)}"}`);
  for (let round = 1; round <= 60; round++) {
    if (random() < 0.3) names = names.toSorted(() => random() - 0.5);
    names = names.filter(() => random() > 0.02);
    for (let n = random() * 30; n > 0; n--) names.push(`fresh_${round}_${Math.floor(n)}`);
    const body = encoder.encode(names.join('\n'));
    cache.rewind();
    let at = 0;
    for (const name of names) {
      const end = at + name.length;
      let entry = cache.find(body, at, end);
      assert.equal(entry >= 0, model.has(name), `seed ${seed}, round ${round}: ${name}`);
      if (entry < 0) {
        model.set(name, refs);
        entry = cache.add(body, at, end, refs++);
      }
      assert.equal(cache.refs[entry], model.get(name));
      cache.seen[entry] = round;
      at = end + 1;
    }
    if (round % 10 === 0) {
      const gone = new Set(cache.forget(round));
      const kept = new Set(names.map((name) => model.get(name)));
      for (const [name, ref] of model) {
        assert.equal(gone.has(ref), !kept.has(ref), name);
        if (gone.has(ref)) model.delete(name);
      }
      assert.equal(cache.count, model.size);
    }
  }
});

test('a live entry is never forgotten', () => {
  const cache = new ScrapeCache();
  const body = encoder.encode('ab');
  cache.live[cache.add(body, 0, 1, 7)] = 1;
  cache.add(body, 1, 2, 8);
  assert.deepEqual(cache.forget(5), [8]);
  assert.equal(cache.refs[cache.find(body, 0, 1)], 7);
});
