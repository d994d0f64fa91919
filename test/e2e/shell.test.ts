// The commands as a shell sees them, against a real `mon up`: push, then find it again in every
// form.
import { strict as assert } from 'node:assert';
import { after, before, it } from 'node:test';
import type { MonProcess } from '../support/mon-process.ts';
import { runShell } from '../support/run-cli.ts';
import type { CliResult } from '../support/run-cli.ts';
import { MonFolder } from './mon-folder.ts';

let folder: MonFolder;
let mon: MonProcess;
const seconds = Math.floor(Date.now() / 1000) - 60;
const at = `--at ${seconds}`;

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start();
});
after(async () => await folder.remove());

/** A line of bash, with MON_URL set. */
async function shell(line: string): Promise<CliResult> {
  return await runShell(line, { env: { MON_URL: mon.url } });
}

async function prints(line: string, stdout: string): Promise<void> {
  assert.deepEqual(await shell(line), { stdout, stderr: '', code: 0 }, line);
}

it('exposition text and JSON are pushed and found', async () => {
  const lines = `door_open{room="k\\"1"} 1 ${seconds}000\\ndoor_open{room="b"} 0 ${seconds}000\\n`;
  const took = '[{"accepted":2,"refused":0}]';
  await prints(
    `printf '${lines.replaceAll('\\"', '\\\\"')}' | mon push -o jsonl`,
    `${took.slice(1, -1)}\n`,
  );
  const warm = `{"name":"warm","value":21.5,"timestamp":${seconds}}`;
  const json = `{"metrics":[${warm}],"labels":{"room":"b"}}`;
  await prints(`echo '${json}' | mon push -o value`, '1\n');
  await prints(`mon query warm ${at} -o value`, '21.5\n');
  await prints(
    `echo 'now_pushed 3' | mon push -o value && mon query now_pushed -o value`,
    '1\n3\n',
  );
});

it('query prints every form', async () => {
  const time = new Date(seconds * 1000).toISOString();
  const one = `mon query 'door_open == 1' ${at}`;
  const name = 'door_open{room="k\\"1"}';
  await prints(`${one} -o table`, `SERIES                  VALUE\n${name}      1\n`);
  await prints(`${one} -o value`, '1\n');
  await prints(`${one} -o prom`, `${name} 1 ${seconds}000\n`);
  await prints(`${one} -o csv`, `time,__name__,room,value\n${time},door_open,"k""1",1\n`);
  const row = `{"time":"${time}","labels":{"__name__":"door_open","room":"k\\"1"},"value":1}`;
  await prints(`${one} -o jsonl`, `${row}\n`);
  const { stdout } = await shell(`${one} -o json`);
  assert.deepEqual((JSON.parse(stdout) as { result: unknown }).result, [JSON.parse(row)]);
  const yaml = await shell(`${one} -o yaml`);
  assert.match(yaml.stdout, /\n {4}room: "?'?k/);
  await prints(
    `mon query 'sum(door_open)' --from ${seconds} --to ${seconds + 30} --step 15s -o csv`,
    'time,value\n' +
      [0, 15, 30].map((s) => `${new Date((seconds + s) * 1000).toISOString()},1\n`).join(''),
  );
});

it('series, labels and targets', async () => {
  await prints('mon series door_open -o value', 'door_open{room="b"}\ndoor_open{room="k\\"1"}\n');
  await prints('mon labels -o value', '__name__\nroom\n');
  await prints('mon labels room -o value', 'b\nk"1\n');
  await prints('mon targets -o value', '');
});

it('a mistyped query gets a caret and the nearest name', async () => {
  assert.deepEqual(await shell(`mon query 'sum(rat(door_open[5m]))'`), {
    stdout: '',
    stderr:
      'error: unknown function with name "rat"\n' +
      '  sum(rat(door_open[5m]))\n' +
      '      ^^^\n' +
      'hint: did you mean "rate"?\n',
    code: 2,
  });
  assert.deepEqual(await shell(`mon query 'rate(door_open)'`), {
    stdout: '',
    stderr:
      'error: expected type range vector in call to function "rate", got instant vector\n' +
      '  rate(door_open)\n' +
      '       ^^^^^^^^^\n' +
      'hint: a range has its length in brackets, as in door_open[5m]\n',
    code: 2,
  });
});

it('nothing found is no failure unless it is one', async () => {
  for (const words of ['nothing_there', `'nothing_there[5m]'`, 'nothing_there --since 5m']) {
    assert.deepEqual(
      await shell(`mon query ${words} -o value`),
      { stdout: '', stderr: 'hint: no metric "nothing_there"\n', code: 0 },
      words,
    );
  }
  assert.equal((await shell('mon query nothing_there --fail-empty')).code, 5);
  assert.equal((await shell('mon query door_open -o jsonl | head -n 1 >/dev/null')).code, 0);
});

it('a push that is broken says where, and changes nothing', async () => {
  const broken = await shell(`printf 'fine 1\\nbro ken 2\\n' | mon push`);
  assert.deepEqual([broken.stdout, broken.code], ['', 2]);
  assert.match(broken.stderr, /^error: line 2, column \d+: [^\n]+\n/);
  assert.equal((await shell('mon query fine -o value')).stdout, '');
  const none = await shell(`echo '{"metrics": 5}' | mon push`);
  assert.deepEqual([none.stdout, none.code], ['', 2]);
});

it('a server that is not there is one line', async () => {
  const gone = await shell('mon query up --url http://127.0.0.1:1');
  assert.deepEqual([gone.stdout, gone.code], ['', 1]);
  assert.match(
    gone.stderr,
    /^error: cannot reach http:\/\/127\.0\.0\.1:1[^\n]*\n(hint: [^\n]+\n)?$/,
  );
});
