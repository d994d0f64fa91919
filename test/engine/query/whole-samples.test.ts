// What an export reads is all there is, or it fails: before the first page, or at a page that says
// so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { WholeSamples } from '../../../src/engine/query/whole-samples.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { SamplePage, Samples } from '../../../src/engine/ports-sql.ts';

const PAGE: SamplePage = {
  ...{ labels: [['a', 'b']], from: Uint32Array.of(0, 1) },
  ...{ timestamps: Float64Array.of(5), values: Float64Array.of(6) },
};
const ASK = { selections: [], minMs: 0, maxMs: 100 };

interface World {
  readonly missing: string[];
  readonly pages: SamplePage[];
  looks: number;
}

function world(): World & { readonly samples: Samples } {
  const made: World = { missing: [], pages: [PAGE, PAGE], looks: 0 };
  const samples: Samples = {
    async *pages() {
      yield* made.pages;
    },
    estimate: async () => ({ series: 1, samples: 2 }),
    async missing() {
      made.looks++;
      return made.missing;
    },
  };
  return Object.assign(made, { samples });
}

async function read(whole: WholeSamples, ask = ASK): Promise<number> {
  let pages = 0;
  try {
    for await (const page of whole.pages(ask)) pages += page.labels.length;
  } catch (thrown) {
    const { code, message } = thrown as MonError;
    assert.deepEqual([code, message], ['MON_SERVER_FAILED', `the export would not be whole: gone`]);
    return -1 - pages;
  }
  return pages;
}

test('all pages when nothing is missing', async () => {
  const { samples } = world();
  assert.equal(await read(new WholeSamples(samples, new VirtualClock())), 2);
});

test('what is missing is told before the first page or at a page', async () => {
  const before = world();
  before.missing.push('gone');
  assert.equal(await read(new WholeSamples(before.samples, new VirtualClock())), -1);
  const within = world();
  within.pages[1] = { ...PAGE, warnings: ['gone'] };
  assert.equal(await read(new WholeSamples(within.samples, new VirtualClock())), -2);
});

test('metric by metric nobody looks again for a second', async () => {
  const one = world();
  const clock = new VirtualClock();
  const whole = new WholeSamples(one.samples, clock);
  for (let i = 0; i < 3; i++) assert.equal(await read(whole), 2);
  assert.equal(one.looks, 1);
  assert.equal(await read(whole, { ...ASK, maxMs: 99 }), 2);
  assert.equal(one.looks, 2, 'another range is looked at anew');
  await clock.advance(1000);
  one.missing.push('gone');
  assert.equal(await read(whole, { ...ASK, maxMs: 99 }), -1);
});
