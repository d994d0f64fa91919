// What the watcher remembers and tells: each trouble once, each recovery once, over restarts and
// deliveries that fail, for random histories. Easy to get wrong: a check that flaps faster than it
// is told must tell nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { CheckState, Finding } from '../../../src/engine/watch/check.ts';
import { Ledger, type News } from '../../../src/engine/watch/ledger.ts';
import { newsAlerts, newsJson, newsLine } from '../../../src/engine/watch/telling.ts';

const T0 = Date.UTC(2026, 0, 1);
const OPTIONS = { watcher: 'w', afterMs: 10_000, targets: ['http://hook'] };

function finding(state: CheckState, check = 'healthy', words = 'no answer'): Finding {
  return { server: 'http://a', check, state, words: state === 'ok' ? '' : words };
}

function told(news: readonly News[]): string[] {
  return news.map(({ kind, check }) => `${kind} ${check}`);
}

describe('the ledger', () => {
  it('tells what lasts, once, and that it is over, once', () => {
    const ledger = new Ledger(OPTIONS);
    const at = (s: number, state: CheckState): string[] =>
      told(ledger.note([finding(state)], T0 + s * 1000));
    assert.deepEqual(at(0, 'ok'), []);
    assert.deepEqual(at(5, 'down'), []);
    assert.deepEqual(at(10, 'down'), []);
    assert.deepEqual(at(15, 'down'), ['down healthy']);
    assert.deepEqual(at(20, 'down'), []);
    assert.deepEqual(at(25, 'late'), ['late healthy']);
    assert.deepEqual(at(30, 'ok'), ['recovered healthy']);
    assert.deepEqual(at(35, 'ok'), []);
    assert.deepEqual(
      ledger.waiting('http://hook').map(({ kind }) => kind),
      ['down', 'late', 'recovered'],
    );
  });

  it('is silent about what is over before it was told, and about what was not asked', () => {
    const ledger = new Ledger(OPTIONS);
    for (let s = 0; s < 300; s += 5) {
      const state = s % 10 === 0 ? 'down' : 'ok';
      assert.deepEqual(
        ledger.note([finding(state), finding('skipped', 'canary')], T0 + s * 1000),
        [],
      );
    }
    assert.deepEqual(
      ledger.checks.map(({ check }) => check),
      ['healthy'],
    );
  });

  it('goes on after a restart as if there had been none, but for time nobody looked', () => {
    const first = new Ledger(OPTIONS);
    first.note([finding('down'), finding('down', 'ready')], T0);
    first.note([finding('down'), finding('ok', 'ready')], T0 + 10_000);
    first.note([finding('down'), finding('down', 'ready')], T0 + 12_000);
    const again = new Ledger(OPTIONS, first.save());
    assert.deepEqual(told(again.waiting('http://hook')), ['down healthy']);
    const later = T0 + 3_600_000;
    assert.deepEqual(again.note([finding('down'), finding('down', 'ready')], later), []);
    assert.deepEqual(told(again.note([finding('ok')], later + 1000)), ['recovered healthy']);
    const ids = again.waiting('http://hook').map(({ id }) => id);
    assert.equal(new Set(ids).size, 2);
    // Half a file, another watcher's, or none: as if it were the first time.
    for (const text of ['{"version":1,"wat', '[]', 'null', first.save().replace('"w"', '"x"')]) {
      assert.deepEqual(new Ledger(OPTIONS, text).checks, []);
    }
  });

  it('forgets what is not checked any more, and who is told no more', () => {
    const ledger = new Ledger(OPTIONS);
    ledger.note([finding('down', 'role store-0')], T0);
    assert.deepEqual([...ledger.rolesOf('http://a', T0)], ['store-0']);
    ledger.note([finding('down', 'role store-0')], T0 + 10_000);
    ledger.note([finding('ok')], T0 + 25 * 3_600_000);
    assert.deepEqual([...ledger.rolesOf('http://a', T0 + 25 * 3_600_000)], []);
    const other = new Ledger({ ...OPTIONS, targets: ['http://new'] }, ledger.save());
    assert.deepEqual(other.waiting('http://hook'), []);
  });

  it('tells of each trouble once in every random history, over restarts', () => {
    const seed = 9;
    const random = seededRandom(seed);
    for (let history = 0; history < 300; history++) {
      let ledger = new Ledger(OPTIONS);
      const taken: News[] = [];
      const states: CheckState[] = ['ok', 'ok', 'down', 'late', 'skipped'];
      for (let step = 0, now = T0; step < 60; step++, now += 1000 + random() * 9000) {
        const state = states[Math.floor(random() * states.length)];
        const news = ledger.note([finding(state)], now);
        assert.ok(news.length < 2);
        if (random() < 0.2) {
          for (const one of ledger.waiting('http://hook')) {
            taken.push(one);
            ledger.delivered('http://hook', one.id);
          }
        }
        if (random() < 0.1) ledger = new Ledger(OPTIONS, ledger.save());
      }
      taken.push(...ledger.waiting('http://hook'));
      assert.equal(new Set(taken.map(({ id }) => id)).size, taken.length, `seed ${seed}`);
      let standing = 'recovered';
      for (const { kind, was } of taken) {
        assert.notEqual(kind, standing, `seed ${seed}, history ${history}`);
        assert.equal(was, standing === 'recovered' ? undefined : standing);
        standing = kind;
      }
    }
  });
});

describe('news', () => {
  const down: News = {
    ...{ id: 'w-1', kind: 'down', server: 'http://a', check: 'role store-0' },
    ...{ words: 'away', sinceMs: T0, atMs: T0 + 12_000 },
  };

  it('are one object for a hook', () => {
    assert.deepEqual(newsJson(down, 'w'), {
      apiVersion: 'mon/watch/v1',
      ...{ id: 'w-1', watcher: 'w', status: 'down', server: 'http://a', check: 'role store-0' },
      ...{ what: 'away', since: '2026-01-01T00:00:00.000Z', at: '2026-01-01T00:00:12.000Z' },
      text: 'down: role store-0 of http://a: away',
    });
    const over = { ...down, kind: 'recovered', was: 'down' } as const;
    assert.equal(newsLine(over), 'recovered: role store-0 of http://a, after 12 s');
  });

  it('end one alert of an Alertmanager and begin the next', () => {
    const late = { ...down, kind: 'late', was: 'down' } as const;
    const alerts = newsAlerts(late, 'w');
    assert.deepEqual(
      alerts.map(({ labels, endsAt }) => [labels['alertname'], endsAt]),
      [
        ['MonWatchDown', '2026-01-01T00:00:12.000Z'],
        ['MonWatchLate', '2026-01-01T00:04:12.000Z'],
      ],
    );
    // Two watchers have to say the same, or people hear it twice.
    assert.deepEqual(newsAlerts(down, 'x')[0].labels, newsAlerts(down, 'w')[0].labels);
  });
});
