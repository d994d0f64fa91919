// Lists of series and labels, and the federation, wait for their turn as queries do: when too many
// of a user wait already they are refused with 429 and told when to come again, nobody else is,
// and a client that goes away gives its turn back. Over HTTP with the real query service.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { settle } from '../../support/virtual-clock.ts';
import { NOW_MS, startApi } from '../../support/api-fixture.ts';
import type { Ask, Fixture } from '../../support/api-fixture.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';

const PATHS = [
  '/api/v1/series?match[]=m',
  '/api/v1/labels',
  '/api/v1/label/__name__/values',
  '/federate?match[]=m',
];
const DASHBOARD: Ask = { headers: { 'x-mon-pool': 'dashboard' } };

/** Answers wait until they are let go. */
class HeldSource extends MemorySource {
  asked = 0;
  go = (): void => undefined;
  #held = new Promise<void>((resolve) => (this.go = resolve));

  async #wait(): Promise<void> {
    this.asked++;
    await this.#held;
  }

  override async fragment(fragment: Fragment): Promise<FragmentResult> {
    await this.#wait();
    return super.fragment(fragment);
  }

  override async series(...asked: Parameters<MemorySource['series']>) {
    await this.#wait();
    return super.series(...asked);
  }

  override async labelNames(...asked: Parameters<MemorySource['labelNames']>) {
    await this.#wait();
    return super.labelNames(...asked);
  }

  override async labelValues(...asked: Parameters<MemorySource['labelValues']>) {
    await this.#wait();
    return super.labelValues(...asked);
  }
}

async function makeWorld(): Promise<{ source: HeldSource; api: Fixture }> {
  const series = new MemorySeries();
  series.add({ __name__: 'm' }, [{ t: NOW_MS - 1000, v: 1 }]);
  const source = new HeldSource(series);
  const limits = { concurrentPerUser: 1, waitingPerUser: 1 };
  const queries = new QueryService({ sources: [source], clock: systemClock, ...limits });
  return { source, api: await startApi({ source, ask: queries, turns: queries }) };
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !holds(); i++) await settle(5);
  assert.ok(holds());
}

for (const path of PATHS) {
  test(`${path} waits, and is refused when too many wait`, async () => {
    const { source, api } = await makeWorld();
    await using _ = api;
    const first = api.call(path);
    await until(() => source.asked > 0);
    const { asked } = source;
    // One more waits, whichever comes first; the others are refused at once.
    const others = PATHS.map((other) => api.call(other));
    const codes: number[] = [];
    for (const other of others) void other.then(({ status }) => codes.push(status));
    await until(() => codes.length === PATHS.length - 1);
    assert.deepEqual(codes, [429, 429, 429]);
    assert.equal(source.asked, asked, 'who waits asks nothing');
    // The other pool has places of its own.
    const screen = api.call(path, DASHBOARD);
    await until(() => source.asked > asked);
    source.go();
    assert.equal((await first).status, 200);
    assert.equal((await screen).status, 200);
    const replies = await Promise.all(others);
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
    const refused = replies.filter(({ status }) => status === 429);
    for (const { headers, text } of refused) {
      assert.equal(headers['retry-after'], '2');
      assert.match(text, /too many queries of \\"127\.0\.0\.1\\" are waiting/);
    }
    assert.equal((await api.call(path)).status, 200, 'all turns came back');
    assert.deepEqual(api.fakes.bugs, []);
  });
}

test('a client that goes away gives its place in the queue back', async () => {
  const { source, api } = await makeWorld();
  await using _ = api;
  const first = api.call(PATHS[0]);
  await until(() => source.asked > 0);
  const gone = new AbortController();
  const left = api.call(PATHS[1], { signal: gone.signal });
  await pause(50);
  gone.abort();
  await assert.rejects(left);
  // Whether the server has noticed by then is its own affair; sooner or later there is a place.
  for (let i = 0; ; i++) {
    const next = api.call(PATHS[2]);
    const status = await Promise.race([next.then((reply) => reply.status), pause(100)]);
    if (status === 429 && i < 100) continue;
    assert.equal(status, undefined, 'it waits');
    source.go();
    assert.deepEqual([(await first).status, (await next).status], [200, 200]);
    return;
  }
});
