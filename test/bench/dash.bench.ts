// What a dashboard of six panels and a table costs at 200x50: CPU of a frame inside this process,
// and of a real `mon dash` behind a pty the bytes and CPU of a beat, the time to the first picture,
// and from a key to its repaint with a server that takes 100 ms longer. The server is a fleet made
// of functions in this process, so its own cost is no part of the figures.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseDashboard } from '../../src/engine/daemons/dash-file.ts';
import { Compositor } from '../../src/tui/compositor.ts';
import { DashFeed } from '../../src/tui/feed/dash-feed.ts';
import { DashPainter } from '../../src/tui/screens/dash-draw.ts';
import { boardPages } from '../../src/tui/screens/dash-layout.ts';
import { dashState } from '../../src/tui/screens/dash-state.ts';
import { screenTheme } from '../../src/tui/theme.ts';
import { fleetAsk, fleetValues, makeFleet, serveFleet } from '../support/fake-fleet.ts';
import { nodeBin, openTerm, type Term } from '../support/terminal.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const COLUMNS = 200;
const ROWS = 50;
const FRAMES = 300;
const SECONDS = 12;
const BUCKETS = 'http_request_duration_seconds_bucket';
const BY_SERVICE = 'sum by (service)';
const BOARD = `title: Six panels and a table
panels:
  - title: requests
    grid: {w: 8}
    query: ${BY_SERVICE} (rate(http_requests_total[1m]))
  - title: errors
    grid: {w: 8}
    unit: percent
    query: ${BY_SERVICE} (rate(http_requests_total{code=~"5.."}[1m]))
  - title: p99
    grid: {w: 8}
    unit: seconds
    query: histogram_quantile(0.99, sum by (le) (rate(${BUCKETS}[1m])))
  - title: durations
    type: heatmap
    grid: {w: 12}
    unit: seconds
    query: sum by (le) (rate(${BUCKETS}[1m]))
  - title: memory
    grid: {w: 8}
    unit: bytes
    query: ${BY_SERVICE} (process_resident_memory_bytes)
  - title: up
    type: gauge
    grid: {w: 4}
    unit: percent
    max: 1
    query: avg(up{job="x"})
  - title: services
    type: table
    grid: {w: 24, h: 6}
    query: ${BY_SERVICE} (rate(http_requests_total[1m]))
`;

function say(what: string, figure: string): void {
  process.stdout.write(`${what.padEnd(58)} ${figure}\n`);
}

/** CPU ms of this process, user and system. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function framesHere(): Promise<void> {
  const { dashboard } = parseDashboard(BOARD, 'bench.yaml');
  const clock = new VirtualClock(Date.UTC(2025, 10, 20, 12));
  const fleet = makeFleet();
  const names = {
    labelValues: async (label: string) => fleetValues(label, fleet),
    labelNames: async () => [],
  };
  const ask = fleetAsk(fleet);
  const rangeMs = 300_000;
  const feed = new DashFeed({ ask, names, clock, dashboard, columns: 120, rangeMs });
  feed.start();
  await clock.advance(500);
  const theme = screenTheme({ TERM: 'xterm-256color', COLORTERM: 'truecolor', LANG: 'C.UTF-8' });
  const pages = boardPages(dashboard.panels, { columns: COLUMNS, rows: ROWS - 2 });
  const painter = new DashPainter();
  let bytes = 0;
  const compositor = new Compositor({
    ...{ columns: COLUMNS, rows: ROWS, writableNeedDrain: false },
    ...{ on: () => undefined, off: () => undefined },
    write: (text: string) => (bytes += Buffer.byteLength(text)),
  });
  let drawn = 0;
  let cpu = 0;
  for (let frame = -50; frame < FRAMES; frame++) {
    // Every step is new data in every panel: the worst frame there is.
    await clock.advance(5000);
    const snapshot = feed.snapshot();
    const from = cpuMs();
    const cells = painter.draw({
      ...{ dashboard, snapshot, pages, theme, columns: COLUMNS, rows: ROWS },
      ...{ variables: [], zone: 'UTC', note: undefined },
      server: { url: 'http://127.0.0.1:9590', flags: '' },
      state: dashState({ rangeMs, beatMs: 1000 }),
    });
    compositor.show(cells.lines(theme.palette, false));
    if (frame >= 0) {
      cpu += cpuMs() - from;
      drawn++;
    } else bytes = 0;
  }
  feed.stop();
  say('a frame with new data in all panels, CPU', `${(cpu / drawn).toFixed(2)} ms`);
  say('the same, bytes to the terminal', `${Math.round(bytes / drawn)}`);
}

async function processes(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mon-bench-'));
  const server = await serveFleet();
  const file = join(folder, 'board.yaml');
  await writeFile(file, BOARD);
  const open = (...args: readonly string[]): Term => {
    const cmd = [nodeBin, 'bin/run.js', 'dash', file, '--url', server.url, '--tz', 'utc', ...args];
    return openTerm({ cmd, cols: COLUMNS, rows: ROWS });
  };
  const leave = async (term: Term): Promise<void> => {
    term.press('q');
    await term.exit;
  };
  try {
    const first: number[] = [];
    const data: number[] = [];
    const cpu: number[] = [];
    for (let i = 0; i < 5; i++) {
      const from = performance.now();
      const term = open();
      await until(() => term.text().includes('╭'));
      first.push(performance.now() - from);
      cpu.push(term.cpuMs());
      await until(() => term.text().includes('checkout'));
      data.push(performance.now() - from);
      await leave(term);
    }
    say('from the start of the process to the first picture', middle(first));
    say('CPU of the process until then', middle(cpu));
    say('and to the first data', middle(data));
    if (process.argv[2] === 'first') return;
    for (const [name, args] of [
      ['as it opens: an hour, a beat a second', []],
      ['two frames a second, a minute', ['--refresh', '500ms', '--since', '1m']],
    ] as const) {
      const term = open(...args);
      await until(() => term.text().includes('● live'));
      await pause(3000);
      const [bytes, cpu] = [term.bytes(), term.cpuMs()];
      await pause(SECONDS * 1000);
      const rate = Math.round((term.bytes() - bytes) / SECONDS);
      const percent = ((term.cpuMs() - cpu) / (SECONDS * 10)).toFixed(1);
      say(name, `${rate} bytes/s, ${percent} % of a core`);
      await leave(term);
    }
    await keys(open('--since', '15m'), server.fleet, leave);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** From a key to what it changes, while every answer takes 100 ms longer. */
async function keys(
  term: Term,
  fleet: { delayMs: number },
  leave: (term: Term) => Promise<void>,
): Promise<void> {
  await until(() => term.text().includes('checkout'));
  await pause(1000);
  fleet.delayMs = 100;
  const repaint: number[] = [];
  const answer: number[] = [];
  for (let i = 0; i < 6; i++) {
    const wider = i % 2 === 0;
    const from = performance.now();
    term.press(wider ? '-' : '+');
    await until(() => term.text().includes(wider ? 'last 30m' : 'last 15m'));
    repaint.push(performance.now() - from);
    if (wider) {
      // The older half of the first chart is blank until its answer has come.
      await until(() => /[\u2801-\u28ff]/.test(column(term, 12)));
      answer.push(performance.now() - from);
    }
    await pause(700);
  }
  say('from a key to its repaint, 100 ms of network delay added', middle(repaint));
  say('and to the new data', middle(answer));
  fleet.delayMs = 0;
  await leave(term);
}

/** The first chart's cells in a column, from the top. */
function column(term: Term, x: number): string {
  return Array.from({ length: 12 }, (_, y) => term.cell(x, y + 2).char).join('');
}

function middle(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${Math.round(sorted[sorted.length >> 1])} ms (median of ${sorted.length})`;
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('it never came');
    await pause(2);
  }
}

await framesHere();
await processes();
