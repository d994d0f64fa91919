// Two processes of the role `notify` over one real PostgreSQL: the one that works is killed, or
// hangs, in the middle of a grouped notification, and the other one takes over. Nothing may be
// lost; what is told twice has the same id. Easy to get wrong: a receiver that took a notification
// whose sender died before it heard so is told again, which nobody can prevent.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../support/mon-process.ts';
import { projectRoot } from '../support/project.ts';
import { RealPostgres, postgresHome } from '../support/real-postgres.ts';
import { HttpStub } from '../support/receivers.ts';
import type { StubAnswer } from '../support/receivers.ts';
import { until } from '../support/until.ts';

const skip = postgresHome() === undefined ? 'needs postgres' : false;
/** A lease of 3 s, the beat that sees its end, and a start, on a machine that is busy. */
const TAKEOVER_MS_MAX = 20_000;
const WORKS = 'this process works now';

interface Role {
  readonly child: ChildProcess;
  output(): string;
}

interface Told {
  readonly id: string;
  readonly group: string;
  readonly hosts: string;
  /** The receiver has taken it, whatever its sender heard. */
  readonly taken: boolean;
}

const roles = new Map<string, Role>();
const told: Told[] = [];
/** What the receiver does with the next notification of a group, once. */
const plans = new Map<string, (one: Told) => { taken: boolean; answer: StubAnswer }>();
let folder = '';
let base: RealPostgres;
let hook: HttpStub;
let url = '';

function start(role: string, member: string, more: readonly string[] = []): Role {
  const args = ['bin/run.js', 'run', role, '--member', member, '--zone', 'a', '--zones', 'a'];
  args.push('--config', join(folder, 'mon.yml'), '--data-dir', join(folder, member), ...more);
  if (role !== 'log') args.push('--hub', `unix:${join(folder, 'hub.sock')}`);
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, args, { cwd: projectRoot, stdio: [...stdio] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  }
  const one = { child, output: () => text };
  roles.set(member, one);
  return one;
}

/** Waits; a failure shows what was told and what each role said last. */
async function untilSeen(what: string, holds: () => boolean): Promise<void> {
  const seen = (): string => {
    const said = [...roles].map(([name, role]) => `${name}: ${role.output().slice(-1500)}`);
    return `told ${JSON.stringify(told)}\n${said.join('\n')}`;
  };
  await until(what, holds, { ms: TAKEOVER_MS_MAX, seen });
}

/** The member that has begun to work last. */
function worker(): string {
  const found = ['notify-0', 'notify-1'].find((member) => {
    const role = roles.get(member);
    if (role === undefined || role.child.exitCode !== null || role.child.signalCode !== null) {
      return false;
    }
    const said = role.output();
    return said.lastIndexOf(WORKS) > said.lastIndexOf('another process works now');
  });
  return found ?? '';
}

async function post(name: string): Promise<void> {
  const alerts = ['a', 'b', 'c'].map((host) => ({ labels: { alertname: name, host } }));
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(alerts);
  const deadline = performance.now() + TAKEOVER_MS_MAX;
  for (;;) {
    // As Prometheus does it: an answer that says "not now" is no end.
    const answer = await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers, body });
    const text = await answer.text();
    if (answer.status === 200) return;
    assert.equal(answer.status, 503, text);
    assert.ok(performance.now() < deadline, text);
    await pause(100);
  }
}

const takenOf = (group: string): Told[] => told.filter((one) => one.group === group && one.taken);

before(async () => {
  if (skip !== false) return;
  folder = mkdtempSync(join(tmpdir(), 'mon-takeover-'));
  hook = await new HttpStub().start();
  hook.answer = ({ headers, json }) => {
    const alerts = json['alerts'] as { labels: Record<string, string> }[];
    const one = {
      id: String(headers['idempotency-key']),
      group: alerts[0].labels['alertname'],
      hosts: alerts
        .map(({ labels }) => labels['host'])
        .sort()
        .join(),
    };
    const plan = plans.get(one.group);
    plans.delete(one.group);
    const { taken, answer } = plan?.({ ...one, taken: true }) ?? {
      ...{ taken: true, answer: { status: 200 } },
    };
    told.push({ ...one, taken });
    return answer;
  };
  base = await RealPostgres.start();
  const routes = join(folder, 'routes.yml');
  const times = 'group_wait: 300ms, group_interval: 1s, repeat_interval: 1h';
  writeFileSync(
    routes,
    `route: {receiver: r, group_by: [alertname], ${times}}
receivers: [{name: r, webhook_configs: [{url: '${hook.url}'}]}]
`,
  );
  const own = `state_postgres: '${base.url()}', routes: '${routes}', default_rules: false`;
  const quiet = 'host_agent: false, self_scrape: false';
  writeFileSync(join(folder, 'mon.yml'), `mon: {${own}, ${quiet}}\n`);
  for (const member of ['log', 'notify-0', 'notify-1', 'api']) mkdirSync(join(folder, member));
  const hub = start('log', 'log', ['--socket', `unix:${join(folder, 'hub.sock')}`]);
  await untilSeen('the hub is ready', () => hub.output().includes('log is ready'));
  start('notify', 'notify-0');
  start('notify', 'notify-1');
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  start('api', 'api', ['--listen', `127.0.0.1:${port}`]);
  await untilSeen('one of them works', () => worker() !== '');
  await untilSeen('HTTP is there', () =>
    /api is .* at http/.test(roles.get('api')?.output() ?? ''),
  );
});

after(async () => {
  for (const { child } of roles.values()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await hook?.stop();
  await base?.stop();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

/** Kills who works while its notification of this group is on its way. */
async function round(t: { diagnostic(words: string): void }, group: string, taken: boolean) {
  const first = worker();
  const { child } = roles.get(first) as Role;
  let killed = 0;
  plans.set(group, () => {
    child.kill('SIGKILL');
    killed = performance.now();
    return { taken, answer: 'close' };
  });
  await post(group);
  await untilSeen('the notification was on its way', () => killed > 0);
  // Nobody works now: what comes meanwhile waits, and is told.
  const meanwhile = post(`${group}-meanwhile`);
  await untilSeen('the other one works', () => worker() !== '' && worker() !== first);
  t.diagnostic(`${first} killed, ${worker()} works ${(performance.now() - killed) | 0} ms later`);
  await untilSeen('the other one tells it', () => takenOf(group).length === (taken ? 2 : 1));
  await meanwhile;
  await untilSeen('what came meanwhile is told', () => takenOf(`${group}-meanwhile`).length > 0);
  start('notify', first);
}

test('the other one takes over from one that is killed', { skip }, async (t) => {
  await post('calm');
  await untilSeen('told by the first', () => takenOf('calm').length === 1);
  for (let i = 0; i < 4; i++) await round(t, `group-${i}`, i % 2 === 0);
});

test('one that wakes up after its turn tells nothing and goes on living', { skip }, async () => {
  const first = worker();
  const { child } = roles.get(first) as Role;
  let stopped = false;
  plans.set('sleepy', () => {
    child.kill('SIGSTOP');
    stopped = true;
    return { taken: false, answer: 'close' };
  });
  await post('sleepy');
  await untilSeen('the notification was on its way', () => stopped);
  await untilSeen('the other one works', () => worker() !== first || takenOf('sleepy').length > 0);
  await untilSeen('the other one tells it', () => takenOf('sleepy').length === 1);
  child.kill('SIGCONT');
  await pause(4000);
  await post('awake');
  await untilSeen('there is one that works', () => takenOf('awake').length === 1);
  assert.equal(child.exitCode, null, roles.get(first)?.output().slice(-2000));
});

test('all was told, and what was told twice has one id', { skip }, async () => {
  await pause(2500);
  const groups = new Set(told.map(({ group }) => group));
  assert.equal(groups.size, 11);
  for (const group of groups) {
    const all = told.filter((one) => one.group === group);
    assert.equal(new Set(all.map(({ id }) => id)).size, 1, JSON.stringify(all));
    assert.ok(
      all.every(({ hosts }) => hosts === 'a,b,c'),
      JSON.stringify(all),
    );
    assert.ok(takenOf(group).length >= 1 && takenOf(group).length <= 2, JSON.stringify(all));
  }
});
