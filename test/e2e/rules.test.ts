// Rules in a real `mon up`: a file's rules fire on pushed samples, survive SIGKILL with `for` and
// all, are read anew on SIGHUP, and are seen by the API and by `mon alerts`.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { MonProcess } from '../support/mon-process.ts';
import { until } from '../support/until.ts';
import { MonFolder, QUIET_CONFIG, endsBySelf } from './mon-folder.ts';

const RULES = `groups:
- name: g
  rules:
  - {record: 'job:x:sum', expr: 'sum by (job) (x)'}
  - alert: High
    expr: job:x:sum > 5
    severity: P1
    annotations: {summary: '{{ $labels.job }} has {{ $value }}'}
  - {alert: Long, expr: x > 5, for: 6s}
`;

let folder: MonFolder;
let mon: MonProcess;
let rules: string;

async function start(): Promise<void> {
  mon = await folder.start(QUIET_CONFIG, ['--rules', join(folder.path, '*.rules')]);
}

async function push(value: number): Promise<void> {
  const body = `x{job="a"} ${value}\n`;
  const headers = { 'content-type': 'text/plain' };
  const answer = await fetch(`${mon.url}/api/v1/push`, { method: 'POST', headers, body });
  assert.equal(answer.status, 200);
}

async function alerts(): Promise<Record<string, string>[]> {
  const answer = await fetch(`${mon.url}/api/v1/alerts`);
  const { data } = (await answer.json()) as { data: { alerts: Record<string, never>[] } };
  return data.alerts;
}

const states = async (): Promise<string> => {
  const all = await alerts();
  return all
    .map(({ labels, state }) => `${(labels as never)['alertname']} ${state}`)
    .toSorted()
    .join(', ');
};

const told = async (): Promise<string[]> => {
  const log = await readFile(join(folder.dataDir, 'mon.log'), 'utf8');
  return [...log.matchAll(/the alert (\w+ .*) id=(\w+)/g)].map(([, words, id]) => `${words} ${id}`);
};

before(async () => {
  folder = await MonFolder.make();
  rules = await folder.file('one.rules', RULES);
  await start();
});
after(() => folder.remove());

it('fires, tells, and survives SIGKILL with its times', async () => {
  await push(7);
  await until(
    'High firing, Long pending',
    async () => (await states()) === 'High firing, Long pending',
  );
  const before = await alerts();
  const [high] = before.filter(({ state }) => state === 'firing');
  assert.deepEqual(high['annotations'], { summary: 'a has 7' });
  assert.deepEqual(high['labels'], { alertname: 'High', job: 'a', severity: 'P1' });
  await mon.end('SIGKILL');
  await start();
  await until(
    'High firing, Long firing',
    async () => (await states()) === 'High firing, Long firing',
  );
  const since = (list: Record<string, string>[]): string[] =>
    list.map(({ activeAt }) => activeAt).toSorted();
  assert.deepEqual(since(await alerts()), since(before));
  const ids = (await told()).filter((line) => line.startsWith('High')).map((l) => l.split(' ')[2]);
  assert.equal(new Set(ids).size, 1, 'told again only with the same id');
});

it('answers scripts', async () => {
  const listed = await endsBySelf(['alerts', '-o', 'csv', '--fail-firing=P1', '--url', mon.url]);
  assert.equal(listed.code, 3);
  assert.match(listed.stdout, /^state,alert,severity,since,value,labels,summary\nfiring,/);
  const rulesList = await endsBySelf(['rules', 'list', '-o', 'value', '--url', mon.url]);
  assert.deepEqual([rulesList.code, rulesList.stdout], [0, 'job:x:sum\nHigh\nLong\n']);
});

it('filters and pages /api/v1/rules as Prometheus does', async () => {
  const ask = async (search: string) => {
    const answer = await fetch(`${mon.url}/api/v1/rules?${search}`);
    return (await answer.json()) as { status: string; data: { groups: { rules: unknown[] }[] } };
  };
  const count = async (search: string): Promise<number[]> =>
    (await ask(search)).data.groups.map((group) => group.rules.length);
  assert.deepEqual(await count(''), [3]);
  assert.deepEqual(await count('type=record'), [1]);
  assert.deepEqual(await count('rule_name[]=High&rule_name[]=Long'), [2]);
  assert.deepEqual(await count('rule_group[]=none'), []);
  assert.deepEqual(await count(`file[]=${encodeURIComponent(rules)}`), [3]);
  assert.deepEqual(await count('match[]={severity="P1"}'), [1]);
  assert.equal((await ask('type=x')).status, 'error');
  assert.equal((await ask('group_next_token=x')).status, 'error');
});

it('reads its files anew on SIGHUP and keeps what runs when one is wrong', async () => {
  await writeFile(rules, RULES.replace('job:x:sum > 5', 'job:x:sum >'));
  mon.child.kill('SIGHUP');
  const log = (): Promise<string> => readFile(join(folder.dataDir, 'mon.log'), 'utf8');
  await until('a complaint', async () => /stays as it was.*one\.rules:6:11/.test(await log()));
  assert.equal(await states(), 'High firing, Long firing');
  await writeFile(rules, RULES.replace('job:x:sum > 5', 'job:x:sum > 500'));
  mon.child.kill('SIGHUP');
  await until('Long firing', async () => (await states()) === 'Long firing');
  await push(1);
  await until('', async () => (await states()) === '');
  // What the API shows is told a moment later.
  await until('the end is told', async () => /Long is resolved/.test((await told()).join()));
  const lines = (await told()).map((line) => line.replace(/ \w+$/, ''));
  assert.deepEqual([...new Set(lines)].toSorted(), [
    'High fires',
    'High is resolved',
    'Long fires',
    'Long is resolved',
  ]);
});
