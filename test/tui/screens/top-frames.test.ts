// Whole frames of `mon top`, compared with those in fixtures/golden/screens. A fixed fleet at a
// fixed instant makes them repeatable; MON_GOLDEN=write writes them anew, to be looked at before
// they are kept.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import stringWidth from 'string-width';
import { openTop } from '../../../src/tui/screens/top.tsx';
import type { TopState } from '../../../src/tui/screens/top-state.ts';
import { fakeTerminal, type FakeTerminal } from '../../support/fake-terminal.ts';
import { compareFrame } from '../../support/golden.ts';
import { fleetAsk, fleetTargets, makeFleet, type Fleet } from '../../support/fake-fleet.ts';
import { projectRoot } from '../../support/project.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOON = Date.UTC(2025, 10, 20, 12, 0, 7);

interface Scene {
  readonly terminal: FakeTerminal;
  readonly clock: VirtualClock;
  /** Leaves the screen and answers its exit code. */
  leave(): Promise<number>;
}

interface SceneOptions {
  readonly size: readonly [columns: number, rows: number];
  readonly fleet?: Fleet;
  readonly view?: Partial<TopState>;
  readonly env?: Readonly<Record<string, string>>;
}

async function open(options: SceneOptions): Promise<Scene> {
  const fleet = options.fleet ?? makeFleet();
  const clock = new VirtualClock(NOON);
  const terminal = fakeTerminal(...options.size);
  const exit = openTop({
    ask: fleetAsk(fleet),
    targets: async () => fleetTargets(fleet, clock.now()),
    version: async () => '0.1.0',
    server: { url: 'http://127.0.0.1:9590', flags: '' },
    clock,
    look: { env: options.env ?? { TERM: 'xterm-256color', LANG: 'C.UTF-8' } },
    zone: 'UTC',
    view: { rangeMs: 15 * 60_000, ...options.view },
    stdin: terminal.stdin,
    stdout: terminal.stdout,
    process: new EventEmitter(),
  });
  await clock.advance(1500);
  return {
    terminal,
    clock,
    async leave() {
      // Leaves from every mode, also while a filter is typed.
      terminal.press('\u0003');
      return await exit;
    },
  };
}

async function golden(name: string, options: SceneOptions, keys: readonly string[] = []) {
  const scene = await open(options);
  await scene.terminal.frame();
  for (const key of keys) {
    scene.terminal.press(key);
    await scene.terminal.frame();
    await scene.clock.advance(1000);
  }
  const frame = await scene.terminal.frame();
  compareFrame(name, frame, options.size[0]);
  assert.equal(await scene.leave(), 130);
}

for (const [columns, rows] of [
  [80, 24],
  [120, 40],
  [200, 50],
  [60, 15],
] as const) {
  test(`the overview at ${columns}x${rows}`, async () => {
    await golden(`top-${columns}x${rows}`, { size: [columns, rows] });
  });
}

test('a terminal that is too small is told so', async () => {
  await golden('top-40x10', { size: [40, 10] });
});

test('a host alone, and a server that has nothing', async () => {
  await golden('top-host-80x24', { size: [80, 24], fleet: makeFleet({ has: 'host' }) });
  await golden('top-nothing-80x24', { size: [80, 24], fleet: makeFleet({ has: 'nothing' }) });
});

test('a zoomed chart, the keys, the command, the filter', async () => {
  await golden('top-zoom-100x30', { size: [100, 30], view: { panel: 'latency', zoomed: true } });
  await golden('top-help-120x40', { size: [120, 40] }, ['?']);
  await golden('top-command-100x30', { size: [100, 30], view: { panel: 'errors' } }, ['c']);
  await golden('top-filter-80x24', { size: [80, 24] }, ['/', '!', 'c', 'a', 'r', 't']);
});

test('in ASCII, with nothing beyond it', async () => {
  const env = { TERM: 'dumb', LANG: 'C' };
  await golden('top-ascii-80x24', { size: [80, 24], env });
  const text = readFileSync(
    join(projectRoot, 'fixtures/golden/screens/top-ascii-80x24.txt'),
    'utf8',
  );
  assert.match(text, /^[\n -~]*$/);
});

test('a server that is down: its last data with their age, in place', async () => {
  const fleet = makeFleet();
  const scene = await open({ size: [80, 24], fleet });
  await scene.terminal.frame();
  fleet.down = true;
  await scene.clock.advance(12_000);
  const frame = await scene.terminal.frame();
  compareFrame('top-down-80x24', frame, 80);
  fleet.down = false;
  await scene.clock.advance(2000);
  const back = (await scene.terminal.frame()).join('\n');
  assert.match(back, /● live/);
  assert.doesNotMatch(back, /refused by/);
  assert.equal(await scene.leave(), 130);
});

test('a server that was never there', async () => {
  const fleet = makeFleet({ down: true });
  const scene = await open({ size: [80, 24], fleet });
  const frame = (await scene.terminal.frame()).join('\n');
  assert.match(frame, /no answer for/);
  assert.match(frame, /connection refused/);
  fleet.down = false;
  await scene.clock.advance(2000);
  assert.match((await scene.terminal.frame()).join('\n'), /checkout/);
  await scene.leave();
});

test('hostile names stay within their cells', async () => {
  const names = [
    '\u001b[2J\u001b[31mred',
    '👩‍👩‍👧👩‍👩‍👧',
    '\u202eright to left\u202c',
    'a\nb\rc\td',
    '日本語日本語日本語日本語',
    'x'.repeat(500),
    '\u009b2J\u0007',
  ];
  for (const hostile of names) {
    const tame = await open({ size: [120, 40] });
    const before = await tame.terminal.frame();
    await tame.leave();
    const scene = await open({ size: [120, 40], fleet: makeFleet({ hostile }) });
    const after = await scene.terminal.frame();
    await scene.leave();
    const name = JSON.stringify(hostile);
    assert.equal(after.length, before.length);
    for (const [y, line] of after.entries()) {
      assert.ok(stringWidth(line) <= 120, name);
      assert.doesNotMatch(line, /\p{Cc}|\p{Cf}/u, name);
      // Borders stand where they stood: the first and the last cell of each row.
      assert.equal(line[0], before[y][0], `${name} row ${y}`);
      assert.equal(line.at(-1), before[y].at(-1), `${name} row ${y}`);
    }
  }
});

test('a broken panel says so and the others go on', async () => {
  const fleet = makeFleet();
  const poisoned = makeFleet();
  const ask = fleetAsk(fleet);
  const clock = new VirtualClock(NOON);
  const terminal = fakeTerminal(80, 24);
  const exit = openTop({
    ask: {
      instant: ask.instant,
      async range(...words) {
        const answer = await ask.range(...words);
        if (!words[0].includes('node_cpu') || answer.result.type !== 'matrix') return answer;
        // Labels that are no strings: what no server may send, and a drawing trips over.
        const labels = [['instance', 7 as unknown as string]];
        const matrix = { ...answer.result.matrix, labels };
        return { ...answer, result: { ...answer.result, matrix } };
      },
    },
    targets: async () => fleetTargets(poisoned, clock.now()),
    server: { url: 'http://x', flags: '' },
    clock,
    look: { env: { TERM: 'xterm', LANG: 'C.UTF-8' } },
    zone: 'UTC',
    view: { panel: 'cpu', zoomed: true },
    stdin: terminal.stdin,
    stdout: terminal.stdout,
    process: new EventEmitter(),
  });
  await clock.advance(1500);
  const frame = (await terminal.frame()).join('\n');
  assert.match(frame, /this panel broke/);
  terminal.press('\u001b');
  await terminal.frame();
  assert.match((await terminal.frame()).join('\n'), /requests/);
  terminal.press('q');
  assert.equal(await exit, 0);
});
