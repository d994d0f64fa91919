// StatsD lines: kinds, rates, tags of three spellings, what is malformed, and a fuzz that may throw
// nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { readStatsd } from '../../../src/engine/wire/statsd.ts';
import { below } from '../../support/random-histograms.ts';

const read = (text: string) => readStatsd(Buffer.from(text));

test('every kind of line', () => {
  const { updates, malformed } = read(
    'a:1|c\na:2|c|@0.1\nb:+4|g\nb:4|g\nt:1.5|ms\nd:1:2|d\nh:3|h\ns:x:y|s\n_e{1,1}:a|b\n\n',
  );
  const shown = updates.map(({ name, kind, value, member, relative, rate }) => {
    return [name, kind, value, member, relative, rate].join(' ');
  });
  assert.deepEqual(shown, [
    'a c 1  false 1',
    'a c 2  false 0.1',
    'b g 4  true 1',
    'b g 4  false 1',
    't t 1.5  false 1',
    'd h 1  false 1',
    'd h 2  false 1',
    'h h 3  false 1',
    's s 0 x:y false 1',
  ]);
  assert.equal(malformed, 0);
});

test('tags as DogStatsD, Influx and Graphite spell them', () => {
  const tags = ['a:1|c|#x:1,y,z:a:b', 'a,x=1,y=2:1|c', 'a;x=1;y=2:1|c'].map((line) => {
    return read(line).updates[0].tags.join(' ');
  });
  assert.deepEqual(tags, ['x 1 y true z a:b', 'x 1 y 2', 'x 1 y 2']);
});

test('what is malformed is counted, the rest is taken', () => {
  const wrong = ['a', 'a:1', 'a:1|q', ':1|c', 'a:|c', 'a:x|g', 'a:1|c|@0', 'a:1|c|@2', 'a:1:x|c'];
  for (const line of wrong) {
    const { updates, malformed } = read(`good:1|c\n${line}\ngood:2|c`);
    assert.deepEqual([updates.length, malformed], [2, 1], line);
  }
});

test('random packets are read or counted', () => {
  const seed = 77;
  const random = seededRandom(seed);
  const letters = 'ab:|@#,=;0.1-+cgmsh\n\u00ff_e{';
  for (let round = 0; round < 20_000; round++) {
    let text = '';
    for (let k = below(random, 40); k >= 0; k--) text += letters[below(random, letters.length)];
    try {
      for (const { value, rate } of read(text).updates) assert.ok(Number.isFinite(value / rate));
    } catch (thrown) {
      assert.fail(`seed ${seed}, round ${round}, ${JSON.stringify(text)}: ${String(thrown)}`);
    }
  }
});
