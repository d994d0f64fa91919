// The explorer as a process in a real pty, against a fake server with ten thousand metrics and
// hostile names: sizes, resizing, every way of leaving, drilling down, writing a rule, what idling
// costs. What a key press and the opening cost is printed, not judged: machines differ.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import stringWidth from 'string-width';
import { EVIL, fakeExploration } from '../../support/fake-exploration.ts';
import {
  assertWholeAfter,
  leave,
  testLeaving,
  type CheckedScreen,
} from '../../support/screen-checks.ts';
import { assertRestored, fittingRows, openMon } from '../../support/screen-term.ts';
import type { ScreenOptions } from '../../support/screen-term.ts';
import type { Term } from '../../support/terminal.ts';

const METRICS = 10_000;
let server: Server;
let url = '';
let broken = false;

before(async () => {
  const at = Date.UTC(2025, 10, 20, 12, 0, 7);
  const whole = JSON.stringify({ data: fakeExploration(at, { metrics: METRICS }) });
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    response.setHeader('content-type', 'application/json');
    if (broken) response.writeHead(500).end('{"status":"error","error":"out of order"}');
    else if (pathname === '/api/v1/series') {
      const labels = { __name__: 'http_requests_total', job: EVIL, pod: 'pod-0' };
      response.end(JSON.stringify({ status: 'success', data: [labels] }));
    } else if (!searchParams.has('match[]')) response.end(whole);
    else {
      const match = searchParams.get('match[]') ?? '';
      const label = searchParams.get('label') ?? undefined;
      response.end(JSON.stringify({ data: fakeExploration(at, { match, label }) }));
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

function explore(options: ScreenOptions = {}): Term {
  return openMon(['explore', '--url', url, '--tz', 'utc'], options);
}

async function live(term: Term): Promise<void> {
  await term.waitFor('● live', 30_000);
}

function assertWhole(term: Term, cols: number, rows: number): void {
  const screen = fittingRows(term, cols, rows);
  assert.match(screen[0], /^ mon explore {2}127\.0\.0\.1/);
  assert.match(screen[rows - 2], /^[╰┗].*[╯┛]$/);
  assert.equal(stringWidth(screen[rows - 2]), cols);
}

for (const [cols, rows] of [
  [80, 24],
  [120, 40],
  [200, 50],
] as const) {
  test(`ten thousand metrics fill ${cols}x${rows}, hostile ones stay in their cells`, async (t) => {
    const began = performance.now();
    const term = explore({ cols, rows });
    await live(term);
    t.diagnostic(`opened in ${(performance.now() - began).toFixed(0)} ms`);
    await term.settled();
    assertWhole(term, cols, rows);
    assert.match(term.text(), /metrics 10000/);
    for (const tab of ['2', '3', '4']) {
      term.type(tab);
      await term.waitFor(`▸${tab} `);
      await term.settled(150);
      assertWhole(term, cols, rows);
    }
    assert.ok(!term.raw().includes('\u202e') && !term.raw().includes('\u001b[31m\u0007'));
    await leave(term);
  });
}

const screen: CheckedScreen = { open: explore, live, assertWhole };

testLeaving(screen, [['SIGTERM', 143]]);

test('40x10 is too small and says so; resizing brings it back', async () => {
  const term = explore({ cols: 40, rows: 10 });
  await term.waitFor('terminal too small', 30_000);
  assert.match(term.text(), /need 60x12, have 40x10/);
  const calm = [
    [200, 50],
    [60, 12],
    [250, 16],
    [100, 30],
  ] as const;
  await assertWholeAfter(screen, term, [], calm);
  await leave(term, 'ctrl-c', 130);
});

test('down to the series and back; the rule comes out on stdout; keys are quick', async (t) => {
  const term = explore({ cols: 120, rows: 40 });
  await live(term);
  const pressed = performance.now();
  term.press('down');
  await term.waitFor('2/10000');
  t.diagnostic(`from a key to the screen: ${(performance.now() - pressed).toFixed(0)} ms`);
  term.type('/app_metric_99');
  await term.waitFor('metrics 111/10000');
  term.press('enter');
  term.type('G');
  await term.waitFor('111/111');
  term.press('escape');
  await term.waitFor('metrics 10000');
  term.type('g');
  term.press('enter');
  await term.waitFor('labels of the metric 7');
  term.press('enter');
  await term.waitFor('values of pod 40');
  term.press('enter');
  await term.waitFor('series 1');
  await term.settled(150);
  assertWhole(term, 120, 40);
  for (const back of ['values of pod', 'labels of the metric', 'metrics 10000']) {
    term.press('escape');
    await term.waitFor(back);
  }
  term.type('w');
  await term.waitFor('drops 40000 of');
  term.type('y');
  await term.waitFor('copied');
  assert.ok(term.raw().includes('\u001b]52;c;'));
  term.type('p');
  assert.equal(await term.exit, 0);
  await term.settled(100);
  assert.match(term.text(), /regex: 'http_requests_total'\n {4}action: drop/);
  assertRestored(term);
});

test('idle it sends next to nothing, and a server in trouble is named in place', async (t) => {
  const term = explore({ cols: 80, rows: 24 });
  await live(term);
  await term.settled(300);
  const [bytes, cpu] = [term.bytes(), term.cpuMs()];
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const sent = term.bytes() - bytes;
  t.diagnostic(`idle: ${(sent / 3).toFixed(0)} bytes/s, ${term.cpuMs() - cpu} ms of CPU in 3 s`);
  assert.ok(sent < 3000, `${sent} bytes in 3 s`);
  broken = true;
  try {
    await term.waitFor('out of order', 15_000);
    assertWhole(term, 80, 24);
  } finally {
    broken = false;
  }
  term.press('q');
  assert.equal(await term.exit, 0);
});
