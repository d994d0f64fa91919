// `mon up` as a user starts it: data at once with --demo, and one clear line where it cannot start.
// Everything here is the real process.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../support/mon-process.ts';
import { runToEnd } from '../support/program.ts';
import { projectRoot } from '../support/project.ts';
import { cleanEnv } from '../support/run-cli.ts';
import { MonFolder, QUIET_CONFIG, endsBySelf } from './mon-folder.ts';

let folder: MonFolder;
beforeEach(async () => {
  folder = await MonFolder.make();
});
afterEach(async () => await folder.remove());

/** Milliseconds from now until the query first answers something. */
async function untilAnswered(url: string, query: string, begun: number): Promise<number> {
  for (;;) {
    const answered = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`).then(
      async (r) => ((await r.json()) as { data?: { result: unknown[] } }).data?.result.length ?? 0,
      () => 0,
    );
    const ms = performance.now() - begun;
    if (answered > 0) return ms;
    assert.ok(ms < 30_000, `${query} answers nothing after 30 s`);
    await pause(20);
  }
}

describe('mon up --demo', () => {
  it('has data to show within seconds of its start', async (t) => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const args = ['bin/run.js', 'up', '--demo', '--data-dir', folder.dataDir];
    const begun = performance.now();
    const child = spawn(process.execPath, [...args, '--listen', url.slice('http://'.length)], {
      cwd: projectRoot,
      env: cleanEnv(),
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    try {
      const up = await untilAnswered(url, 'up', begun);
      const rate = 'sum by (service) (rate(http_requests_total[1m])) > 0';
      const rates = await untilAnswered(url, rate, begun);
      t.diagnostic(`up after ${up.toFixed(0)} ms, rates after ${rates.toFixed(0)} ms`);
    } finally {
      child.kill('SIGTERM');
    }
    assert.deepEqual(await ended, [143, null]);
  });
});

describe('mon up refuses', () => {
  it('a folder in use, and says who has it and how to ask or stop it', async () => {
    const mon = await folder.start();
    const other = ['up', '--data-dir', folder.dataDir, '--listen', '127.0.0.1:0'];
    const listen = mon.url.slice('http://'.length);
    for (const args of [other, [...other, '--detach']]) {
      const said = await endsBySelf(args);
      assert.deepEqual(
        said,
        {
          stdout: '',
          stderr:
            `error: ${folder.dataDir} is in use by process ${mon.pid} (it listens on ${listen})\n` +
            `hint: ask it with --url ${mon.url}, or stop it with: ` +
            `mon down --data-dir ${folder.dataDir}\n`,
          code: 1,
        },
        args.join(' '),
      );
    }
  });

  it('a port in use, and says who has it and how to ask or stop it', async () => {
    const mon = await folder.start();
    const listen = mon.url.slice('http://'.length);
    const other = ['up', '--data-dir', join(folder.path, 'other'), '--listen', listen];
    for (const args of [other, [...other, '--detach']]) {
      const { stdout, stderr, code } = await endsBySelf(args);
      assert.deepEqual([stdout, code], ['', 1], args.join(' '));
      const lines = stderr.split('\n');
      if (process.platform === 'linux') {
        assert.equal(lines[0], `error: ${listen} is in use by process ${mon.pid} (node run.js up)`);
        assert.match(lines[1], new RegExp(`--url ${mon.url}; .*kill ${mon.pid}`));
      } else {
        assert.equal(lines[0], `error: ${listen} is in use by another process`);
      }
      assert.equal(lines.length, 3);
    }
    // What the refused one had taken is free again: the next one gets as far.
    assert.equal((await endsBySelf(other)).code, 1);
  });

  it('a public address without a token', async () => {
    const args = ['up', '--data-dir', folder.dataDir, '--listen', '0.0.0.0:0'];
    assert.deepEqual(await endsBySelf(args), {
      stdout: '',
      stderr:
        'error: 0.0.0.0 can be reached from other machines, and there is no token\n' +
        'hint: write a secret into a file and give it with --token-file, or listen on 127.0.0.1\n',
      code: 2,
    });
  });

  it('a folder without rights, and one that cannot be', async (t) => {
    if ((await asNobody(['version'])).code !== 0) {
      t.skip('needs a project folder that every user can read');
      return;
    }
    const closed = join(folder.path, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o555);
    await chmod(folder.path, 0o755);
    const up = ['up', '--listen', '127.0.0.1:0', '--data-dir'];
    for (const inside of [join(closed, 'data'), closed]) {
      const said = await asNobody([...up, inside]);
      assert.equal(said.stdout, '');
      assert.match(said.stderr, /^error: cannot .*closed.*\nhint: give this user the right .*\n$/);
      assert.equal(said.code, 1);
    }
    const file = await folder.file('file', 'not a folder');
    const inside = join(file, 'data');
    assert.deepEqual(await endsBySelf([...up, inside]), {
      stdout: '',
      stderr:
        `error: cannot make the folder ${inside}: a file stands where a folder has to be\n` +
        'hint: move that file away, or choose another folder with --data-dir\n',
      code: 1,
    });
  });

  it('a broken configuration, with the place', async () => {
    const text = 'scrape_configs:\n  - job_name: a\n    scrape_intervall: 5s\n';
    const file = await folder.file('bad.yml', text);
    const said = await endsBySelf(['up', '--data-dir', folder.dataDir, '--config', file]);
    assert.deepEqual(said, {
      stdout: '',
      stderr:
        `error: ${file}:3:5: unknown field "scrape_intervall" in scrape_configs\n` +
        '      scrape_intervall: 5s\n' +
        '      ^^^^^^^^^^^^^^^^\n' +
        'hint: did you mean scrape_interval?\n',
      code: 2,
    });
    const none = join(folder.path, 'none.yml');
    assert.deepEqual(await endsBySelf(['up', '--config', none]), {
      stdout: '',
      stderr: `error: cannot read ${none}: not there\nhint: mon config init writes a starter\n`,
      code: 2,
    });
  });
});

/** Runs mon as a user without rights, also where the tests run as root. */
async function asNobody(args: readonly string[]): Promise<ReturnType<typeof endsBySelf>> {
  if (process.getuid?.() !== 0) return await endsBySelf(args);
  const mon = [process.execPath, join(projectRoot, 'bin/run.js'), ...args];
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  const home = ['env', 'HOME=/nonexistent'];
  return await runToEnd('timeout', ['20', 'setpriv', ...nobody, ...home, ...mon]);
}

describe('mon up with a token', () => {
  it('answers who knows it, and 401 to the others', async () => {
    const tokenFile = await folder.file('token', 'a-secret\n');
    const mon = await folder.start(QUIET_CONFIG, ['--token-file', tokenFile]);
    const query = `${mon.url}/api/v1/query?query=1`;
    const statusWith = async (header: Record<string, string>): Promise<number> =>
      (await fetch(query, { headers: header })).status;
    assert.equal(await statusWith({}), 401);
    assert.equal(await statusWith({ authorization: 'Bearer wrong' }), 401);
    assert.equal(await statusWith({ authorization: 'Bearer a-secret' }), 200);
    for (const path of ['/metrics', '/api/v1/status/config', '/api/v1/targets']) {
      assert.equal((await fetch(mon.url + path)).status, 401, path);
    }
    assert.equal((await fetch(`${mon.url}/api/v1/write`, { method: 'POST' })).status, 401);
    const cli = ['query', '1 + 1', '-o', 'value', '--url', mon.url];
    assert.equal((await endsBySelf([...cli, '--token-file', tokenFile])).stdout, '2\n');
    const without = await endsBySelf(cli);
    assert.deepEqual([without.stdout, without.code], ['', 4]);
    const words = await folder.file('words', 'two words\n');
    const refused = ['up', '--data-dir', folder.dataDir, '--token-file', words];
    assert.deepEqual(await endsBySelf(refused), {
      stdout: '',
      stderr:
        `error: the token file ${words} holds more than one word\n` +
        'hint: it holds the bearer token alone\n',
      code: 2,
    });
  });
});

describe('mon config', () => {
  it('init writes a starter that mon up runs with', async () => {
    const file = join(folder.path, 'starter.yml');
    assert.equal((await endsBySelf(['config', 'init', file])).code, 0);
    assert.equal((await endsBySelf(['config', 'check', file])).code, 0);
    const mon = await folder.start(await readFile(file, 'utf8'));
    const { stdout } = await endsBySelf(['targets', '--url', mon.url, '-o', 'value']);
    const jobs = stdout.split('\n').map((line) => line.split('/')[0]);
    assert.deepEqual(jobs.sort(), ['', 'internal:host', 'internal:mon']);
    assert.equal(await mon.end('SIGTERM'), 143);
  });
});
