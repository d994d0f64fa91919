// `mon slo check` against a real `mon up`: each outcome with all that it prints and writes. Easy to
// get wrong: samples are of the past and the gate is asked for a fixed instant, so that every
// figure is known beforehand.
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { MonProcess } from '../support/mon-process.ts';
import { runCli } from '../support/run-cli.ts';
import type { CliResult } from '../support/run-cli.ts';
import { MonFolder } from './mon-folder.ts';

const MINUTE = 60_000;
const HOUR = 60;
const FILE = 'fixtures/slo/shop.yml';
const atMs = Math.floor(Date.now() / MINUTE) * MINUTE - MINUTE;

let folder: MonFolder;
let mon: MonProcess;
let each: Map<string, string>;

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start();
  await push();
  each = await oneByOne();
});
after(async () => await folder.remove());

/** Counters, a value a minute, over twelve hours. */
async function push(): Promise<void> {
  const lines: string[] = [];
  const add = (slo: string, code: string, at: (minute: number) => number): void => {
    for (let minute = -12 * HOUR; minute <= 0; minute++) {
      const name = `shop_requests_total{slo="${slo}",code="${code}"}`;
      lines.push(`${name} ${at(minute)} ${atMs + minute * MINUTE}`);
    }
  };
  const passed = (minute: number): number => minute + 12 * HOUR;
  // 100 requests a minute, one failure every 1,000; the counter starts anew six hours ago.
  const anew = (minute: number): number => passed(minute) - (minute < -6 * HOUR ? 0 : 6 * HOUR);
  add('fine', '200', (m) => 999 * Math.floor(anew(m) / 10));
  add('fine', '500', (m) => Math.floor(anew(m) / 10));
  add('burning', '200', (m) => 90 * passed(m));
  add('burning', '500', (m) => 10 * passed(m));
  // An outage ten hours ago, and nothing since.
  add('spent', '200', (m) => 100 * passed(m));
  add('spent', '500', (m) => Math.min(500, Math.max(0, 50 * (m + 10 * HOUR))));
  add('rare', '200', (m) => (m >= -20 ? 2 : 0));
  add('rare', '500', (m) => (m >= -20 ? 1 : 0));
  for (let at = 0; at < lines.length; at += 5000) {
    const body = `${lines.slice(at, at + 5000).join('\n')}\n`;
    const { status } = await fetch(`${mon.url}/api/v1/push`, { method: 'POST', body });
    assert.equal(status, 200);
  }
}

/** A file for each of the fixture's SLOs. */
async function oneByOne(): Promise<Map<string, string>> {
  const [head, ...slos] = (await readFile(FILE, 'utf8')).split(/^(?= {2}- name: )/m);
  const named = slos.map(async (text) => {
    const name = /name: (\w+)/.exec(text)?.[1] as string;
    return [name, await folder.file(`${name}.yml`, head + text)] as const;
  });
  return new Map(await Promise.all(named));
}

async function slo(args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  return await runCli(['slo', ...args, '--at', String(atMs / 1000)], {
    env: { MON_URL: mon.url, ...env },
  });
}

function table(...rows: string[]): string {
  return `${rows.join('\n')}\n`;
}

const HEAD = 'BUDGET LEFT  BURN RATE  SPENT IN  WHY';

async function checks(name: string, stdout: string, code: number): Promise<void> {
  const got = await slo(['check', each.get(name) as string]);
  assert.deepEqual(got, { stdout, stderr: '', code }, name);
}

it('an SLO within its budget passes', async () => {
  const row = 'ok      shop-fine        99%          90%       0.1x     never  within budget';
  await checks('fine', table(`STATUS  SLO        OBJECTIVE  ${HEAD}`, row, '1 SLO: 1 ok'), 0);
});

it('an SLO that burns fails', async () => {
  const why = 'burn rates 100x and 100x both > 14.4x';
  const row = `burning  shop-burning      99.9%       -9900%       100x     spent  ${why}`;
  const head = `STATUS   SLO           OBJECTIVE  ${HEAD}`;
  await checks('burning', table(head, row, '1 SLO: 1 burning'), 3);
});

it('a budget that is spent fails, though nothing burns', async () => {
  const why = '500 bad events, 72.5 allowed';
  const row = `budget spent  shop-spent      99.9%     -589.66%         0x     spent  ${why}`;
  const head = `STATUS        SLO         OBJECTIVE  ${HEAD}`;
  await checks('spent', table(head, row, '1 SLO: 1 budget spent'), 3);
});

it('no data is an outcome of its own', async () => {
  const why = 'no series answers the query';
  const row = `no data  shop-silent      99.9%            -          -         -  ${why}`;
  const head = `STATUS   SLO          OBJECTIVE  ${HEAD}`;
  await checks('silent', table(head, row, '1 SLO: 1 no data'), 5);
});

it('one failure of three requests is no alarm, unless it is asked for', async () => {
  const why = 'too few events to tell failures from chance';
  const row = `ok      shop-rare      99.9%   -33233.33%     333.3x     spent  ${why}`;
  await checks('rare', table(`STATUS  SLO        OBJECTIVE  ${HEAD}`, row, '1 SLO: 1 ok'), 0);
  assert.equal((await slo(['check', each.get('rare') as string, '--no-guard'])).code, 3);
});

it('of several outcomes the worst decides, and annotations name file and line', async () => {
  const files = ['fine', 'silent', 'burning'].map((name) => each.get(name) as string);
  const { stdout, stderr, code } = await slo(['check', ...files, '-o', 'github']);
  const [silent, burning] = files.slice(1);
  assert.deepEqual([stderr, code], ['', 3]);
  assert.equal(
    stdout,
    table(
      `::warning file=${silent},line=7,col=5,title=SLO shop-silent%3A no data` +
        '::no series answers the query',
      `::error file=${burning},line=7,col=5,title=SLO shop-burning%3A burning` +
        '::burn rates 100x and 100x both > 14.4x',
    ),
  );
  assert.equal((await slo(['check', files[0], files[1]])).code, 5);
});

it('JUnit and the summary of a step are files', async () => {
  const junit = join(folder.path, 'slo.xml');
  const summary = await folder.file('summary.md', 'before\n');
  const path = each.get('spent') as string;
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
  const { stdout, stderr, code } = await slo(['check', path, '--junit', junit], env);
  assert.deepEqual([stderr, code], ['', 3]);
  assert.match(
    stdout,
    /\n1 SLO: 1 budget spent\n::error file=[^\n]*::500 bad events, 72.5 allowed\n$/,
  );
  const xml = (await readFile(junit, 'utf8')).replace(/time="[\d.]+"/, 'time="0"');
  const one = (name: string): string => `    <testcase name="spent: ${name}" classname="shop"/>`;
  assert.equal(
    xml,
    table(
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<testsuites>',
      '  <testsuite name="shop" tests="5" failures="1" errors="0" skipped="0" time="0">',
      '    <testcase name="spent: error budget" classname="shop">',
      '      <failure message="the error budget is spent"/>',
      '    </testcase>',
      ...['page 1h and 5m', 'page 6h and 30m', 'ticket 1d and 2h', 'ticket 3d and 6h'].map(one),
      '  </testsuite>',
      '</testsuites>',
    ),
  );
  assert.equal(
    await readFile(summary, 'utf8'),
    table(
      'before',
      '## SLO gate',
      '',
      '1 SLO: 1 budget spent',
      '',
      '| Status | SLO | Objective | Budget left | Burn rate | Spent in | Why |',
      '| --- | --- | ---: | ---: | ---: | ---: | --- |',
      '| budget spent | shop-spent | 99.9% | -589.66% | 0x | spent | ' +
        '500 bad events, 72.5 allowed |',
      '',
    ),
  );
});

it('JSON tells the counts of each window', async () => {
  const { stdout, code } = await slo(['check', each.get('fine') as string, '-o', 'json']);
  assert.equal(code, 0);
  const { counting, exitCode, items } = JSON.parse(stdout) as {
    counting: string;
    exitCode: number;
    items: Record<string, unknown>[];
  };
  assert.deepEqual([counting, exitCode, items.length], ['anchored', 0, 1]);
  const { events, bad, allowed, budgetLeft, time } = items[0];
  // Twelve hours, but for the ten minutes that the new start swallows.
  assert.deepEqual([events, bad, allowed, budgetLeft], [71_000, 71, 710, 0.9]);
  assert.equal(time, new Date(atMs).toISOString());
});

it('a server that is not there fails each SLO', async () => {
  const args = ['check', each.get('fine') as string, '--url', 'http://127.0.0.1:1'];
  const { stdout, stderr, code } = await slo(args);
  assert.deepEqual([stderr, code], ['', 1]);
  assert.match(stdout, /\nfailed +shop-fine .* cannot reach http:\/\/127\.0\.0\.1:1[^\n]*\n/);
});

it('a file with a mistake names file, line and field, and nothing is asked', async () => {
  const path = await folder.file(
    'bad.yml',
    'version: prometheus/v1\nservice: shop\nslos:\n  - name: a\n    objective: 101\n',
  );
  assert.deepEqual(await slo(['check', path, '--url', 'http://127.0.0.1:1']), {
    stdout: '',
    stderr:
      `error: ${path}:5:16: objective must be a percentage above 0, at most 100\n` +
      '      objective: 101\n' +
      '                 ^^^\n' +
      'hint: as in 99.9\n',
    code: 2,
  });
});

it('report tells budgets, calendar months, slices and thresholds', async () => {
  const files = [each.get('fine') as string, 'fixtures/slo/openslo.yml'];
  const { stdout, code, stderr } = await slo(['report', ...files, '-o', 'jsonl']);
  assert.deepEqual([stderr, code], ['', 0]);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  type Row = Record<'id' | 'events' | 'bad' | 'outcome', unknown> & { periodStart: string };
  const told = rows.map(({ id, events, bad, outcome }) => [id, events, bad, outcome]);
  assert.deepEqual(told[0], ['shop-fine', 71_000, 71, 'ok']);
  // On the first day of a month some of the events are of the month before.
  const whole = rows[1].periodStart < new Date(atMs - 12 * HOUR * MINUTE).toISOString();
  assert.equal(rows[1].events, rows[2].events);
  if (whole) {
    assert.deepEqual(told[1], ['shop-month-0', 71_000, 71, 'ok']);
    assert.deepEqual(told[2], ['shop-month-1', 71_000, 71, 'spent']);
  }
  assert.deepEqual([rows[3].id, rows[3].bad, rows[3].outcome], ['shop-slices', 0, 'ok']);
  assert.deepEqual(told[4], ['shop-depth', 'NaN', 'NaN', 'no-data']);
});

it('explain shows what is asked, and asks it', async () => {
  const { stdout, code } = await slo(['explain', FILE, '--slo', 'fine']);
  assert.equal(code, 0);
  for (const line of [
    'objective   99%: of all events 0.01 may be bad',
    '  bad: sum(increase(shop_requests_total{code=~"5..",slo="fine"}[5m] anchored))',
    'page: burn rate in 1h and 5m > 14.4x (error ratio 0.144)',
    'budget left 1 - 0.001 / 0.01 = 90%',
    'verdict     ok: within budget',
  ]) {
    assert.ok(stdout.split('\n').includes(line), stdout);
  }
});
