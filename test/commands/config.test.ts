// `mon config`: the starter, the check with the place of a mistake, and what is in force. Whole
// output of the real binary.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { parse } from 'yaml';
import { freshHome, runCli } from '../support/run-cli.ts';

it('init writes a starter once, and check takes it', async () => {
  const env = { HOME: freshHome() };
  const path = join(env.HOME, '.config/mon/prometheus.yml');
  const wrote = { stdout: '', stderr: `wrote ${path}\n`, code: 0 };
  assert.deepEqual(await runCli(['config', 'init'], { env }), wrote);
  assert.deepEqual(await runCli(['config', 'check'], { env }), {
    stdout: `${path}: all well, 0 scrape jobs\n`,
    stderr: '',
    code: 0,
  });
  assert.deepEqual(await runCli(['config', 'init'], { env }), {
    stdout: '',
    stderr: `error: ${path} is there already\nhint: replace it with --force\n`,
    code: 2,
  });
  assert.equal((await runCli(['config', 'init', '--force'], { env })).code, 0);
  const { stdout } = await runCli(['config', 'init', '-'], { env });
  assert.equal(stdout, readFileSync(path, 'utf8'));
});

it('check shows the place of a mistake', async () => {
  const file = join(freshHome(), 'bad.yml');
  writeFileSync(file, 'global:\n  scrape_intervall: 5s\n');
  const { stdout, stderr, code } = await runCli(['config', 'check', file]);
  assert.equal(stdout, '');
  assert.match(stderr, /^error: .*bad\.yml:2:3: .*scrape_intervall.*\n/);
  assert.match(stderr, /\n.*scrape_intervall: 5s\n +\^+\nhint: .*scrape_interval/);
  assert.equal(code, 2);
  const missing = await runCli(['config', 'check', '/nosuch.yml']);
  assert.equal(missing.stderr, 'error: cannot read /nosuch.yml: not there\nhint: check the path\n');
  assert.equal(missing.code, 2);
});

it('show fills in the defaults', async () => {
  const file = join(freshHome(), 'a.yml');
  writeFileSync(file, "scrape_configs: [{job_name: a, static_configs: [{targets: ['b:1']}]}]\n");
  const { stdout, stderr, code } = await runCli(['config', 'show', file]);
  assert.deepEqual([stderr, code], ['', 0]);
  assert.equal(parse(stdout).scrape_configs[0].scrape_interval, '10s');
  const none = await runCli(['config', 'show'], { env: { HOME: freshHome() } });
  assert.equal(none.code, 0);
  assert.match(none.stdout, /listen: /);
});
