// The frame of the command line: help, usage mistakes, signals, old Nodes, what is loaded for a
// query, and that the manifest is fresh. Everything runs the real binary.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startFake } from '../support/fake-prometheus.ts';
import type { FakePrometheus } from '../support/fake-prometheus.ts';
import { projectRoot } from '../support/project.ts';
import { cleanEnv, freshHome, runCli, runShell } from '../support/run-cli.ts';

let fake: FakePrometheus;
before(async () => {
  fake = await startFake();
});
after(async () => await fake.close());

describe('usage', () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['verson'], 'error: unknown command: verson\nhint: did you mean mon version?\n'],
    [['xyzzy'], 'error: unknown command: xyzzy\nhint: mon help\n'],
    [
      ['context', 'ad', 'x'],
      'error: unknown command: context ad x\nhint: did you mean mon context add?\n',
    ],
    [['context', 'add'], 'error: missing: NAME URL\nhint: mon help context add\n'],
    [['agent'], 'error: missing: --to\nhint: mon help agent\n'],
    [
      ['rules', 'check', '/nosuch.yml'],
      'error: cannot read /nosuch.yml: not there\nhint: check the path\n',
    ],
    [
      ['context', 'add', 'a', 'b', 'c'],
      'error: unexpected argument: c\nhint: mon help context add\n',
    ],
    [['version', 'now'], 'error: unexpected argument: now\nhint: mon help version\n'],
    [['help', 'nosuch'], 'error: unknown command: nosuch\nhint: mon help\n'],
    [['nosuch', '--help'], 'error: unknown command: nosuch\nhint: mon help\n'],
    [
      ['query', 'up', '--timeout', 'soon'],
      'error: --timeout soon: not a duration\nhint: write it as 30s, 15m or 1h30m\n',
    ],
    [
      ['completion', 'tcsh'],
      'error: expected tcsh to be one of: bash, zsh, fish\nhint: mon help completion\n',
    ],
    [
      ['query', 'up', '--url', 'a', '--context', 'b'],
      'error: --url and --context both name a server\nhint: give one of them\n',
    ],
    [
      ['query', 'up', '--url', 'ftp://x'],
      'error: not an address of a server: ftp://x\n' +
        'hint: an address looks like http://127.0.0.1:9590\n',
    ],
    [['query', 'up', '--json'], 'error: unknown flag: --json\nhint: mon help query\n'],
    [['push', '--format', 'text'], 'error: the input is empty\nhint: mon help push\n'],
  ];
  for (const [args, stderr] of cases) {
    it(args.join(' '), async () => {
      assert.deepEqual(await runCli(args), { stdout: '', stderr, code: 2 });
    });
  }

  it('help goes to stdout and is no failure', async () => {
    for (const args of [[], ['help'], ['--help'], ['context'], ['help', 'context', 'add']]) {
      const { stdout, stderr, code } = await runCli(args);
      assert.match(stdout, /USAGE\n {2}\$ mon/);
      assert.deepEqual([stderr, code], ['', 0]);
    }
    const same = await runCli(['query', '--help']);
    assert.equal(same.stdout, (await runCli(['help', 'query'])).stdout);
    assert.match((await runCli(['help', 'exit-codes'])).stdout, /\n 124 {2}the time allowed/);
  });

  it('hidden commands are not listed', async () => {
    assert.doesNotMatch((await runCli(['help'])).stdout, /complete /);
  });

  it('the version in every form', async () => {
    const { stdout } = await runCli(['version', '-o', 'json']);
    const [item] = JSON.parse(stdout).items;
    const plain = await runCli(['version']);
    assert.equal(
      plain.stdout,
      `mon ${item.version} (${item.platform}-${item.arch}, node ${process.versions.node})\n`,
    );
    assert.equal((await runCli(['version', '-o', 'value'])).stdout, `${item.version}\n`);
    assert.match((await runCli(['--version'])).stdout, /^mon\/\d/);
  });
});

describe('signals', () => {
  // Interrupts a watch once its first answer has been printed.
  async function interrupted(signals: readonly NodeJS.Signals[], args: readonly string[]) {
    const begun = performance.now();
    const result = await runCli(['query', 'up', '--watch=10m', '-o', 'value', ...args], {
      env: { MON_URL: fake.url },
      started: (child) => void sendAfterOutput(child, signals),
    });
    return { ...result, ms: performance.now() - begun };
  }

  async function sendAfterOutput(child: ChildProcess, signals: readonly NodeJS.Signals[]) {
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    for (const signal of signals) {
      child.kill(signal);
      await pause(100);
    }
  }

  it('the first one ends a watch with its code and nothing on stderr', async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      const { stdout, stderr, code: got } = await interrupted([signal], []);
      assert.deepEqual({ stdout, stderr, got }, { stdout: '1\n0\n', stderr: '', got: code });
    }
  });

  it('a request under way is given up', async () => {
    const result = await runCli(['query', 'slow'], {
      env: { MON_URL: fake.url },
      started: (child) => {
        const asked = fake.requests.length;
        const look = setInterval(() => {
          if (fake.requests.length === asked) return;
          clearInterval(look);
          child.kill('SIGINT');
        }, 5);
      },
    });
    assert.deepEqual(result, { stdout: '', stderr: '', code: 130 });
  });

  it('clean-up runs at the first one, and the second leaves at once', async () => {
    const script = join(freshHome(), 'drain.mjs');
    const base = JSON.stringify(join(projectRoot, 'dist/src/cli/interrupts.js'));
    writeFileSync(
      script,
      `import { watchInterrupts } from ${base};
       const { signal, code } = watchInterrupts(process, () => performance.now(), process.exit);
       signal.addEventListener('abort', () => {
         console.log('clean-up ' + code());
         setTimeout(() => { console.log('never'); process.exit(code()); }, 20_000);
       });
       setInterval(() => {}, 1000);
       console.log('ready');`,
    );
    const { stdout, code } = await runShell(`exec "${process.execPath}" "${script}"`, {
      started: (child) => void sendAfterOutput(child, ['SIGINT', 'SIGTERM']),
    });
    assert.deepEqual({ stdout, code }, { stdout: 'ready\nclean-up 130\n', code: 143 });
  });

  it('a watch that is piped appends, and lives through an outage', async () => {
    const own = await startFake();
    const { stdout, stderr, code } = await runCli(['query', 'up', '--watch=100ms', '-o', 'value'], {
      env: { MON_URL: own.url },
      started: (child) => {
        child.stdout?.once(
          'data',
          () =>
            void own
              .close()
              .then(() => pause(400))
              .then(() => child.kill('SIGINT')),
        );
      },
    });
    assert.match(stdout, /^1\n0\n/);
    assert.match(stderr, /^error: cannot reach .*\n/);
    assert.equal(code, 130);
  });

  it('--timeout ends a watch with 124', async () => {
    const args = ['query', 'up', '--watch=5s', '--timeout', '400ms', '-o', 'value'];
    const { stdout, stderr, code } = await runCli(args, { env: { MON_URL: fake.url } });
    assert.equal(stdout, '1\n0\n');
    assert.equal(stderr, 'error: no end after 400ms\nhint: allow more time with --timeout\n');
    assert.equal(code, 124);
  });
});

describe('bugs', () => {
  // Breaks something inside the process before mon starts.
  async function broken(code: string) {
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(code)}`;
    return await runCli(['query', 'up'], { env: { MON_URL: fake.url, NODE_OPTIONS } });
  }

  it('say BUG, show the stack and exit with 70', async () => {
    for (const code of [
      'globalThis.URLSearchParams = function () { throw new TypeError("boom") }',
      'setTimeout(() => { throw new Error("boom") }, 1)',
      'setTimeout(() => { Promise.reject(new Error("boom")) }, 1)',
    ]) {
      const { stdout, stderr, code: exit } = await broken(code);
      assert.match(stderr, /^BUG: \w*Error: boom\n( {4}at .*\n)+hint: please report this.*\n$/);
      assert.deepEqual([stdout, exit], ['', 70]);
    }
  });

  it('a failure that cannot be told does not go round in circles', async () => {
    const { stderr, code } = await broken(`
      globalThis.URLSearchParams = function () { throw new TypeError('first') };
      import module from 'node:module';
      module.registerHooks({ load(url, context, next) {
        if (url.endsWith('/cli/failure-text.js')) throw new Error('second');
        return next(url, context);
      } });`);
    assert.match(stderr, /^BUG: TypeError: first\n[^]*\nwhile telling it: Error: second\n/);
    assert.equal(code, 70);
  });

  it('a process that has nothing left to wait for does not end well', async () => {
    const never = 'import http from "node:http"; http.request = () => ({ on() {}, end() {} })';
    const unref = 'const t = setTimeout; globalThis.setTimeout = (...a) => t(...a).unref()';
    assert.equal((await broken(`${never}; ${unref}`)).code, 70);
  });
});

describe('what is loaded', () => {
  const HEAVY = /node_modules\/(react|ink|blessed|kafkajs|@duckdb|@lezer|yaml|semver)\b|undici/;

  it('a query loads no screen, no broker, no grammar', async () => {
    const list = join(freshHome(), 'list.mjs');
    writeFileSync(
      list,
      `import module from 'node:module';
       import { writeSync } from 'node:fs';
       const seen = [];
       const load = (url, context, next) => (seen.push(url), next(url, context));
       module.registerHooks({ load });
       process.on('exit', () => writeSync(2, [...seen, ...process.moduleLoadList].join('\\n')));`,
    );
    const env = { MON_URL: fake.url, NODE_OPTIONS: `--import=file://${list}` };
    for (const args of [['query', 'up'], ['version']]) {
      const { stderr, code } = await runCli(args, { env });
      assert.equal(code, 0);
      const loaded = stderr.split('\n');
      assert.ok(loaded.some((url) => url.endsWith('dist/src/base-command.js')));
      assert.deepEqual(
        loaded.filter((url) => HEAVY.test(url)),
        [],
      );
    }
  });

  it('the manifest is that of the compiled commands', () => {
    const args = [join(projectRoot, 'scripts/manifest.mjs'), '--check'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
});

describe('the start', () => {
  // A copy of bin/ alone: no dist, no node_modules.
  function bareCopy(): string {
    const root = freshHome();
    cpSync(join(projectRoot, 'bin'), join(root, 'bin'), { recursive: true });
    writeFileSync(join(root, 'package.json'), '{"type":"module"}');
    return root;
  }

  it('a checkout that was not built says so', () => {
    const root = bareCopy();
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'bin/run.js'), 'version'], {
      env: cleanEnv(),
      encoding: 'utf8',
    });
    const missing = join(root, 'dist/src/base-command.js');
    assert.equal(stderr, `error: mon is not built, ${missing} is missing\nhint: npm run build\n`);
    assert.equal(status, 1);
  });

  const old = '/usr/bin/node';
  const version = existsSync(old) ? spawnSync(old, ['--version'], { encoding: 'utf8' }).stdout : '';
  const tooOld = /^v(1[4-9]|20|21)\./.test(version);
  const skip = tooOld ? false : `no old Node at ${old}`;

  it('an old Node hands over to the pinned one', { skip }, () => {
    const run = (...args: string[]) =>
      spawnSync(old, [join(projectRoot, 'bin/run.js'), ...args], {
        env: cleanEnv(),
        encoding: 'utf8',
      });
    const { stdout, status } = run('version', '-o', 'json');
    assert.equal(status, 0);
    assert.match(JSON.parse(stdout).items[0].node, /^2[2-9]\./);
    assert.equal(run('verson').status, 2);
  });

  it('an old Node alone says what is needed', { skip }, () => {
    const root = bareCopy();
    mkdirSync(join(root, 'node_modules'));
    const { stderr, status } = spawnSync(old, [join(root, 'bin/run.js')], { encoding: 'utf8' });
    const is = version.trim().slice(1);
    assert.equal(stderr, `mon needs Node.js 22.15 or later, this is ${is}\n`);
    assert.equal(status, 1);
  });
});
