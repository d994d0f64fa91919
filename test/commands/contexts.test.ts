// Which server is asked: flags beat the environment, the environment beats the current context. And
// the file of contexts, as `mon context` writes it and as people write it.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startFake } from '../support/fake-prometheus.ts';
import type { FakePrometheus } from '../support/fake-prometheus.ts';
import { freshHome, runCli } from '../support/run-cli.ts';

let [one, two, three]: FakePrometheus[] = [];
before(async () => {
  [one, two, three] = await Promise.all([startFake(), startFake(), startFake()]);
});
after(async () => {
  await Promise.all([one, two, three].map((fake) => fake.close()));
});

function worldOf(home: string) {
  const env = { HOME: home };
  const file = join(home, '.config/mon/config.yaml');
  return {
    file,
    run: (args: readonly string[], more = {}) => runCli(args, { env: { ...env, ...more } }),
  };
}

/** The server that was asked by the last run. */
function asked(run: () => Promise<unknown>): Promise<string[]> {
  const all = { one, two, three };
  const counts = Object.entries(all).map(([name, fake]) => [name, fake.requests.length] as const);
  return run().then(() =>
    counts
      .filter(([name, count]) => all[name as keyof typeof all].requests.length > count)
      .map(([name]) => name),
  );
}

describe('contexts', () => {
  it('are added, used, listed and removed', async () => {
    const { run, file } = worldOf(freshHome());
    const quiet = { stdout: '', stderr: '', code: 0 };
    assert.deepEqual(await run(['context', 'list', '-o', 'value']), quiet);
    assert.deepEqual(await run(['context', 'add', 'one', `${one.url}/`]), quiet);
    assert.deepEqual(
      await run(['context', 'add', 'two', 'localhost:9/x/', '--token-file', '/t']),
      quiet,
    );
    const text =
      `contexts:\n  - name: one\n    url: ${one.url}\n` +
      `  - name: two\n    url: http://localhost:9/x\n    token_file: /t\ncurrent-context: one\n`;
    assert.equal(readFileSync(file, 'utf8'), text);
    assert.equal(
      (await run(['context', 'list', '-o', 'csv'])).stdout,
      `current,name,url,tokenFile,caFile\ntrue,one,${one.url},,\n` +
        'false,two,http://localhost:9/x,/t,\n',
    );
    assert.deepEqual(await run(['context', 'use', 'two']), quiet);
    assert.match(readFileSync(file, 'utf8'), /current-context: two\n/);
    assert.deepEqual(await run(['context', 'use', 'tow']), {
      stdout: '',
      stderr: 'error: no context tow\nhint: did you mean two?\n',
      code: 2,
    });
    assert.deepEqual(await run(['context', 'remove', 'two']), quiet);
    assert.equal(readFileSync(file, 'utf8').includes('current-context'), false);
  });

  it('keep what people wrote into the file', async () => {
    const { run, file } = worldOf(freshHome());
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, '# mine\ntheme: dark # of course\ncontexts: []\n');
    assert.equal((await run(['context', 'add', 'one', one.url])).code, 0);
    const text = readFileSync(file, 'utf8');
    assert.match(text, /^# mine\ntheme: dark # of course\n/);
  });

  it('a broken file is named and fails with 2', async () => {
    const { run, file } = worldOf(freshHome());
    mkdirSync(join(file, '..'), { recursive: true });
    for (const [text, why] of [
      ['contexts: 3', 'contexts has to be a list'],
      ['contexts: [3]', 'contexts[0] has to be a map'],
      ['contexts: [{name: a}]', 'contexts[0].url has to be a text'],
      ['- 1', 'it has to be a map with the key contexts'],
    ]) {
      writeFileSync(file, text);
      const { stderr, code } = await run(['query', 'up']);
      const hint = 'mend the file, or remove it and use mon context add NAME URL';
      assert.equal(stderr, `error: ${file}: ${why}\nhint: ${hint}\n`);
      assert.equal(code, 2);
    }
    writeFileSync(file, 'a: [');
    const { stderr, code } = await run(['query', 'up']);
    assert.match(stderr, /^error: .*config\.yaml: .*line 1.*\nhint: mend .*\n$/);
    assert.equal(code, 2);
  });

  it('an address with a password is refused', async () => {
    const { run } = worldOf(freshHome());
    const { stderr, code } = await run(['query', 'up', '--url', 'http://me:secret@host']);
    assert.equal(code, 2);
    assert.equal(stderr.includes('secret'), false);
  });
});

describe('precedence', () => {
  it('flag, environment, current context', async () => {
    const { run } = worldOf(freshHome());
    await run(['context', 'add', 'one', one.url]);
    await run(['context', 'add', 'two', two.url]);
    const q = ['query', 'up'];
    const url = { MON_URL: three.url };
    const context = { MON_CONTEXT: 'two' };
    assert.deepEqual(await asked(() => run(q)), ['one']);
    assert.deepEqual(await asked(() => run(q, context)), ['two']);
    assert.deepEqual(await asked(() => run(q, url)), ['three']);
    assert.deepEqual(await asked(() => run(q, { ...url, ...context })), ['three']);
    assert.deepEqual(await asked(() => run([...q, '--context', 'two'], url)), ['two']);
    assert.deepEqual(await asked(() => run([...q, '--url', two.url], url)), ['two']);
    assert.deepEqual(await asked(() => run(q, { MON_URL: '', MON_CONTEXT: '' })), ['one']);
  });

  it('XDG_CONFIG_HOME counts when it is absolute', async () => {
    const home = freshHome();
    const { run } = worldOf(home);
    const xdg = { XDG_CONFIG_HOME: join(home, 'xdg') };
    await run(['context', 'add', 'two', two.url], xdg);
    await run(['context', 'add', 'one', one.url]);
    assert.deepEqual(await asked(() => run(['query', 'up'], xdg)), ['two']);
    const relative = { XDG_CONFIG_HOME: 'xdg' };
    assert.deepEqual(await asked(() => run(['query', 'up'], relative)), ['one']);
  });

  it('the token of a context goes to its own address only', async () => {
    const home = freshHome();
    const { run } = worldOf(home);
    const token = join(home, 'token');
    writeFileSync(token, 'sesame');
    await run(['context', 'add', 'one', one.url, '--token-file', token]);
    await run(['query', 'up']);
    assert.equal(one.requests.at(-1)?.headers.authorization, 'Bearer sesame');
    await run(['query', 'up', '--url', two.url]);
    assert.equal(two.requests.at(-1)?.headers.authorization, undefined);
    await run(['query', 'up'], { MON_URL: three.url });
    assert.equal(three.requests.at(-1)?.headers.authorization, undefined);
  });
});
