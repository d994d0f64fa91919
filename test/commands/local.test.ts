// `mon status`, `mon down` and `mon logs` against a process that holds a data folder as a server
// does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startFake } from '../support/fake-prometheus.ts';
import type { FakePrometheus } from '../support/fake-prometheus.ts';
import { freePort } from '../support/mon-process.ts';
import { projectRoot } from '../support/project.ts';
import { freshHome, runCli } from '../support/run-cli.ts';

let fake: FakePrometheus;
before(async () => {
  fake = await startFake();
});
after(async () => await fake.close());

/** Holds the folder until SIGTERM, and for a while longer, as one that drains. */
async function holder(folder: string, listen: string, drainMs = 200): Promise<ChildProcess> {
  mkdirSync(folder, { recursive: true });
  const script = join(folder, '..', 'holder.mjs');
  const lock = JSON.stringify(join(projectRoot, 'dist/src/engine/runtime/folder-lock.js'));
  const owner = { startedMs: 1_700_000_000_000, listen, command: 'mon up' };
  writeFileSync(
    script,
    `import { lockFolder } from ${lock};
     const owner = { pid: process.pid, ...${JSON.stringify(owner)} };
     const lock = lockFolder(${JSON.stringify(folder)}, owner);
     const end = () => { lock.release(); process.exit(0); };
     process.on('SIGTERM', () => setTimeout(end, ${drainMs}));
     setInterval(() => {}, 1000);
     console.log('held');`,
  );
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

describe('status and down', () => {
  it('tell of the server that holds the folder, and stop it', async () => {
    const home = freshHome();
    const env = { HOME: home };
    const folder = join(home, '.local/state/mon/demo');
    const listen = new URL(fake.url).host;
    const child = await holder(folder, listen);
    const started = '2023-11-14T22:13:20.000Z';
    const row = `${fake.url},ready,9.9.9,1/2,${child.pid},${started},${folder}\n`;
    const head = 'url,state,version,targets,pid,started,folder\n';
    assert.deepEqual(await runCli(['status', '-o', 'csv'], { env }), {
      stdout: head + row,
      stderr: '',
      code: 0,
    });
    const ended = once(child, 'exit');
    assert.deepEqual(await runCli(['down'], { env }), {
      stdout: '',
      stderr: `stopped process ${child.pid} on ${folder}\n`,
      code: 0,
    });
    assert.deepEqual(await ended, [0, null]);
    assert.equal((await runCli(['status'], { env })).code, 5);
  });

  it('a server that does not answer is a row with its reason', async () => {
    const folder = join(freshHome(), 'data');
    const child = await holder(folder, `127.0.0.1:${await freePort()}`);
    const { stdout, code } = await runCli(['status', '--data-dir', folder, '-o', 'value']);
    assert.match(stdout, /^cannot reach http:\/\/127.*: connection refused\n$/);
    assert.equal(code, 1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    // A process that was killed leaves its words behind, but not its lock.
    assert.equal((await runCli(['down', '--data-dir', folder])).code, 5);
  });

  it('a server that drains too long', async () => {
    const folder = join(freshHome(), 'data');
    const child = await holder(folder, '', 2000);
    const { stderr, code } = await runCli(['down', '--data-dir', folder, '--timeout', '50ms']);
    assert.equal(stderr, 'error: no end after 50ms\nhint: allow more time with --timeout\n');
    assert.equal(code, 124);
    await once(child, 'exit');
  });
});

describe('logs', () => {
  const lines = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, i) => `line ${from + i} é\n`).join('');

  it('the last lines', async () => {
    const folder = freshHome();
    writeFileSync(join(folder, 'mon.log'), lines(0, 30_000));
    const run = (...args: string[]) => runCli(['logs', '--data-dir', folder, ...args]);
    assert.deepEqual(await run(), { stdout: lines(29_900, 30_000), stderr: '', code: 0 });
    assert.equal((await run('-n', '2')).stdout, lines(29_998, 30_000));
    assert.equal((await run('-n', '0')).stdout, '');
  });

  it('follows what is written, over a file that was put aside', async () => {
    const folder = freshHome();
    const log = join(folder, 'mon.log');
    writeFileSync(log, lines(0, 10));
    const steps = [
      () => appendFileSync(log, 'half '),
      () => appendFileSync(log, 'whole\nb\n'),
      () => {
        renameSync(log, `${log}.1`);
        writeFileSync(log, 'new\n');
      },
    ];
    const { stdout, stderr, code } = await runCli(['logs', '-f', '-n', '1', '--data-dir', folder], {
      started: (child) => {
        const beat = setInterval(() => {
          const step = steps.shift();
          if (step !== undefined) return step();
          clearInterval(beat);
          child.kill('SIGINT');
        }, 700);
      },
    });
    assert.equal(stdout, 'line 9 é\nhalf whole\nb\nnew\n');
    assert.deepEqual([stderr, code], ['', 130]);
  });
});
