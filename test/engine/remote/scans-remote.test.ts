// Readings of samples over a socket: pages come to the bit, one at a time, each reading by its own
// number. Easy to get wrong: after a connection broke, or the far end was started again, a number
// of before must not name the reading of somebody else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SamplePage, SamplesAsk, SampleScans } from '../../../src/engine/ports-sql.ts';
import { RemoteScans, scansService } from '../../../src/engine/remote/scans-remote.ts';
import type { Scope } from '../../../src/engine/remote/source-remote.ts';
import { RemotePair } from '../../support/remote-pair.ts';
import { until } from '../../support/until.ts';

const ASK: SamplesAsk = {
  selections: [[{ name: '__name__', op: '=', value: 'up' }]],
  ...{ minMs: -Infinity, maxMs: Infinity, only: [3] },
};
const STARTED_MS = 1_700_000_000_000;

/** Values whose bits a number does not tell. */
const ODD = new Float64Array(
  BigUint64Array.of(0x7ff0000000000002n, 0xfff80123deadbeefn, 0x8000000000000000n, 1n).buffer,
);

/** A store whose pages have its name as their only label. */
class FakeScans implements SampleScans {
  readonly asked: unknown[] = [];
  readonly open = new Map<number, number>();
  readonly #name: string;
  #last = 0;

  constructor(name: string) {
    this.#name = name;
  }

  async openScan(ask: SamplesAsk) {
    this.asked.push(ask);
    this.open.set(++this.#last, 0);
    return { id: this.#last, left: [], floors: new Map([[3, -Infinity]]) };
  }

  async nextScan(id: number): Promise<SamplePage | undefined> {
    const page = this.open.get(id) ?? 0;
    if (page === 3) {
      this.open.delete(id);
      return undefined;
    }
    this.open.set(id, page + 1);
    const bodies = [undefined, Uint8Array.of(page), undefined, undefined];
    return {
      labels: [['__name__', this.#name, '__proto__', String(page)]],
      from: Uint32Array.of(0, 4),
      timestamps: Float64Array.of(-1, page, 2, 3),
      values: ODD,
      ...(page === 1 ? { bodies, warnings: ['something'] } : {}),
    };
  }

  async closeScan(id: number): Promise<void> {
    this.open.delete(id);
  }
}

function serviceOf(scans: FakeScans, startedMs = STARTED_MS, scopes: Scope[] = []) {
  const scansFor = async (scope: Scope): Promise<SampleScans> => {
    scopes.push(scope);
    return scans;
  };
  return scansService(scansFor, startedMs);
}

test('a reading comes as it was, to the bit', async () => {
  const near = new FakeScans('x');
  const far = new FakeScans('x');
  const scopes: Scope[] = [];
  const pair = await RemotePair.open({ samples: serviceOf(far, STARTED_MS, scopes) });
  try {
    const scans = new RemoteScans(pair.link('samples'), new Map([[3, 77]]));
    const [{ id }, { id: theirs, ...told }] = [await near.openScan(ASK), await scans.openScan(ASK)];
    assert.deepEqual(told, { left: [], floors: new Map([[3, -Infinity]]) });
    assert.deepEqual(scopes, [{ only: [3], until: new Map([[3, 77]]) }]);
    assert.deepEqual(far.asked, [ASK]);
    for (;;) {
      const [one, other] = [await near.nextScan(id), await scans.nextScan(theirs)];
      assert.deepEqual(other, one);
      if (other === undefined) break;
      assert.deepEqual(Buffer.from(other.values.buffer), Buffer.from(ODD.buffer));
    }
    await assert.rejects(scans.nextScan(theirs), { code: 'MON_ABORTED' });
    assert.equal(far.open.size, 0);
  } finally {
    await pair.close();
  }
});

test('a reading ends with its connection, and its number names no other one', async () => {
  const far = new FakeScans('x');
  const pair = await RemotePair.open({ samples: serviceOf(far) });
  try {
    const scans = new RemoteScans(pair.link('samples'), new Map());
    const { id } = await scans.openScan(ASK);
    await pair.down();
    await until('it is closed', () => far.open.size === 0);
    await pair.up();
    const { id: again } = await scans.openScan(ASK);
    assert.notEqual(again, id);
    await assert.rejects(scans.nextScan(id), { code: 'MON_ABORTED' });
    assert.equal((await scans.nextScan(again))?.labels.length, 1);
    await scans.closeScan(again);
    assert.equal(far.open.size, 0);
  } finally {
    await pair.close();
  }
});

test('a process that was started later gives other numbers', async () => {
  const ids: number[] = [];
  for (const startedMs of [STARTED_MS, STARTED_MS + 1]) {
    const pair = await RemotePair.open({ samples: serviceOf(new FakeScans('x'), startedMs) });
    const scans = new RemoteScans(pair.link('samples'), new Map());
    for (let i = 0; i < 3; i++) ids.push((await scans.openScan(ASK)).id);
    await pair.close();
  }
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every(Number.isSafeInteger));
});

test('what is no question is refused, and nothing is opened', async () => {
  const far = new FakeScans('x');
  const pair = await RemotePair.open({ samples: serviceOf(far) });
  try {
    const link = pair.link('samples');
    for (const ask of [undefined, {}, { ...ASK, only: 3 }, { ...ASK, minMs: 'x' }]) {
      await assert.rejects(link.call('openScan', [ask]), { code: 'MON_RECORD_MALFORMED' });
    }
    await assert.rejects(link.call('nextScan', ['x']), { code: 'MON_RECORD_MALFORMED' });
    assert.deepEqual([far.asked, pair.bugs], [[], []]);
  } finally {
    await pair.close();
  }
});
