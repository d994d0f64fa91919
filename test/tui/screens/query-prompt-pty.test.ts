// `mon query` without an expression as a process in a real pty: sizes, a query and its answer,
// completion, mistakes, history from one session to the next, pastes, every way of leaving, hostile
// names, a plain Prometheus.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import stringWidth from 'string-width';
import { startFake, type FakePrometheus } from '../../support/fake-prometheus.ts';
import { freshHome } from '../../support/run-cli.ts';
import { testCrash, testLeaving, type CheckedScreen } from '../../support/screen-checks.ts';
import { assertRestored, fittingRows, holds, openMon } from '../../support/screen-term.ts';
import type { Term } from '../../support/terminal.ts';

let fake: FakePrometheus;

before(async () => {
  fake = await startFake();
});
after(async () => {
  await fake.close();
});

const SIZES: readonly (readonly [cols: number, rows: number])[] = [
  [80, 24],
  [200, 50],
  [40, 10],
];

interface PromptTerm {
  readonly size?: readonly [cols: number, rows: number];
  readonly args?: readonly string[];
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function prompt(options: PromptTerm = {}): Promise<Term> {
  const [cols, rows] = options.size ?? [80, 24];
  const home = options.home ?? freshHome();
  const env = { HOME: home, XDG_STATE_HOME: join(home, 'state'), ...options.env };
  const term = openMon(['query', '--url', fake.url], { cols, rows, args: options.args, env });
  await term.waitFor('a PromQL expression', 30_000);
  return term;
}

async function leave(term: Term): Promise<void> {
  // The first gives up what may still run, the second clears the line.
  term.press('ctrl-c', 'ctrl-c');
  term.press('\u0004');
  assert.equal(await term.exit, 0);
  assertRestored(term);
}

function assertWhole(term: Term, cols: number, rows: number): void {
  const screen = fittingRows(term, cols, rows);
  assert.match(screen[0], /^ mon query/);
  assert.match(screen[rows - 1], /^ Enter run/);
  for (const line of screen.slice(1, rows - 1)) {
    assert.equal(stringWidth(line), cols, line);
    assert.match(line, /^[╭│╰┏┃┗].*[╮│╯┓┃┛]$/);
  }
}

/** A busy machine takes its time to paint what the new size asks for. */
async function untilWhole(term: Term, cols: number, rows: number): Promise<void> {
  await term.waitFor(() => holds(() => assertWhole(term, cols, rows)));
}

for (const size of SIZES) {
  test(`fills ${size.join('x')}, asks and leaves with Ctrl-D`, async () => {
    const term = await prompt({ size });
    await term.settled();
    assertWhole(term, ...size);
    term.type('up');
    term.press('enter');
    await term.waitFor('a:9100');
    await term.settled();
    assertWhole(term, ...size);
    assert.match(term.text(), /2 series/);
    await leave(term);
  });
}

test('a mistake is told under its place, with the nearest name', async () => {
  const term = await prompt();
  term.type('sum(rat(up[5m]))');
  term.press('enter');
  await term.waitFor('unknown function with name "rat"');
  const screen = term.screen();
  const row = screen.findIndex((line) => line.includes('sum(rat('));
  assert.equal(screen[row + 1].indexOf('^^^'), screen[row].indexOf('rat('));
  await leave(term);
});

test('an empty answer names the metric that was probably meant', async () => {
  const term = await prompt();
  term.type('rate(node_cpu_total[5m])');
  term.press('enter');
  await term.waitFor('no data: no series matches');
  await term.waitFor('no metric "node_cpu_total" in the last hour');
  await term.waitFor('"node_cpu_seconds_total"?');
  await leave(term);
});

test('completes metrics, labels and values of the server', async () => {
  const term = await prompt();
  term.type('node_l');
  await term.waitFor('node_load1');
  term.press('tab');
  await term.waitFor('› node_load1 ');
  term.type('{jo');
  await term.waitFor('1 fits');
  term.press('tab');
  await term.waitFor('prometheus');
  term.type('pro');
  await term.waitFor('1 fits');
  term.press('tab');
  await term.waitFor('› node_load1{job="prometheus"');
  // What a name holds is shown and nothing else.
  term.press('ctrl-c');
  term.type('touch');
  await term.waitFor('$(touch /tmp/x)');
  await leave(term);
});

test('a range is a chart, Ctrl-G makes it a table, Ctrl-T the next range', async () => {
  const term = await prompt({ args: ['--since', '15m'] });
  await term.waitFor('last 15m');
  term.type('up');
  term.press('enter');
  await term.waitFor(/* the axis */ '└');
  assert.match(term.text(), /[⠀-⣿]/);
  term.press('\u0007');
  await term.waitFor('avg');
  await term.waitFor('course');
  term.press('\u0014');
  await term.waitFor('last 1h');
  await leave(term);
});

test('the tree of the query where the server explains nothing', async () => {
  const term = await prompt();
  term.type('.explain sum(rate(up[5m])) / 2');
  term.press('enter');
  await term.waitFor('tree of the query');
  await term.waitFor('├ sum');
  assert.match(term.text(), /explains no queries/);
  term.press('ctrl-c');
  term.type('up');
  term.press('\u0018');
  await term.waitFor('selector');
  await leave(term);
});

test('the history outlives the session, and is bounded to what can be read', async () => {
  const home = freshHome();
  mkdirSync(join(home, 'state/mon'), { recursive: true });
  const path = join(home, 'state/mon/query-history.jsonl');
  writeFileSync(path, '"sum(up)"\n{broken\n"up"\n17\n');
  const term = await prompt({ home });
  term.press('up', 'up');
  await term.waitFor('› sum(up)');
  term.press('ctrl-c');
  term.type('1+1');
  term.press('enter');
  await term.waitFor('scalar');
  await leave(term);
  const kept = readFileSync(path, 'utf8');
  assert.equal(kept, '"sum(up)"\n"up"\n"1+1"\n');
  const again = await prompt({ home });
  again.press('\u0012');
  again.type('1+');
  await again.waitFor('› 1+1');
  again.press('enter');
  await again.waitFor('━ query ');
  again.press('enter');
  await again.waitFor('scalar');
  await leave(again);
});

test('a paste of several lines is one text and runs nothing', async () => {
  const term = await prompt();
  term.type('\u001b[200~sum by (job) (\n  up\n)\u001b[31m\u001b[201~');
  await term.waitFor('┃   )[31m');
  assert.equal(
    fake.requests.filter(({ params }) => params.get('query')?.includes('31m')).length,
    0,
  );
  await leave(term);
});

test('hostile label values change nothing outside their cell', async () => {
  for (const size of SIZES.slice(0, 2)) {
    const term = await prompt({ size });
    term.type('hostile');
    term.press('enter');
    await term.waitFor('1 series');
    await term.settled();
    assertWhole(term, ...size);
    assert.match(term.text(), /a␛\[31mred␇/);
    await leave(term);
  }
});

test('many series: the page scrolls, the rest is counted', async () => {
  const term = await prompt();
  term.type('many');
  term.press('enter');
  await term.waitFor('of 20000');
  term.press('\u001b[6~');
  await term.waitFor(/* the second page */ '16–');
  assertWhole(term, 80, 24);
  await leave(term);
});

test('a slow answer is given up with Ctrl-C, and a failure is told', async () => {
  const term = await prompt();
  term.type('slow');
  term.press('enter');
  await term.waitFor('running');
  term.press('ctrl-c');
  await term.waitFor('given up');
  await term.waitFor('ready');
  term.press('ctrl-c');
  term.type('gone');
  term.press('enter');
  await term.waitFor('no answer');
  await leave(term);
});

const screen: CheckedScreen = {
  open(options = {}) {
    const home = freshHome();
    const env = { HOME: home, XDG_STATE_HOME: join(home, 'state'), ...options.env };
    return openMon(['query', '--url', fake.url], { ...options, env });
  },
  live: async (term) => await term.waitFor('a PromQL expression', 30_000),
  assertWhole,
};

testLeaving(screen, [['SIGTERM', 143]]);
testCrash(screen);

test('right after resizes', async () => {
  const term = await prompt();
  term.type('up');
  term.press('enter');
  await term.waitFor('a:9100');
  for (const size of [...SIZES.toReversed(), [61, 15] as const]) {
    term.resize(...size);
    await untilWhole(term, ...size);
  }
  term.resize(20, 5);
  await term.waitFor('too small');
  await leave(term);
});
