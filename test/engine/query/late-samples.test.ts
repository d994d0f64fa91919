// Which results late samples touch: against a plain list of notes, seeded; and the bound of memory
// that joining notes keeps.
import assert from 'node:assert/strict';
import test from 'node:test';
import { LateSamples } from '../../../src/engine/query/late-samples.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

test('a note touches what was computed before it, in its time', () => {
  const late = new LateSamples(1000, 3_600_000);
  late.note(500_000, 600_000, 2_000_000);
  assert.equal(late.touched(1_999_999, 590_000, 700_000), true);
  assert.equal(late.touched(2_000_000, 590_000, 700_000), true, 'the same millisecond counts');
  assert.equal(late.touched(2_000_001, 590_000, 700_000), false);
  assert.equal(late.touched(1_999_999, 600_001, 700_000), false);
  assert.equal(late.touched(1_999_999, 400_000, 499_999), false);
  assert.equal(late.touched(999, 0, 1), true, 'nothing is known of the time before');
});

test('no touched result is missed, whatever is joined', () => {
  const seed = 20_261_121;
  const random = seededRandom(seed);
  const late = new LateSamples(0, 100_000);
  const notes: { at: number; min: number; max: number }[] = [];
  let at = 1;
  for (let i = 0; i < 20_000; i++) {
    at += Math.floor(random() * 30);
    const min = Math.floor(random() * 1e6);
    const max = min + Math.floor(random() * 100);
    late.note(min, max, at);
    notes.push({ at, min, max });
    if (i % 20 !== 0) continue;
    const since = at - Math.floor(random() * 50_000);
    const from = Math.floor(random() * 1e6);
    const to = from + Math.floor(random() * 1000);
    const touches = notes.some((n) => n.at >= since && n.min <= to && n.max >= from);
    if (touches) assert.equal(late.touched(since, from, to), true, `seed ${seed}, note ${i}`);
  }
  assert.ok(late.size <= 4096, `${late.size} notes`);
});
