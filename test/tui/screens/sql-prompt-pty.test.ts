// `mon sql` without a statement as a process in a real pty, against a real server: an answer,
// completion of tables, columns, metrics and labels, mistakes with their place, history from one
// session to the next, a statement that is given up, hostile labels, every way of leaving.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { MonFolder } from '../../e2e/mon-folder.ts';
import type { MonProcess } from '../../support/mon-process.ts';
import { freshHome } from '../../support/run-cli.ts';
import { assertRestored, openMon } from '../../support/screen-term.ts';
import type { Term } from '../../support/terminal.ts';

let folder: MonFolder;
let mon: MonProcess;

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start();
  const body = [
    'door_open{room="hall"} 1',
    'door_open{room="cellar"} 0',
    'evil{note="\u001b[2J\u202egone"} 666',
  ];
  const { status } = await fetch(`${mon.url}/api/v1/push`, {
    method: 'POST',
    body: `${body.join('\n')}\n`,
  });
  assert.equal(status, 200);
});
after(async () => {
  await folder.remove();
});

async function prompt(home = freshHome(), size: readonly [number, number] = [100, 30]) {
  const [cols, rows] = size;
  const env = { HOME: home, XDG_STATE_HOME: join(home, 'state') };
  const term = openMon(['sql', '--url', mon.url], { cols, rows, env });
  await term.waitFor('a SELECT statement', 30_000);
  return term;
}

async function leave(term: Term): Promise<void> {
  term.press('ctrl-c', 'ctrl-c');
  term.press('\u0004');
  assert.equal(await term.exit, 0);
  assertRestored(term);
}

test('a statement is answered as a table, a mistake has its place', async () => {
  const term = await prompt();
  term.type(
    "SELECT labels['room'] AS room, value FROM samples WHERE metric = 'door_open' ORDER BY room",
  );
  term.press('enter');
  await term.waitFor('2 rows');
  assert.match(term.text(), /room +value/);
  assert.match(term.text(), /cellar +0\n?/);
  assert.match(term.text(), /hall +1\n?/);
  term.press('ctrl-u');
  term.type('SELECT nosuch FROM samples');
  term.press('enter');
  await term.waitFor('Referenced column "nosuch" not found');
  assert.match(term.text(), /\^{6}/);
  term.press('ctrl-u');
  term.type("COPY samples TO 'x'");
  term.press('enter');
  await term.waitFor('COPY is not allowed');
  await leave(term);
});

test('tables, columns, metrics and labels are completed', async () => {
  const term = await prompt();
  term.type('FROM sam');
  await term.waitFor('every sample that is kept');
  term.press('tab');
  await term.waitFor('FROM samples');
  term.type(' WHERE met');
  await term.waitFor('name of the metric');
  term.press('tab');
  term.type(" = 'door");
  await term.waitFor('door_open');
  term.press('tab');
  await term.waitFor("metric = 'door_open'");
  term.type(" AND labels['ro");
  await term.waitFor('l room');
  term.press('tab');
  await term.waitFor("labels['room']");
  term.type(" = 'ha");
  await term.waitFor('v hall');
  term.press('tab');
  await term.waitFor("= 'hall'");
  term.press('enter');
  await term.waitFor('1 row,');
  await leave(term);
});

test('what is open goes on in a new line; history comes from the session before', async () => {
  const home = freshHome();
  const first = await prompt(home);
  first.type('SELECT max(');
  first.press('enter');
  first.type('value) AS most FROM samples');
  first.press('enter');
  await first.waitFor('1 row,');
  await first.waitFor('666');
  await leave(first);
  const second = await prompt(home);
  second.press('up');
  await second.waitFor('value) AS most FROM samples');
  second.press('ctrl-u');
  second.press('ctrl-c', 'ctrl-c');
  second.type('.tables');
  second.press('enter');
  await second.waitFor('rollup_1m');
  second.type('.history');
  second.press('enter');
  await second.waitFor('history, newest first');
  await leave(second);
});

test('rows wider than the terminal say what has no room, and turn on their side', async () => {
  const term = await prompt(freshHome(), [60, 20]);
  const columns = Array.from({ length: 9 }, (_, i) => `${i}00000000000 AS c${i}`);
  term.type(`SELECT ${columns.join(', ')}, repeat('Z', 130) AS words`);
  term.press('enter');
  await term.waitFor(/* the edge */ 'columns have no room: ^G shows them');
  term.press('\u0007');
  await term.waitFor((text) => /column +value/.test(text) && /c0 +0 /.test(text));
  // A page at a time, to the end and no further.
  for (let i = 0; i < 9; i++) term.press('\u001b[6~');
  await term.waitFor((text) => /words +ZZZ/.test(text));
  // One more stands in the statement.
  await term.waitFor((text) => text.match(/Z/g)?.length === 131);
  term.press('\u001b[5~');
  await term.waitFor((text) => /c[1-7] +\d/.test(text));
  term.press('\u0007');
  await term.waitFor('columns have no room');
  await leave(term);
});

test('a statement can be given up', async () => {
  const term = await prompt();
  term.type('SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 3');
  term.press('enter');
  await term.waitFor('running');
  term.press('ctrl-c');
  await term.waitFor('given up');
  await term.waitFor((text) => !text.includes('● running'));
  term.press('ctrl-c');
  term.type('SELECT 40 + 2 AS answer');
  term.press('enter');
  await term.waitFor((text) => /answer\s[\s\S]*42/.test(text));
  await leave(term);
});

test('labels from outside cannot act on the terminal', async () => {
  const term = await prompt();
  term.type("SELECT labels['note'] AS note, value FROM samples WHERE metric = 'evil'");
  term.press('enter');
  await term.waitFor('666');
  assert.ok(!term.raw().includes('\u001b[2J\u202e'));
  assert.ok(!term.raw().includes('\u202e'));
  await leave(term);
});

for (const size of [
  [80, 24],
  [40, 10],
  [200, 50],
] as const) {
  test(`the screen fits ${size.join(' by ')}`, async () => {
    const term = await prompt(freshHome(), size);
    term.type('FROM samples');
    term.press('enter');
    await term.waitFor('3 rows');
    assert.equal(term.screen().length, size[1]);
    assert.equal(term.scrolled(), 0);
    assert.match(term.screen()[0], /^ mon sql/);
    await leave(term);
  });
}
