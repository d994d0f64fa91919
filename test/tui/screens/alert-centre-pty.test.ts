// The alert centre as a process in a real pty, against a fake notifier with five thousand alerts
// and hostile names: sizes, resizing, the ways of leaving, marking, silencing with a preview,
// acknowledging, expiring. What a key press costs is printed, not judged: machines differ.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import stringWidth from 'string-width';
import { assertWholeAfter, leave } from '../../support/screen-checks.ts';
import { fittingRows, openMon } from '../../support/screen-term.ts';
import type { ScreenOptions } from '../../support/screen-term.ts';
import type { Term } from '../../support/terminal.ts';

const COUNT = 5000;
const EVIL = 'Evil\u001b[31m\u0007\n\u202e汉字👩‍👩‍👧\u0e33';
let server: Server;
let url = '';
const asked: { method: string; path: string; body: string }[] = [];
let silences: object[] = [];

function alertJson(i: number): object {
  const severity = ['critical', 'warning', 'info'][i % 3];
  const alertname = i === 0 ? EVIL : ['HighCpu', 'DiskFull'][i % 2];
  return {
    labels: { alertname, host: i === 0 ? `${EVIL}${'x'.repeat(3000)}` : `web-${i}`, severity },
    annotations: { summary: `${alertname} on web-${i}` },
    startsAt: new Date(1_700_000_000_000 + i * 1000).toISOString(),
    endsAt: new Date(1_900_000_000_000).toISOString(),
    updatedAt: new Date(1_700_000_000_000).toISOString(),
    fingerprint: String(i).padStart(16, '0'),
    receivers: [{ name: 'team' }],
    status: { state: 'active', silencedBy: [], inhibitedBy: [], mutedBy: [] },
    generatorURL: '',
    incident: '1',
  };
}

const INCIDENT = {
  ...{
    id: '1',
    groupKey: `{}:{alertname="${EVIL}"}`,
    labels: { alertname: EVIL },
    receiver: 'team',
  },
  ...{
    severity: 'critical',
    status: 'firing',
    startedAtMs: 1_700_000_000_000,
    acknowledgedAtMs: 0,
  },
  ...{ acknowledgedBy: '', resolvedAtMs: 0, escalations: 0, firing: COUNT, alerts: COUNT },
  history: [{ atMs: 1_700_000_000_000, who: 'mon', what: 'opened', why: EVIL }],
};

before(async () => {
  const alerts = JSON.stringify(Array.from({ length: COUNT }, (_, i) => alertJson(i)));
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const { method = '', url: path = '' } = request;
      if (method !== 'GET') asked.push({ method, path, body });
      response.setHeader('content-type', 'application/json');
      if (path.startsWith('/api/v2/alerts')) response.end(alerts);
      else if (path.startsWith('/api/v2/silences') && method === 'GET') {
        response.end(JSON.stringify(silences));
      } else if (path === '/api/v2/silences') response.end('{"silenceID":"0a1b2c3d-0000"}');
      else if (method === 'DELETE') response.end('');
      else response.end(JSON.stringify({ status: 'success', data: { incidents: [INCIDENT] } }));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

function centre({ cols, rows }: ScreenOptions = {}): Term {
  const words = ['incidents', '--live', '--url', url, '--tz', 'utc'];
  return openMon(words, { cols, rows, env: { USER: 'ann' } });
}

async function live(term: Term): Promise<void> {
  await term.waitFor('● live', 30_000);
}

function assertWhole(term: Term, cols: number, rows: number): void {
  const screen = fittingRows(term, cols, rows);
  assert.match(screen[0], /^ mon {3}127\.0\.0\.1/);
  assert.match(screen[rows - 1], /\? help/);
  assert.match(screen[rows - 2], /^[╰┗].*[╯┛]$/);
  assert.equal(stringWidth(screen[rows - 2]), cols);
}

for (const [cols, rows] of [
  [80, 24],
  [120, 40],
  [200, 50],
] as const) {
  test(`five thousand alerts fill ${cols}x${rows}, hostile ones stay in their cells`, async () => {
    const term = centre({ cols, rows });
    await live(term);
    await term.settled();
    assertWhole(term, cols, rows);
    assert.match(term.text(), /alerts 5000/);
    assert.ok(!term.raw().includes('\u202e') && !term.raw().includes('\u001b[31m\u0007'));
    term.press('enter');
    await term.waitFor('annotations');
    assertWhole(term, cols, rows);
    await leave(term);
  });
}

test('40x10 is too small and says so; resizing brings it back', async () => {
  const term = centre({ cols: 40, rows: 10 });
  await term.waitFor('terminal too small', 30_000);
  assert.match(term.text(), /need 60x12, have 40x10/);
  const calm = [
    [200, 50],
    [60, 12],
    [250, 16],
    [100, 30],
  ] as const;
  await assertWholeAfter({ open: centre, live, assertWhole }, term, [], calm);
  await leave(term, 'ctrl-c', 130);
});

test('marks, previews, silences, acknowledges; keys are quick', async (t) => {
  const term = centre({ cols: 120, rows: 40 });
  await live(term);
  term.type('/web-12');
  await term.waitFor('alerts 111/5000');
  term.press('enter');
  for (let i = 0; i < 50; i++) {
    term.press('j');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await term.waitFor('51/111');
  term.press('g');
  await term.waitFor(' 1/111');
  const pressed = performance.now();
  term.press('G');
  await term.waitFor('111/111');
  t.diagnostic(`from a key to the screen: ${(performance.now() - pressed).toFixed(0)} ms`);
  term.press('g');
  await term.waitFor(' 1/111');
  term.type('  s');
  await term.waitFor('would hide 2 of 5000 alerts now');
  term.type('maintenance');
  term.press('enter');
  await term.waitFor('silenced: 0a1b2c3d');
  const { body } = asked.at(-1) as { body: string };
  const { matchers, createdBy, comment } = JSON.parse(body) as Record<string, unknown>;
  assert.deepEqual([createdBy, comment], ['ann', 'maintenance']);
  assert.ok((matchers as { name: string }[]).some(({ name }) => name === 'host'));
  term.type('a');
  await term.waitFor('acknowledge incident 1');
  term.type('on it');
  term.press('enter');
  await term.waitFor('acknowledged: 1');
  assert.deepEqual(JSON.parse(asked.at(-1)?.body ?? ''), {
    incident: '1',
    who: 'ann',
    why: 'on it',
  });
  term.type('s');
  await term.waitFor('would hide');
  term.press('enter');
  await term.waitFor('say why');
  term.press('escape');
  await term.waitFor('? help');
  term.type('c');
  await term.waitFor('mon ack 1');
  term.press('q');
  assert.equal(await term.exit, 0);
});

test('on twelve rows the help scrolls to its end and back', async () => {
  const term = centre({ cols: 60, rows: 12 });
  await live(term);
  term.press('?');
  await term.waitFor('▼');
  term.type('G');
  await term.waitFor('paint the whole screen');
  term.type('k');
  await term.waitFor(() => !term.text().includes('paint the whole screen'));
  term.type('g');
  await term.waitFor('all keys of this view');
  term.press('escape');
  await term.waitFor('? help');
  term.press('q');
  assert.equal(await term.exit, 0);
});

test('silences: extended, ended after a question; the help', async () => {
  silences = [
    {
      ...{ id: '0a1b2c3d-1111-4111-8111-111111111111', status: { state: 'active' } },
      ...{ comment: EVIL, createdBy: EVIL, startsAt: '2023-01-01T00:00:00Z' },
      ...{ endsAt: '2099-01-01T00:00:00Z', updatedAt: '2023-01-01T00:00:00Z' },
      matchers: [{ name: 'host', value: EVIL, isRegex: false, isEqual: true }],
    },
  ];
  const term = centre({ cols: 100, rows: 30 });
  await live(term);
  term.press('tab');
  await term.waitFor('ends in');
  await term.settled();
  assertWhole(term, 100, 30);
  term.type('e');
  await term.waitFor('extend silence');
  term.press('ctrl-u');
  await term.settled(150);
  term.type('2h');
  term.press('enter');
  await term.waitFor('extended');
  const sent = JSON.parse(asked.at(-1)?.body ?? '') as { endsAt: string };
  assert.equal(sent.endsAt, '2099-01-01T02:00:00.000Z');
  term.type('x');
  await term.waitFor('end this silence now?');
  term.type('n');
  await term.waitFor('? help');
  assert.ok(!asked.some(({ method }) => method === 'DELETE'));
  term.type('xy');
  await term.waitFor('ended: 0a1b2c3d');
  assert.equal(asked.at(-1)?.method, 'DELETE');
  term.press('tab');
  await term.waitFor('group');
  term.press('?');
  await term.waitFor('all keys of this view');
  await leave(term);
});
