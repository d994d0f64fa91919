// The commands of deploy/compose/compose.yaml, run as they stand but for names, ports and folders
// of this machine: the cluster comes up, takes samples by token and answers, and ends in order.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../kafka/cluster.ts';
import { compose } from '../support/deployed.ts';
import { projectRoot } from '../support/project.ts';
import { cleanEnv } from '../support/run-cli.ts';
import { MonFolder } from './mon-folder.ts';

const TOKEN = 'a-word-of-consent';
const READY_MS_MAX = 60_000;
let folder: MonFolder;
const running = new Map<string, ChildProcess>();
let said = '';
let url = '';

before(async () => {
  folder = await MonFolder.make();
  const token = await folder.file('token', TOKEN);
  const config = join(projectRoot, 'deploy/config/mon.yml');
  const services = Object.entries(compose().services).filter(([, one]) => one.command);
  const wanted = services.flatMap(([, { command }]) => {
    return [...String(command).matchAll(/--(?:socket|listen) \S+:(\d+)/g)].map(([, port]) => port);
  });
  const free = await freePorts(wanted.length);
  const portOf = new Map(wanted.map((port, i) => [port, free[i]]));
  url = `http://127.0.0.1:${portOf.get('9590')}`;
  for (const [name, { command }] of services) {
    const own = join(folder.path, name);
    mkdirSync(own, { recursive: true });
    const words = String(command)
      .replaceAll(/(?<= )[\w.-]+:(\d{4})(?= |$)/g, (_, port) => `127.0.0.1:${portOf.get(port)}`)
      .replaceAll('/var/lib/mon', own)
      .replaceAll('/var/lib/objects', join(folder.path, 'objects'))
      .replaceAll('/etc/mon/mon.yml', config)
      .replaceAll(/\/run\/secrets\/\S+/g, token)
      .split(/\s+/);
    const child = spawn(process.execPath, [join(projectRoot, 'bin/run.js'), ...words], {
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (said += `${name}: ${chunk.toString()}`));
    }
    running.set(name, child);
  }
});
after(async () => {
  for (const child of running.values()) child.kill('SIGKILL');
  await folder?.remove();
});

const headers = { authorization: `Bearer ${TOKEN}` };

test('the cluster of the file comes up, takes samples and answers', async () => {
  const deadline = performance.now() + READY_MS_MAX;
  const ready = (): Promise<boolean> =>
    fetch(`${url}/-/ready`).then(
      (reply) => reply.ok,
      () => false,
    );
  while (!(await ready())) {
    assert.ok(performance.now() < deadline, said);
    await pause(200);
  }
  assert.equal((await fetch(`${url}/api/v1/query?query=up`)).status, 401);
  const body = 'room_celsius{room="attic"} 21.5\n';
  const push = { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body };
  for (;;) {
    const pushed = await fetch(`${url}/api/v1/push`, push);
    if (pushed.ok) break;
    assert.ok(performance.now() < deadline, `${pushed.status} ${said}`);
    await pause(200);
  }
  for (;;) {
    const reply = await fetch(`${url}/api/v1/query?query=room_celsius`, { headers });
    const { data } = (await reply.json()) as { data?: { result: { value: unknown[] }[] } };
    if (data?.result[0]?.value[1] === '21.5') break;
    assert.ok(performance.now() < deadline, said);
    await pause(200);
  }
});

test('it ends in order when it is told to', async () => {
  const ends = [...running].reverse().map(async ([name, child]) => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = await ended;
    assert.ok(code === 0 || code === 143, `${name} ended with ${code}: ${said}`);
  });
  await Promise.all(ends);
});
