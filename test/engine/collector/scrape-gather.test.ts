// Rows of several scrapes in one append: when they go, who hears of it, and what stays numbered
// until then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScrapeGather } from '../../../src/engine/collector/scrape-gather.ts';
import type { SampleColumns } from '../../../src/engine/collector/scrape-door.ts';
import { SCRAPE_GATHER_MS, SCRAPE_GATHER_ROWS } from '../../../src/engine/limits-sources.ts';
import type { PushOutcome } from '../../../src/engine/ports.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';
import { DoorDouble } from './scrape-double.ts';

const MINUTE = 60_000;

function setUp() {
  const clock = new VirtualClock(1_000_000);
  const door = new DoorDouble();
  const counters = { refused: 0 };
  const gather = new ScrapeGather(door, clock, counters);
  const heard: string[] = [];
  const put = (name: string, intervalMs: number): void => {
    gather.columns.put(gather.refOf(['__name__', name]), clock.now(), 1);
    gather.append(intervalMs).then(
      () => heard.push(name),
      (failure: Error) => heard.push(`${name}: ${failure.message}`),
    );
  };
  return { clock, door, counters, gather, heard, put };
}

test('the first goes at once, what follows within a tenth of a second goes together', async () => {
  const { clock, door, heard, put } = setUp();
  put('a', MINUTE);
  await settle();
  assert.deepEqual(heard, ['a']);
  for (const name of ['b', 'c', 'd']) put(name, MINUTE);
  await clock.advance(SCRAPE_GATHER_MS - 1);
  assert.deepEqual(heard, ['a']);
  await clock.advance(1);
  assert.deepEqual(heard, ['a', 'b', 'c', 'd']);
  assert.equal(door.appends.length, 2);
  assert.equal(door.rows.length, 4);
  await clock.advance(SCRAPE_GATHER_MS);
  put('e', MINUTE);
  await settle();
  assert.equal(door.appends.length, 3, 'after a pause nothing waits');
});

test('a target of a short interval takes the others along sooner', async () => {
  const { clock, door, heard, put } = setUp();
  put('a', MINUTE);
  await settle();
  put('slow', MINUTE);
  put('fast', 500);
  await clock.advance(24);
  assert.equal(door.appends.length, 1);
  await clock.advance(1);
  assert.deepEqual(heard, ['a', 'slow', 'fast']);
  await clock.advance(10 * SCRAPE_GATHER_MS);
  assert.equal(door.appends.length, 2, 'the later timer is gone');
});

test('many rows wait for nobody, and who stops waits for no timer', async () => {
  const { door, gather, heard, put } = setUp();
  put('a', MINUTE);
  await settle();
  const ref = gather.refOf(['__name__', 'many']);
  for (let i = 1; i < SCRAPE_GATHER_ROWS; i++) gather.columns.put(ref, i, i);
  put('b', MINUTE);
  await settle();
  assert.deepEqual(heard, ['a', 'b']);
  put('c', MINUTE);
  gather.flush();
  gather.flush();
  await settle();
  assert.deepEqual(heard, ['a', 'b', 'c']);
  assert.equal(door.appends.length, 3);
});

test('a failure reaches all whose rows these were, and the next ones go their way', async () => {
  const { clock, door, heard, put } = setUp();
  put('a', MINUTE);
  await settle();
  door.full = true;
  put('b', MINUTE);
  put('c', MINUTE);
  await clock.advance(SCRAPE_GATHER_MS);
  assert.deepEqual(heard, ['a', 'b: the disk is full', 'c: the disk is full']);
  door.full = false;
  await clock.advance(SCRAPE_GATHER_MS);
  put('d', MINUTE);
  await settle();
  assert.equal(heard.at(-1), 'd');
  assert.equal(door.rows.length, 2, 'no row of the failed append is left over');
});

test('refs are given back after their rows went, refusals are counted once', async () => {
  const { clock, counters, door, gather, put } = setUp();
  const outcome: PushOutcome = { accepted: 0, refused: 7, reasons: {}, examples: [] };
  let heldThen = -1;
  door.append = (columns: SampleColumns): Promise<PushOutcome> => {
    heldThen = door.heldCount;
    assert.equal(columns.count, 2);
    return Promise.resolve(outcome);
  };
  const ref = gather.refOf(['__name__', 'kept']);
  gather.release([ref]);
  assert.equal(door.heldCount, 0, 'nothing waits, so nothing is held back');
  gather.columns.put(gather.refOf(['__name__', 'gone']), clock.now(), 1);
  gather.release([1]);
  put('b', MINUTE);
  await settle();
  assert.equal(heldThen, 2);
  assert.equal(door.heldCount, 1);
  assert.equal(counters.refused, 7);
});
