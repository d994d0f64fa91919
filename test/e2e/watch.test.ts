// `mon watch` as a user has it: roles that die, a watcher that dies, one that is started again, a
// hook that refuses, Alertmanager's form, one round for CI, and files with mistakes.
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { until } from '../support/until.ts';
import { endsBySelf, MonFolder, QUIET_CONFIG } from './mon-folder.ts';
import { watchCluster } from './watch-cluster.ts';
import { Hook, WatchProcess } from './watch-world.ts';

/** What of a watcher's state the tests look at. */
interface Kept {
  readonly outbox: readonly unknown[];
}

test('every role of a cluster that dies is noticed, and told once', async (t) => {
  const noticed = await watchCluster(['--every', '1s', '--after', '2s'], 30_000);
  for (const { member, ms } of noticed) t.diagnostic(`${member}: ${Math.round(ms)} ms`);
  assert.equal(noticed.length, 5);
});

describe('two watchers of one server', () => {
  let folder: MonFolder;
  let mon: MonProcess;
  let hook: Hook;
  const fast = ['--every', '500ms', '--after', '1s'];
  const started: WatchProcess[] = [];
  const start = async (args: readonly string[], port?: number): Promise<WatchProcess> => {
    const one = await WatchProcess.start([...fast, ...args], port);
    started.push(one);
    return one;
  };
  before(async () => {
    folder = await MonFolder.make();
    mon = await folder.start();
    hook = await Hook.open();
  });
  after(async () => {
    for (const one of started) await one.end('SIGKILL');
    hook.close();
    await folder.remove();
  });

  it('notice that one of them is silent, and that it is back', async () => {
    const port = await freePort();
    const state = (name: string) => ['--name', name, '--state', join(folder.path, `${name}.json`)];
    const a = await start(['--url', mon.url, ...state('a')], port);
    const b = await start(['--peer', a.url, '--tell', hook.url, ...state('b')]);
    await a.end('SIGKILL');
    const ms = await hook.heard('down', /^peer$/, 30_000);
    assert.ok(ms < 30_000);
    const again = await start(['--url', mon.url, ...state('a')], port);
    await hook.heard('recovered', /^peer$/, 30_000);
    // One that hangs answers nobody, and keeps its address.
    const from = hook.told.length;
    process.kill(again.child.pid as number, 'SIGSTOP');
    await hook.heard('down', /^peer$/, 30_000, from);
    process.kill(again.child.pid as number, 'SIGCONT');
    await hook.heard('recovered', /^peer$/, 30_000, from);
    assert.equal(await b.end('SIGTERM'), 143);
    await again.end('SIGTERM');
  });

  it('tell again what nobody took, and nothing twice after kill -9', async () => {
    const silent = await freePort();
    const url = `http://127.0.0.1:${silent}`;
    const args = ['--url', url, '--tell', hook.url, '--name', 'c'];
    const state = ['--state', join(folder.path, 'c.json')];
    const from = hook.told.length;
    hook.status = 503;
    const first = await start([...args, ...state]);
    await until('it was refused', async () => hook.refused > 0);
    await first.end('SIGKILL');
    hook.status = 200;
    const second = await start([...args, ...state]);
    await hook.heard('down', /^healthy$/, 15_000, from);
    // Between an answer and the state on disk lies a moment in which a kill tells again.
    await until('it is kept as told', async () => {
      const kept = JSON.parse(await readFile(join(folder.path, 'c.json'), 'utf8')) as Kept;
      return kept.outbox.length === 0;
    });
    await second.end('SIGKILL');
    const third = await start([...args, ...state]);
    await pause(3000);
    assert.equal(await third.end('SIGTERM'), 143);
    assert.deepEqual(
      hook.told.slice(from).map(({ status, check }) => `${status} ${check}`),
      ['down healthy'],
    );
  });

  it('speak to an Alertmanager, and look after the heartbeat of the alerts', async () => {
    const routes = await folder.file(
      'routes.yml',
      'route: {receiver: none, group_wait: 0s}\nreceivers: [{name: none}]\n',
    );
    const desk = await MonFolder.make();
    const other = await desk.start(QUIET_CONFIG, ['--routes', routes]);
    const tell = `${other.url}/api/v2/alerts`;
    const state = join(folder.path, 'd.json');
    const beat = ['--heartbeat', '2s', '--name', 'd', '--state', state];
    const watcher = await start(['--url', mon.url, '--tell', tell, ...beat]);
    const firing = async (): Promise<string[]> => {
      const answer = await fetch(`${tell}?active=true`);
      const alerts = (await answer.json()) as { labels: Record<string, string> }[];
      return alerts.map(({ labels }) => `${labels['alertname']} ${labels['check']}`);
    };
    await until('its silence is told', async () =>
      (await firing()).includes('MonWatchDown heartbeat'),
    );
    const beats = setInterval(() => {
      void fetch(`${watcher.url}/heartbeat`, { method: 'POST', body: '{"status":"firing"}' });
    }, 300);
    await until('it is over', async () => (await firing()).length === 0);
    clearInterval(beats);
    assert.equal(await watcher.end('SIGTERM'), 143);
    await desk.remove();
  });

  it('say in one round how all is', async () => {
    const state = ['--state', join(folder.path, 'once.json')];
    const well = await endsBySelf(['watch', '--once', '--url', mon.url, '-o', 'json', ...state]);
    assert.equal(well.code, 0, well.stderr);
    const { items } = JSON.parse(well.stdout) as { items: { check: string; state: string }[] };
    const states = items.map(({ check, state: one }) => `${check} ${one}`);
    for (const wanted of ['healthy ok', 'ready ok', 'role mon ok', 'canary ok']) {
      assert.ok(states.includes(wanted), wanted);
    }
    const silent = `http://127.0.0.1:${await freePort()}`;
    const ill = await endsBySelf(['watch', '--once', '--url', silent, ...state]);
    assert.equal(ill.code, 3);
    assert.match(ill.stdout, /healthy +down/);
    const untold = ['watch', '--once', '--url', silent, '--tell', `${silent}/hook`];
    const nobody = await endsBySelf([...untold, '--state', join(folder.path, 'u.json')]);
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /could not be told/);
  });

  it('miss a Watchdog that has to fire', async () => {
    const state = ['--state', join(folder.path, 'w.json')];
    const args = ['watch', '--once', '--url', mon.url, '--watchdog', 'Watchdog', ...state];
    const none = await endsBySelf(args);
    assert.equal(none.code, 3);
    assert.match(none.stdout, /watchdog +down .*there is no rule Watchdog/);
  });

  it('refuse what is wrong, with its place', async () => {
    const config = await folder.file('watch.yml', 'servers:\n  - {url: mon:9590, canari: no}\n');
    const wrong = await endsBySelf(['watch', '--config', config]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /watch.yml:2:21: unknown field "canari"/);
    assert.match(wrong.stderr, /did you mean canary\?/);
    const nothing = await endsBySelf(['watch', '--once']);
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /nothing to watch/);
  });
});
