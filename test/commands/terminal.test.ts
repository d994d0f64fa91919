// Queries in a real terminal: notes that only people get, a watch that repaints in place and marks
// what changed, and nothing hostile that gets through.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { startFake } from '../support/fake-prometheus.ts';
import type { FakePrometheus } from '../support/fake-prometheus.ts';
import { projectRoot } from '../support/project.ts';
import { freshHome } from '../support/run-cli.ts';
import { openTerm } from '../support/terminal.ts';

let fake: FakePrometheus;
before(async () => {
  fake = await startFake();
});
after(async () => await fake.close());

const open = (args: readonly string[], size = { cols: 70, rows: 10 }, env = {}) =>
  openTerm({
    cmd: [process.execPath, join(projectRoot, 'bin/run.js'), ...args],
    ...size,
    env: { MON_URL: fake.url, HOME: freshHome(), ...env },
  });

it('a table has its number of rows under it, and a bold head', async () => {
  const term = open(['query', 'up']);
  assert.equal(await term.exit, 0);
  assert.deepEqual(term.screen().slice(0, 4), [
    'SERIES                            VALUE',
    'up{instance="a:9100",job="node"}      1',
    'up{instance="b:9100",job="node"}      0',
    '2 rows',
  ]);
  assert.equal(term.cell(0, 0).bold, true);
});

it('no form lets a control character through to a terminal', async () => {
  for (const form of ['table', 'json', 'jsonl', 'csv', 'yaml', 'prom', 'value']) {
    const term = open(['query', 'hostile', '-o', form, '--color', 'never']);
    assert.equal(await term.exit, 0, form);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(term.raw(), /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u202e]/);
  }
});

it('a watch repaints in place, marks what changed and ends with 130', async () => {
  const term = open(['query', 'ticking', '--watch=200ms', '-o', 'table']);
  await term.waitFor((text) => /ticks/.test(text));
  const first = term.screen();
  assert.match(first[0], /^every 200ms {2}\d{4}-\S+Z {2}ticking$/);
  assert.match(first[2], /^still\s/);
  await term.waitFor((text) => text.split('\n')[0] !== first[0]);
  await term.settled(50);
  assert.equal(term.scrolled(), 0);
  assert.equal(term.cell(0, 2).inverse, false);
  term.press('ctrl-c');
  assert.equal(await term.exit, 130);
  assert.ok(term.raw().includes('\u001b[7m'));
  const last = (mode: string): number => term.raw().lastIndexOf(`\u001b[?7${mode}`);
  assert.ok(last('h') > last('l'), 'lines wrap again');
});

it('without colour a watch says the same', async () => {
  const term = open(['query', 'up', '--watch'], { cols: 70, rows: 10 }, { NO_COLOR: '1' });
  await term.waitFor('VALUE');
  term.press('ctrl-c');
  assert.equal(await term.exit, 130);
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(term.raw(), /\u001b\[[0-9;]*m/);
});

it('a chart is as wide as the terminal and no wider', async () => {
  const term = open(['query', 'up', '--graph', '--since', '10m'], { cols: 50, rows: 16 });
  assert.equal(await term.exit, 0);
  const rows = term.screen().filter((row) => row !== '');
  assert.match(rows[0], /^up/);
  assert.ok(rows.some((row) => row.length === 50));
  assert.match(rows.join('\n'), /[\u2801-\u28ff]/);
  assert.match(rows.at(-1) ?? '', /up\{job="node"\}/);
});
