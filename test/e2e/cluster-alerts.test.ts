// What rules promise in a cluster when processes hang: a second evaluator takes over and nobody is
// told twice; a partition that is away resolves nothing and reports nothing absent; files are read
// anew on SIGHUP. Easy to get wrong: a process that was stopped wakes up and believes that it still
// has its turn.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { projectRoot } from '../support/project.ts';
import { HttpStub } from '../support/receivers.ts';
import { until } from '../support/until.ts';
import { ClusterWorld } from './cluster-world.ts';
import { MonFolder, QUIET_CONFIG, writeSamples } from './mon-folder.ts';

const HOSTS = Array.from({ length: 12 }, (_, i) => `web-${i}`);

let files: MonFolder;
let hook: HttpStub;
let world: ClusterWorld | undefined;
let sending: Promise<void> = Promise.resolve();
let over = false;
const busy = new Map<string, number>();
const guests: ChildProcess[] = [];

before(async () => {
  files = await MonFolder.make();
  hook = await new HttpStub().start();
});
after(async () => {
  await hook?.stop();
  await files?.remove();
});
afterEach(async () => {
  over = true;
  await sending;
  for (const guest of guests.splice(0)) guest.kill('SIGKILL');
  await world?.remove();
  world = undefined;
});

function rulesText(more = ''): string {
  return `groups:
  - name: hosts
    interval: 1s
    rules:
      - {alert: Hot, expr: cpu_busy > 90}
      - {alert: Gone, expr: 'count(cpu_busy) < ${HOSTS.length} or absent(cpu_busy)'}
${more}`;
}

async function begin(stores: number, more: readonly string[] = []): Promise<ClusterWorld> {
  hook.received.length = 0;
  const rules = await files.file('rules.yml', rulesText());
  const routes = await files.file(
    'routes.yml',
    `route: {receiver: r, group_by: ['...'], group_wait: 0s, group_interval: 1s}
receivers: [{name: r, webhook_configs: [{url: '${hook.url}/hook'}]}]
x-mon: {dedupe_window: 0s}
`,
  );
  const args = ['--rules', rules, '--routes', routes, ...more];
  world = await ClusterWorld.start(stores, { config: QUIET_CONFIG, args });
  await world.ready();
  const { url } = world;
  busy.clear();
  for (const host of HOSTS) busy.set(host, 10);
  over = false;
  sending = (async () => {
    while (!over) {
      const timestamp = Date.now();
      const series = [...busy].map(([host, value]) => ({
        labels: { __name__: 'cpu_busy', host },
        samples: [{ timestamp, value }],
      }));
      await writeSamples(url, series).catch(() => undefined);
      await pause(200);
    }
  })();
  // Until the first samples came they were gone, which somebody may have been told.
  await pause(4000);
  hook.received.length = 0;
  return world;
}

/** What was told, each id once: alert, host, whether it fires. */
function told(): string[] {
  const seen = new Map<unknown, string>();
  for (const { headers, json } of hook.received) {
    const alerts = json['alerts'] as { labels: Record<string, string>; status: string }[];
    const words = alerts.map(({ labels, status }) => {
      return `${labels['alertname']} ${labels['host'] ?? ''} ${status}`;
    });
    seen.set(headers['idempotency-key'], words.join());
  }
  return [...seen.values()];
}

/** Waits until just this was told. */
async function untilTold(words: readonly string[]): Promise<void> {
  const wanted = words.join('; ');
  const seen = (): string => told().join('; ');
  await until(`told ${wanted}`, () => seen() === wanted, { seen });
}

/** Waits until so many were told of that end with the word. */
async function untilMany(word: 'firing' | 'resolved', count: number): Promise<void> {
  const many = (): boolean => told().filter((one) => one.endsWith(` ${word}`)).length >= count;
  await until(`${count} are ${word}`, many, { seen: () => told().join('; ') });
}

test('a second evaluator takes over from one that hangs, and nobody is told twice', async () => {
  const cluster = await begin(2);
  const { dataDir } = cluster.folder;
  const args = ['bin/run.js', 'run', 'alert', '--member', 'alert-1', '--zone', 'a'];
  args.push('--hub', `unix:${join(dataDir, 'run', 'log.sock')}`);
  args.push('--config', join(cluster.folder.path, 'mon.yml'));
  args.push('--rules', join(files.path, 'rules.yml'));
  args.push('--data-dir', join(files.path, 'guest'));
  args.push('--cluster-token-file', join(dataDir, 'cluster-token'));
  guests.push(spawn(process.execPath, args, { cwd: projectRoot, stdio: 'ignore' }));
  busy.set('web-1', 95);
  await untilTold(['Hot web-1 firing']);

  const thaw = await cluster.freeze('alert');
  busy.set('web-2', 96);
  await untilTold(['Hot web-1 firing', 'Hot web-2 firing']);
  thaw();
  await pause(3000);
  busy.set('web-1', 10);
  await untilTold(['Hot web-1 firing', 'Hot web-2 firing', 'Hot web-1 resolved']);
  busy.set('web-2', 10);
  const all = ['Hot web-1 firing', 'Hot web-2 firing', 'Hot web-1 resolved', 'Hot web-2 resolved'];
  await untilTold(all);
  await pause(2000);
  assert.deepEqual(told(), all, 'nothing more');
  assert.equal(hook.received.length, all.length, 'no delivery came twice');
});

test('a partition that is away resolves nothing and reports nothing absent', async () => {
  const cluster = await begin(2, ['--zones', '1']);
  for (const host of HOSTS.slice(0, 6)) busy.set(host, 95);
  await untilMany('firing', 6);
  const before = told();
  // Shorter than a store's lease: nobody takes its partitions over meanwhile.
  const thaw = await cluster.freeze('store-0');
  for (const host of HOSTS.slice(0, 6)) busy.set(host, 10);
  await pause(6000);
  assert.deepEqual(told(), before, 'while a part is away nothing is decided');
  thaw();
  await untilMany('resolved', 6);
  assert.ok(!told().some((words) => words.startsWith('Gone')), 'nothing was ever gone');
});

test('rules are read anew on SIGHUP, and a file with a mistake changes nothing', async () => {
  const cluster = await begin(1);
  const names = async (): Promise<string> => {
    const answer = await fetch(`${cluster.url}/api/v1/rules`);
    const { data } = (await answer.json()) as { data: { groups: { rules: { name: string }[] }[] } };
    return data.groups.flatMap(({ rules }) => rules.map(({ name }) => name)).join();
  };
  assert.equal(await names(), 'Hot,Gone');
  const path = join(files.path, 'rules.yml');
  writeFileSync(path, rulesText('      - {alert: New, expr: cpu_busy > 98}\n'));
  cluster.mon.child.kill('SIGHUP');
  await until('the new rule runs', async () => (await names()) === 'Hot,Gone,New', { seen: names });
  writeFileSync(path, rulesText('      - {alert: New, expr: ((}\n'));
  cluster.mon.child.kill('SIGHUP');
  await pause(1000);
  assert.equal(await names(), 'Hot,Gone,New');
  assert.equal((await cluster.role('alert')).restarts, 0);
});
