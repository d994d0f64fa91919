// Histogram sections of a checkpoint hold any number of series and cut a series anywhere: whatever
// the size of a piece, what was dumped is what is loaded. Cut bytes are refused with a word.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import { HeadHistograms, openHistograms } from '../../../src/engine/head/head-histograms.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { labelsOf, withOpen } from '../../support/open-records.ts';
import { randomHistogram } from '../../support/random-histograms.ts';

/** Histograms of five series, and the bare head whose samples they are. */
function filled() {
  const kernels = new Kernels();
  const head = kernels.exports.headNew() >>> 0;
  const map = kernels.exports.refMapNew(head) >>> 0;
  const random = seededRandom(51);
  const refs = [0, 1, 2, 3, 4];
  const definitions = refs.map((ref) => [ref, labelsOf('h', { i: `${ref}` })] as const);
  const histograms = Array.from({ length: 25 }, (_, i) => ({
    ref: refs[Math.floor(random() * 5)],
    time: 1000 * Math.floor(random() * 1000) + i,
    body: encodeHistogram(randomHistogram(random, false)),
  }));
  const kept = new HeadHistograms(kernels, head);
  const counts = { accepted: 0, duplicate: 0, outOfOrder: 0, tooOld: 0, newSeries: 0 };
  withOpen(kernels, { definitions, histograms }, (open) => {
    kernels.exports.headDefine(head, map, open.definitionsAt, open.definitionCount);
    kept.append(map, openHistograms(open), counts);
  });
  assert.equal(counts.accepted, 25);
  return { kept, fresh: () => new HeadHistograms(kernels, head) };
}

test('pieces of any size hold the same histograms', () => {
  const { kept, fresh } = filled();
  const whole = Buffer.concat([...kept.dump(1 << 20)]);
  for (let size = 1; size < whole.length + 50; size++) {
    const loaded = fresh();
    for (const body of kept.dump(size)) assert.equal(loaded.load(body), undefined, `${size}`);
    assert.equal(loaded.count, kept.count);
    assert.deepEqual(Buffer.concat([...loaded.dump(1 << 20)]), whole);
  }
});

test('a cut piece is refused, or ends between two series', () => {
  const { kept, fresh } = filled();
  const whole = Buffer.concat([...kept.dump(1 << 20)]);
  let read = 0;
  for (let cut = 1; cut < whole.length; cut++) {
    if (fresh().load(whole.subarray(0, cut)) === undefined) read++;
  }
  assert.equal(read, 4);
  const twice = fresh();
  assert.equal(twice.load(whole), undefined);
  assert.match(twice.load(whole) ?? '', /do not rise/);
});
