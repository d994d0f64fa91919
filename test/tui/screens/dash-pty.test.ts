// `mon dash` behind a real pty: sizes, a storm of resizes, every way to leave, a server that goes
// and comes, hostile names, keys, and that a beat sends only what changed. What it costs is
// printed, not judged.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import stringWidth from 'string-width';
import { makeFleet, serveFleet, type FleetServer } from '../../support/fake-fleet.ts';
import {
  assertWholeAfter,
  leave,
  testCrash,
  testFills,
  testLeaving,
  testTooSmall,
  type CheckedScreen,
} from '../../support/screen-checks.ts';
import { assertRestored, fittingRows, openMon, openTerm } from '../../support/screen-term.ts';
import type { ScreenOptions } from '../../support/screen-term.ts';
import { nodeBin } from '../../support/terminal.ts';
import type { Term } from '../../support/terminal.ts';

let server: FleetServer;

before(async () => {
  server = await serveFleet();
});

after(async () => {
  await server.stop();
});

function dash(options: ScreenOptions = {}): Term {
  return openMon(['dash', 'service', '--url', server.url, '--tz', 'utc'], options);
}

async function live(term: Term): Promise<void> {
  await term.waitFor('● live', 30_000);
  await term.waitFor('checkout');
}

function assertWhole(term: Term, cols: number, rows: number): void {
  const screen = fittingRows(term, cols, rows);
  assert.match(screen[0], /^ mon {2}Services/);
  assert.match(screen[1], /^ service All/);
  assert.match(screen[rows - 1], /\? help {2}q quit/);
}

const screen: CheckedScreen = { open: dash, live, assertWhole };

testFills(screen, [
  [80, 24],
  [120, 40],
  [200, 50],
]);
testTooSmall(screen, [30, 10], [40, 12]);
testLeaving(screen);
testCrash(screen);

test('right after every size of a storm of resizes', async () => {
  const term = dash();
  await live(term);
  const sizes = [
    [200, 50],
    [60, 15],
    [119, 31],
    [80, 24],
    [61, 40],
    [250, 16],
  ] as const;
  await assertWholeAfter(screen, term, [...sizes, [30, 10]], [...sizes, [100, 30]]);
  await leave(term);
});

test('a server that goes is told with its age, and is seen when it comes back', async () => {
  const own = await serveFleet();
  const args = ['bin/run.js', 'dash', 'service', '--url', own.url, '--tz', 'utc', '--since', '1m'];
  const term = openTerm({ cmd: [nodeBin, ...args], cols: 120, rows: 40 });
  await live(term);
  await own.stop();
  await term.waitFor('no answer for', 20_000);
  await term.waitFor((text) => /! \d+s old: /.test(text), 20_000);
  assert.match(term.text(), /checkout .*\d\/s/, 'the last data stay in sight');
  await own.start();
  await term.waitFor('● live', 20_000);
  await term.waitFor((text) => !text.includes(' old: '), 20_000);
  term.press('q');
  assert.equal(await term.exit, 0);
  await own.stop();
});

test('hostile names change nothing outside their cells', async () => {
  const names = ['\u001b[2J\u001b[1;1H\u001b[41mX', '👩‍👩‍👧‍👦🇩🇪', '\u202eabc\u2066', 'two\nlines'];
  for (const hostile of names) {
    const own = await serveFleet(makeFleet({ hostile }));
    const args = ['bin/run.js', 'dash', 'service', '--url', own.url, '--tz', 'utc'];
    const term = openTerm({ cmd: [nodeBin, ...args], cols: 120, rows: 40 });
    await term.waitFor('● live', 30_000);
    await term.waitFor('cart');
    term.press('v');
    await term.waitFor('type to narrow');
    await term.settled();
    const screen = term.screen();
    assert.equal(term.scrolled(), 0);
    assert.match(screen[0], /^ mon {2}Services/);
    for (const line of screen.slice(2, 39)) {
      assert.equal(stringWidth(line), 120, `${JSON.stringify(hostile)}: ${line}`);
    }
    term.press('ctrl-c');
    assert.equal(await term.exit, 130);
    await own.stop();
  }
});

test('a beat sends only what changed, and never clears', async () => {
  const term = dash({ cols: 200, rows: 50, args: ['--since', '1m'] });
  await live(term);
  await term.settled(200);
  const from = term.raw().length;
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const sent = term.raw().slice(from);
  assert.doesNotMatch(sent, /\u001b\[2J/, 'no flicker: the screen is never cleared');
  const frames = sent.split('\u001b[?2026h').slice(1);
  for (const frame of frames) {
    assert.ok(frame.length < 12_000, `a frame of ${frame.length} bytes at 200x50`);
    assert.ok(frame.includes('\u001b[?2026l'), 'every frame is one piece');
  }
  term.press('q');
  assert.equal(await term.exit, 0);
});

test('keys: panel, zoom, page, variables, range, command, pause', async () => {
  const term = dash({ cols: 100, rows: 30 });
  await live(term);
  term.press('tab');
  await term.waitFor('┏━ requests');
  term.press('right', 'enter');
  await term.waitFor((text) => text.includes('─ errors ─') && text.includes('Esc back'));
  assert.doesNotMatch(term.text(), /latency p99/);
  term.press('escape');
  await term.waitFor('latency p99');
  term.type('J');
  await term.waitFor('page 2/2');
  term.type('K');
  await term.waitFor('page 1/2');
  term.press('v');
  await term.waitFor('type to narrow');
  term.type('car');
  await term.waitFor((text) => / 1 ━┓/.test(text));
  term.press('enter');
  await term.waitFor(' service cart');
  await term.waitFor(() => server.fleet.asked.some(({ expr }) => expr.includes('service=~"cart"')));
  term.press('-');
  await term.waitFor('last 30m');
  term.press('[');
  await term.waitFor('30m until');
  term.press('n');
  await term.waitFor('last 30m');
  term.press('tab', 'c');
  await term.waitFor('this view again');
  const folded = term.screen().map((line) => line.replace(/^┃ {2}| *┃$/g, ''));
  assert.ok(folded.join('').includes('mon dash service --since 30m --var service=cart'));
  term.press('y');
  await term.waitFor('copied');
  assert.match(term.raw(), /\u001b\]52;c;[A-Za-z0-9+/=]+\u0007/);
  term.press('escape');
  await term.waitFor('requests by service');
  term.press(' ');
  await term.waitFor('paused');
  term.press('q');
  assert.equal(await term.exit, 0);
  assertRestored(term);
});

test('flags open the view that keys would make; a mistake is told before the screen', async () => {
  const args = ['--since', '1h', '--var', 'service=cart', '--panel', 'errors', '--zoom', '--ascii'];
  const term = dash({ args });
  await term.waitFor('+- errors -', 30_000);
  await term.waitFor('last 1h');
  await term.waitFor(' service cart');
  term.press('q');
  assert.equal(await term.exit, 0);
  const wrong = dash({ args: ['--panel', 'nope'] });
  assert.equal(await wrong.exit, 2);
  assert.match(wrong.text(), /--panel nope: no such panel/);
  assert.doesNotMatch(wrong.raw(), /\u001b\[\?1049h/);
});
