// `mon top` as a process in a real pty, against a server over HTTP: sizes, resizing, every way of
// leaving, a server that goes and comes, hostile names. What it costs is printed, not judged:
// machines differ.
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
import { fittingRows, holds, openMon, openTerm } from '../../support/screen-term.ts';
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

function top(options: ScreenOptions = {}): Term {
  return openMon(['top', '--url', server.url, '--tz', 'utc'], options);
}

async function live(term: Term): Promise<void> {
  await term.waitFor('● live', 30_000);
  await term.waitFor('targets 8');
}

function assertWhole(term: Term, cols: number, rows: number): void {
  const screen = fittingRows(term, cols, rows);
  assert.match(screen[0], /^ mon {2}127\.0\.0\.1/);
  assert.match(screen[rows - 1], /\? help {2}q quit/);
  assert.match(screen[rows - 2], /^╰.*╯$/);
  assert.equal(stringWidth(screen[rows - 2]), cols);
}

const screen: CheckedScreen = { open: top, live, assertWhole };

testFills(screen, [
  [80, 24],
  [120, 40],
  [200, 50],
]);
testTooSmall(screen, [40, 10], [60, 15]);
testLeaving(screen);
testCrash(screen);

test('right after every size of a storm of resizes', async () => {
  const term = top();
  await live(term);
  const sizes = [
    [200, 50],
    [60, 15],
    [119, 31],
    [80, 24],
    [61, 40],
    [250, 16],
  ] as const;
  await assertWholeAfter(screen, term, [...sizes, [40, 10]], [...sizes, [100, 30]]);
  await leave(term);
});

test('a size that was another for a moment leaves nothing behind', async () => {
  const term = top();
  await live(term);
  await term.settled();
  // Both arrive before the process looks: it sees the size that it knows.
  term.resize(30, 8);
  term.resize(80, 24);
  await term.waitFor(() => holds(() => assertWhole(term, 80, 24)));
  await leave(term);
});

test('without a terminal it says so and is a mistake of use', async () => {
  const shell = '"$0" "$@" | cat; exit 0';
  const words = [nodeBin, 'bin/run.js', 'top', '--url', server.url];
  const term = openTerm({ cmd: ['sh', '-c', shell, ...words], cols: 80, rows: 24 });
  await term.exit;
  assert.match(term.text(), /needs a terminal/);
});

test('a server that goes is told with its age, and is seen when it comes back', async () => {
  const own = await serveFleet();
  const args = ['bin/run.js', 'top', '--url', own.url, '--tz', 'utc'];
  const term = openTerm({ cmd: [nodeBin, ...args], cols: 100, rows: 30 });
  await live(term);
  await own.stop();
  await term.waitFor('no answer for');
  await term.waitFor((text) => /! \d+s old: /.test(text), 20_000);
  assert.match(term.text(), /checkout/, 'the last data stay in sight');
  await own.start();
  await live(term);
  await term.waitFor((text) => !text.includes(' old: '), 20_000);
  term.press('q');
  assert.equal(await term.exit, 0);
  await own.stop();
});

test('a server that was never there, and comes', async () => {
  const own = await serveFleet();
  await own.stop();
  const args = ['bin/run.js', 'top', '--url', own.url, '--tz', 'utc'];
  const term = openTerm({ cmd: [nodeBin, ...args], cols: 100, rows: 30 });
  await term.waitFor('no answer for', 30_000);
  await own.start();
  await live(term);
  term.press('q');
  assert.equal(await term.exit, 0);
  await own.stop();
});

test('hostile names change nothing outside their cells', async () => {
  const names = ['\u001b[2J\u001b[1;1H\u001b[41mX', '👩‍👩‍👧‍👦🇩🇪', '\u202eabc\u2066', 'two\nlines'];
  for (const hostile of names) {
    const own = await serveFleet(makeFleet({ hostile }));
    const args = ['bin/run.js', 'top', '--url', own.url, '--tz', 'utc'];
    const term = openTerm({ cmd: [nodeBin, ...args], cols: 120, rows: 40 });
    await live(term);
    await term.settled();
    assertWhole(term, 120, 40);
    for (const line of term.screen().slice(2, 39)) {
      assert.equal(stringWidth(line), 120, `${JSON.stringify(hostile)}: ${line}`);
      assert.match(line, /^[╭│╰].*[╮│╯]$/, JSON.stringify(hostile));
    }
    term.press('q');
    assert.equal(await term.exit, 0);
    await own.stop();
  }
});

test('Ctrl-L paints the whole screen again', async () => {
  const term = top();
  await live(term);
  await term.settled();
  const size = term.bytes();
  term.press('ctrl-l');
  await term.settled();
  assert.ok(term.bytes() - size > 2000, 'a whole screen was sent');
  assertWhole(term, 80, 24);
  term.press('q');
  await term.exit;
});

test('keys: chart, zoom, help, command, filter, range, pause', async () => {
  const term = top({ cols: 100, rows: 30 });
  const overview = (): Promise<void> =>
    // A frame may arrive in two pieces: the bar at the bottom comes last.
    term.waitFor((text) => text.includes('╭─ targets 8 ─') && / \/ filter/.test(text));
  await live(term);
  term.press('tab');
  await term.waitFor('┏━ errors');
  term.press('enter');
  await term.waitFor((text) => !text.includes('targets 8 ─') && text.includes('Esc back'));
  term.press('escape');
  await overview();
  term.press('?');
  await term.waitFor((text) => text.includes('hold the picture') && !text.includes('/ filter'));
  term.press('escape');
  await overview();
  term.press('c');
  await term.waitFor((text) => text.includes('this view again') && !text.includes('/ filter'));
  assert.match(term.text(), /mon query 'sum by/);
  const folded = term.screen().map((line) => line.replace(/^┃ {2}| *┃$/g, ''));
  assert.ok(folded.join('').includes(`--graph --url ${server.url}`), folded.join(''));
  term.press('escape');
  await overview();
  term.press('/');
  term.type('node');
  await term.waitFor('targets 1/8');
  term.press('enter');
  await term.waitFor('filter node');
  term.press('-');
  await term.waitFor('last 15m');
  term.press(' ');
  await term.waitFor('paused');
  term.press(' ');
  await term.waitFor('● live');
  term.press('q');
  assert.equal(await term.exit, 0);
});

test('flags open the view that keys would make', async () => {
  const args = ['--since', '1h', '--panel', 'cpu', '--zoom', '--ascii', '--color', 'never'];
  const term = top({ args });
  await term.waitFor('#= cpu =', 30_000);
  await term.waitFor('last 1h');
  assert.doesNotMatch(term.raw(), /\u001b\[[\d;]*38[;m]/);
  term.press('q');
  assert.equal(await term.exit, 0);
  const wrong = top({ args: ['--panel', 'nope'] });
  assert.equal(await wrong.exit, 2);
  assert.match(wrong.text(), /no such chart/);
});

test('what it costs, for the record', async (t) => {
  for (const [name, args] of [
    ['default refresh', []],
    ['two frames a second', ['--refresh', '500ms', '--since', '1m']],
  ] as const) {
    const direct = ['bin/run.js', 'top', '--url', server.url, ...args];
    const term = openTerm({ cmd: [nodeBin, ...direct], cols: 200, rows: 50 });
    await term.waitFor('● live', 30_000);
    await term.settled(200);
    const [bytes, cpu, seconds] = [term.bytes(), term.cpuMs(), 10];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const rate = Math.round((term.bytes() - bytes) / seconds);
    const percent = ((term.cpuMs() - cpu) / (seconds * 10)).toFixed(1);
    t.diagnostic(`200x50, ${name}: ${rate} bytes/s, ${percent} % of a core`);
    term.press('q');
    await term.exit;
  }
});
