// `mon wall` as a process in a real pty, against a server over HTTP: it fills the screen, is left
// in every way with the terminal restored, survives resizes and a server that goes. In tmux its
// lines are lines. What it costs is printed, not judged: machines differ.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import stringWidth from 'string-width';
import { serveFleet, type FleetServer } from '../../support/fake-fleet.ts';
import { projectRoot } from '../../support/project.ts';
import {
  assertWholeAfter,
  leave,
  testFills,
  testLeaving,
  type CheckedScreen,
} from '../../support/screen-checks.ts';
import { fittingRows, openMon } from '../../support/screen-term.ts';
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

function wall(options: ScreenOptions = {}): Term {
  return openMon(['wall', 'services', '--url', server.url, '--tz', 'utc'], options);
}

async function live(term: Term): Promise<void> {
  await term.waitFor('● live', 30_000);
}

function assertWhole(term: Term, cols: number, rows: number): void {
  const screen = fittingRows(term, cols, rows);
  assert.match(screen[0], /^ mon {2}services/);
  assert.match(screen[rows - 1], /q quit/);
  assert.match(screen[rows - 2], /^╰.*╯$/);
  assert.equal(stringWidth(screen[rows - 2]), cols);
}

const screen: CheckedScreen = { open: wall, live, assertWhole };

testFills(screen, [
  [80, 24],
  [200, 50],
]);
testLeaving(screen, [
  ['ctrl-c', 130],
  ['escape', 0],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]);

test('right after a storm of resizes', async () => {
  const term = wall();
  await live(term);
  const storm = [
    [200, 50],
    [60, 16],
    [119, 31],
    [40, 10],
    [250, 18],
  ] as const;
  const calm = [
    [200, 50],
    [80, 24],
    [100, 30],
  ] as const;
  await assertWholeAfter(screen, term, storm, calm);
  await leave(term);
});

test('without a terminal it says so, and a file that is not there is a mistake', async () => {
  const run = (args: readonly string[]) =>
    spawnSync(nodeBin, ['bin/run.js', 'wall', ...args, '--url', server.url], {
      cwd: projectRoot,
      encoding: 'utf8',
      input: '',
    });
  const piped = run(['services']);
  assert.equal(piped.status, 2);
  assert.match(piped.stderr, /a wall needs a terminal/);
  assert.equal(piped.stdout, '');
  const missing = run(['nowhere.yml']);
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /cannot read nowhere\.yml/);
});

test('in tmux lines are lines', async (t) => {
  const tmux = (args: readonly string[]): string =>
    execFileSync('tmux', ['-u', '-L', `mon-wall-${process.pid}`, '-f', '/dev/null', ...args], {
      cwd: projectRoot,
      encoding: 'utf8',
      env: { ...process.env, LANG: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  try {
    execFileSync('tmux', ['-V']);
  } catch {
    return t.skip('needs tmux');
  }
  const words = `${nodeBin} bin/run.js wall services --url ${server.url}`;
  tmux(['new-session', '-d', '-s', 'w', '-x', '80', '-y', '24', words]);
  try {
    let screen = '';
    for (let i = 0; i < 150 && !screen.includes('● live'); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      screen = tmux(['capture-pane', '-p', '-t', 'w']);
    }
    assert.match(screen, /● live/);
    assert.match(screen, /^╭─ requests ─+╮/m);
    assert.doesNotMatch(screen, /lqqq|mqqq|qqqk/);
    assert.equal(tmux(['display', '-p', '-t', 'w', '#{alternate_on}']).trim(), '1');
  } finally {
    tmux(['kill-server']);
  }
});

test('what it costs', async (t) => {
  for (const [name, args] of [
    ['live, two frames a second', ['--refresh', '500ms']],
    ['live, every two seconds', ['--refresh', '2s']],
  ] as const) {
    const term = wall({ cols: 200, rows: 50, args });
    await live(term);
    await term.settled(1500);
    const pid = term.childPid();
    const cpuMs = (): number => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    };
    const [bytes, cpu, seconds] = [term.bytes(), cpuMs(), 8];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const rate = Math.round((term.bytes() - bytes) / seconds);
    const percent = ((cpuMs() - cpu) / (seconds * 10)).toFixed(1);
    t.diagnostic(`200x50, ${name}: ${rate} bytes/s, ${percent} % of a core`);
    term.press('q');
    await term.exit;
  }
});
