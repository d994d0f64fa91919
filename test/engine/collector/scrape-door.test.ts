// Scraping through the real door and the real series book into a log that only keeps what it is
// given: values arrive bit by bit, stale markers survive, and the book is left without held series.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Door } from '../../../src/engine/collector/door.ts';
import { PushText } from '../../../src/engine/collector/push-text.ts';
import { ScrapeManager } from '../../../src/engine/collector/scrape-manager.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import type { Batch } from '../../../src/engine/model/batch.ts';
import { isStaleAt } from '../../../src/engine/model/sample.ts';
import type { Appended, Log } from '../../../src/engine/ports.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { until } from '../../support/until.ts';
import { memoryFiles } from './scrape-double.ts';

const PARTITIONS = 4;

function setUp() {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, PARTITIONS);
  const got = new Map<string, string[]>();
  const families: string[] = [];
  const keep = (batch: Batch): void => {
    for (const entry of batch.metadata ?? []) families.push(entry.family);
    if (batch.floats === undefined) return;
    const { refs, values } = batch.floats;
    const words = new Uint32Array(values.slice().buffer);
    refs.forEach((ref, i) => {
      const name = book.labels(ref).join('|');
      const value = isStaleAt(words, i) ? 'stale' : String(values[i]);
      got.set(name, [...(got.get(name) ?? []), value]);
    });
  };
  const log = {
    partitions: PARTITIONS,
    generation: 0,
    append(batches: readonly Batch[]): Promise<readonly Appended[]> {
      batches.forEach(keep);
      return Promise.resolve(batches.map(() => ({ offset: 0 })));
    },
  } as unknown as Log;
  const door = new Door({ log, book, kernels, clock: systemClock });
  return { door, got, families };
}

test('scrapes through the door', async () => {
  const { door, got, families } = setUp();
  const manager = new ScrapeManager({
    door,
    clock: systemClock,
    disk: memoryFiles(new Map()),
    warn: assert.fail,
  });
  const bodies = ['# TYPE a counter\na{x="é"} 0.1\nb NaN\n', 'b -0\n'];
  let n = 0;
  const render = () => new TextEncoder().encode(bodies[Math.min(n++, 1)]);
  manager.addInternal({ job: 'j', instance: 'i', intervalMs: 50, timeoutMs: 40, render });
  const a = '__name__|a|instance|i|job|j|x|é';
  await until('a is stale', () => got.get(a)?.at(-1) === 'stale');
  await manager.stop();
  assert.deepEqual(got.get(a), ['0.1', 'stale']);
  assert.deepEqual(got.get('__name__|b|instance|i|job|j')?.slice(0, 2), ['NaN', '0']);
  assert.equal(got.get('__name__|up|instance|i|job|j')?.[0], '1');
  assert.deepEqual(families, ['a']);
});

test('pushed text through the door', async () => {
  const { door, got } = setUp();
  const text = new PushText(systemClock);
  const long = 'y'.repeat(5000);
  const body = new TextEncoder().encode(`a 1\nb{x="${long}"} 2\nc 3 1\n`);
  const outcome = await text.take(door, body, 'text/plain');
  assert.equal(outcome.accepted, 1);
  assert.deepEqual(outcome.reasons, { labelValueTooLong: 1, tooOld: 1 });
  assert.deepEqual([...got], [['__name__|a', ['1']]]);
});
