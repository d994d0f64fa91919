// Whole frames of the wall, compared with those in fixtures/golden/screens: a fixed fleet at a
// fixed instant. MON_GOLDEN=write writes them anew, to be looked at before they are kept. Also
// what a wall must never do: let a name out of its cells, or keep an old canvas after a change of
// size.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import stringWidth from 'string-width';
import { parseDashboard } from '../../../src/engine/daemons/dash-file.ts';
import type { Dashboard } from '../../../src/engine/dash/dashboard.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { DashFeed } from '../../../src/tui/feed/dash-feed.ts';
import type { FiringAlert } from '../../../src/tui/feed/firing-feed.ts';
import { DEFAULT_WALLS } from '../../../src/tui/wallboard/default-walls.ts';
import { openWall } from '../../../src/tui/wallboard/wall.ts';
import { fleetAsk, makeFleet, type Fleet } from '../../support/fake-fleet.ts';
import { fakeTerminal, type FakeTerminal } from '../../support/fake-terminal.ts';
import { compareFrame } from '../../support/golden.ts';
import { projectRoot } from '../../support/project.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOON = Date.UTC(2025, 10, 20, 12, 0, 7);
const NONE = { labelValues: async () => [], labelNames: async () => [] };

interface SceneOptions {
  readonly size: readonly [columns: number, rows: number];
  readonly fleet?: Fleet;
  readonly dashboards?: readonly Dashboard[];
  readonly alerts?: readonly FiringAlert[];
  readonly everyMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

interface Scene {
  readonly terminal: FakeTerminal;
  readonly clock: VirtualClock;
  leave(): Promise<number>;
}

function alert(name: string, more: Readonly<Record<string, string>> = {}): FiringAlert {
  const { summary = 'checkout takes 2.1s', ...labels } = more;
  return {
    labels: makeLabels(Object.entries({ alertname: name, severity: 'P2', ...labels })),
    annotations: makeLabels([['summary', summary]]),
    state: 'firing',
    activeAtMs: NOON - 5 * 60_000,
  };
}

const FIRING = [
  alert('CheckoutSlow'),
  { ...alert('DiskFull', { summary: '/var has 4% left' }), state: 'pending' },
];

const [services] = DEFAULT_WALLS;

async function open(options: SceneOptions): Promise<Scene> {
  const clock = new VirtualClock(NOON);
  const terminal = fakeTerminal(...options.size);
  const ask = fleetAsk(options.fleet ?? makeFleet());
  const dashboards = (options.dashboards ?? [services.make()]).map((dashboard) => ({
    dashboard,
    feed: new DashFeed({ ask, names: NONE, clock, dashboard, columns: 100 }),
  }));
  const exit = openWall({
    dashboards,
    alerts: async () => options.alerts ?? FIRING,
    everyMs: options.everyMs,
    host: '127.0.0.1:9590',
    clock,
    look: { env: options.env ?? { TERM: 'xterm-256color', LANG: 'C.UTF-8' } },
    zone: 'UTC',
    stdin: terminal.stdin,
    stdout: terminal.stdout,
    process: new EventEmitter(),
  });
  await clock.advance(3000);
  return {
    terminal,
    clock,
    async leave() {
      terminal.press('\u0003');
      return await exit;
    },
  };
}

async function golden(name: string, options: SceneOptions): Promise<void> {
  const scene = await open(options);
  const frame = await scene.terminal.frame();
  compareFrame(name, frame, options.size[0]);
  assert.equal(await scene.leave(), 130);
}

for (const [columns, rows] of [
  [80, 24],
  [120, 40],
  [200, 50],
  [40, 10],
] as const) {
  test(`the wall of services at ${columns}x${rows}`, async () => {
    await golden(`wall-${columns}x${rows}`, { size: [columns, rows] });
  });
}

test('a wall in ASCII', async () => {
  await golden('wall-ascii-80x24', { size: [80, 24], env: { TERM: 'dumb', LANG: 'C' } });
  const path = join(projectRoot, 'fixtures/golden/screens/wall-ascii-80x24.txt');
  assert.match(readFileSync(path, 'utf8'), /^[\n -~]*$/);
});

test('a wall from a file: text, table, heatmap', async () => {
  const text = `title: shop
panels:
  - {title: words, type: text, text: "look at {bold}this{/bold}", grid: {x: 0, y: 0, w: 24, h: 4}}
  - title: by service
    type: table
    query: sum by (service) (rate(http_requests_total[1m]))
    grid: {x: 0, y: 4, w: 24, h: 10}
`;
  const { dashboard } = parseDashboard(text, 'shop.yml');
  await golden('wall-file-100x30', { size: [100, 30], dashboards: [dashboard] });
});

test('a server that is down, and one that is back', async () => {
  const fleet = makeFleet();
  const scene = await open({ size: [80, 24], fleet });
  fleet.down = true;
  await scene.clock.advance(12_000);
  assert.match((await scene.terminal.frame()).join('\n'), /no answer for \d+s/);
  fleet.down = false;
  await scene.clock.advance(4000);
  assert.match((await scene.terminal.frame()).join('\n'), /● live/);
  assert.equal(await scene.leave(), 130);
});

test('pages turn by themselves, by keys, and not while they are held', async () => {
  const dashboards = DEFAULT_WALLS.map(({ make }) => make());
  const scene = await open({ size: [120, 40], dashboards, everyMs: 30_000 });
  const title = async (): Promise<string> => {
    return /^ mon {2}(\w+)/.exec((await scene.terminal.frame())[0])?.[1] ?? '';
  };
  assert.equal(await title(), 'services');
  await scene.clock.advance(30_000);
  assert.equal(await title(), 'hosts');
  scene.terminal.press('p');
  assert.equal(await title(), 'services');
  scene.terminal.press(' ');
  await scene.clock.advance(100_000);
  assert.equal(await title(), 'services');
  assert.match((await scene.terminal.frame()).at(-1) ?? '', /held/);
  scene.terminal.press('\u001b[C');
  assert.equal(await title(), 'hosts');
  scene.terminal.press('q');
  assert.equal(await scene.leave(), 0);
});

test('after changes of size the frame is that of a new wall', async () => {
  const scene = await open({ size: [120, 40] });
  await scene.terminal.frame();
  for (const [columns, rows] of [
    [80, 24],
    [200, 50],
    [61, 17],
    [120, 40],
  ]) {
    scene.terminal.resize(columns, rows);
    await scene.terminal.frame();
  }
  // The frames and titles; what is in them goes on with the clock.
  const bones = (frame: readonly string[]): string[] =>
    frame.map((line) => line.replaceAll(/[^╭╮╰╯│]/g, ' '));
  const after = await scene.terminal.frame();
  await scene.leave();
  const fresh = await open({ size: [120, 40] });
  assert.deepEqual(bones(after), bones(await fresh.terminal.frame()));
  assert.ok(after.every((line) => stringWidth(line) <= 120));
  await fresh.leave();
});

test('hostile names stay within their cells, and braces are braces', async () => {
  const names = [
    '\u001b[2J\u001b[31mred',
    '{red-fg}{bold}x{/}{center}y{/center}',
    '{/}{|}{open}{escape}',
    '👩‍👩‍👧👩‍👩‍👧',
    '\u202eright to left\u202c',
    'a\nb\rc\td',
    '日本語日本語日本語日本語',
    'x'.repeat(500),
    '\u009b2J\u0007',
  ];
  const tame = await open({ size: [120, 40] });
  const before = await tame.terminal.frame();
  await tame.leave();
  for (const hostile of names) {
    const bad = alert(hostile, { summary: hostile, severity: hostile });
    const fleet = makeFleet({ hostile });
    const scene = await open({ size: [120, 40], fleet, alerts: [bad, ...FIRING] });
    const after = await scene.terminal.frame();
    await scene.leave();
    const name = JSON.stringify(hostile);
    assert.equal(after.length, before.length);
    for (const [y, line] of after.entries()) {
      assert.ok(stringWidth(line) <= 120, name);
      assert.doesNotMatch(line, /\p{Cc}|\p{Cf}/u, name);
      assert.equal(line[0] ?? '', before[y][0] ?? '', `${name} row ${y}`);
      assert.equal(line.at(-1), before[y].at(-1), `${name} row ${y}: ${line}`);
    }
    if (hostile.startsWith('{red')) assert.match(after.join('\n'), /\{red-fg\}/);
  }
});
