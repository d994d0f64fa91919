// Whole frames of `mon dash`, compared with those in fixtures/golden/screens. A fixed fleet at a
// fixed instant makes them repeatable; MON_GOLDEN=write writes them anew, to be looked at before
// they are kept.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import stringWidth from 'string-width';
import { parseDashboard } from '../../../src/engine/daemons/dash-file.ts';
import type { Dashboard } from '../../../src/engine/dash/dashboard.ts';
import { importGrafana } from '../../../src/engine/dash/grafana.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { openDash } from '../../../src/tui/screens/dash.tsx';
import type { DashState } from '../../../src/tui/screens/dash-state.ts';
import { fleetAsk, fleetValues, makeFleet, type Fleet } from '../../support/fake-fleet.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { compareFrame } from '../../support/golden.ts';
import { projectRoot } from '../../support/project.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOON = Date.UTC(2025, 10, 20, 12, 0, 7);
const UTF8 = { TERM: 'xterm-256color', LANG: 'C.UTF-8', COLORTERM: 'truecolor' };

interface SceneOptions {
  readonly dashboard: string;
  readonly size: readonly [columns: number, rows: number];
  readonly fleet?: Fleet;
  readonly view?: Partial<DashState>;
  readonly env?: Readonly<Record<string, string>>;
}

function load(name: string): Dashboard {
  const path = join(projectRoot, 'fixtures', name);
  const text = readFileSync(path, 'utf8');
  const json = name.endsWith('.json');
  return (json ? importGrafana(text, path) : parseDashboard(text, path)).dashboard;
}

async function frameOf(options: SceneOptions, keys: readonly string[] = []): Promise<string[]> {
  const fleet = options.fleet ?? makeFleet();
  const clock = new VirtualClock(NOON);
  const terminal = fakeTerminal(...options.size);
  const why = 'this server explains no queries';
  const exit = openDash({
    dashboard: load(options.dashboard),
    name: options.dashboard.replace(/^.*\/|\.\w+$/g, ''),
    ask: {
      ...fleetAsk(fleet),
      explain: async () => {
        throw new MonError('MON_NOT_FOUND', why);
      },
    },
    names: {
      labelValues: async (label) => fleetValues(label, fleet),
      labelNames: async () => [],
    },
    scrapeMs: async () => 10_000,
    server: { url: 'http://127.0.0.1:9590', flags: '' },
    clock,
    look: { env: options.env ?? UTF8 },
    zone: 'UTC',
    view: { rangeMs: 15 * 60_000, ...options.view },
    stdin: terminal.stdin,
    stdout: terminal.stdout,
    process: new EventEmitter(),
  });
  await terminal.frame();
  await clock.advance(1500);
  for (const key of keys) {
    await terminal.frame();
    terminal.press(key);
    await terminal.frame();
    await clock.advance(1000);
  }
  const frame = await terminal.frame();
  terminal.press('\u0003');
  assert.equal(await exit, 130);
  return frame;
}

async function golden(name: string, options: SceneOptions, keys: readonly string[] = []) {
  const frame = await frameOf(options, keys);
  compareFrame(name, frame, options.size[0]);
}

const service = 'dash/service.yaml';

for (const [columns, rows] of [
  [80, 24],
  [200, 50],
] as const) {
  test(`the services at ${columns}x${rows}`, async () => {
    await golden(`dash-service-${columns}x${rows}`, { dashboard: service, size: [columns, rows] });
  });
  test(`a host at ${columns}x${rows}`, async () => {
    const size = [columns, rows] as const;
    await golden(`dash-host-${columns}x${rows}`, { dashboard: 'dash/host.yaml', size });
  });
  test(`a dashboard of Grafana at ${columns}x${rows}`, async () => {
    const dashboard = 'grafana/requests-2024.json';
    await golden(`dash-grafana-${columns}x${rows}`, { dashboard, size: [columns, rows] });
  });
}

test('the second page, and one panel alone', async () => {
  const size = [80, 24] as const;
  await golden('dash-page-80x24', { dashboard: service, size }, ['J']);
  const view = { panel: 'latency-of-all-requests', zoomed: true };
  await golden('dash-zoom-80x24', { dashboard: service, size, view });
  const table = { panel: 'requests-by-service', zoomed: true };
  await golden('dash-zoom-200x50', { dashboard: service, size: [200, 50], view: table });
});

test('keys, command, explanation, variables, values', async () => {
  const size = [100, 30] as const;
  await golden('dash-help-100x30', { dashboard: service, size }, ['?']);
  await golden('dash-command-100x30', { dashboard: service, size }, ['\t', '\t', 'c']);
  await golden('dash-explain-100x30', { dashboard: service, size }, ['\t', 'e']);
  await golden('dash-values-100x30', { dashboard: service, size }, ['v', 'c', '\t']);
  const grafana = 'grafana/requests-2024.json';
  await golden('dash-variables-100x30', { dashboard: grafana, size }, ['v']);
});

test('a chosen value, a panel that fails, a server without data, one that is away', async () => {
  const size = [80, 24] as const;
  await golden('dash-chosen-80x24', { dashboard: service, size }, ['v', 's', '\r']);
  const broken = makeFleet({ broken: 'quantile' });
  await golden('dash-broken-80x24', { dashboard: service, size, fleet: broken });
  const nothing = makeFleet({ has: 'nothing' });
  await golden('dash-nothing-80x24', { dashboard: service, size, fleet: nothing });
  const down = makeFleet({ down: true });
  await golden('dash-down-80x24', { dashboard: service, size, fleet: down });
  const mixed = 'grafana/mixed-2022.json';
  await golden('dash-mixed-120x40', { dashboard: mixed, size: [120, 40] });
});

test('too small, and in ASCII with nothing beyond it', async () => {
  await golden('dash-30x10', { dashboard: service, size: [30, 10] });
  const env = { TERM: 'dumb', LANG: 'C' };
  await golden('dash-ascii-80x24', { dashboard: service, size: [80, 24], env });
  const path = join(projectRoot, 'fixtures/golden/screens/dash-ascii-80x24.txt');
  assert.match(readFileSync(path, 'utf8'), /^[\n -~]*$/);
});

test('hostile names change nothing outside their cells', async () => {
  const names = ['\u001b[2J\u001b[1;1H\u001b[41mX', '👩‍👩‍👧‍👦🇩🇪', '\u202eabc\u2066', 'two\nlines'];
  for (const hostile of names) {
    const fleet = makeFleet({ hostile });
    const frame = await frameOf({ dashboard: service, size: [120, 40], fleet });
    for (const line of frame.slice(2, 39)) {
      assert.equal(stringWidth(line), 120, `${JSON.stringify(hostile)}: ${line}`);
    }
  }
});
