// `mon test promql`: what it prints, its exit codes and its JUnit report. Whole output of the real
// binary.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { freshHome, runCli } from '../support/run-cli.ts';

const GOOD = `
load 1m
  m{a="b"} 1 2 3

eval instant at 1m m
  m{a="b"} 2

eval range from 0 to 2m step 1m m * 2
  {a="b"} 2 4 6
`;

function write(name: string, text: string): string {
  const path = join(freshHome(), name);
  writeFileSync(path, text);
  return path;
}

it('passes', async () => {
  const path = write('good.test', GOOD);
  const done = await runCli(['test', 'promql', path]);
  assert.deepEqual(done, { stdout: '2 passed, 0 failed\n', stderr: '', code: 0 });
});

it('tells what failed and exits with 3', async () => {
  const bad = write('bad.test', `${GOOD}\neval instant at 0 m\n  m{a="<&>"} 1\n`);
  const good = write('good.test', GOOD);
  const junit = join(freshHome(), 'report.xml');
  const { stdout, stderr, code } = await runCli(['test', 'promql', good, bad, '--junit', junit]);
  const why = 'no series {__name__="m", a="<&>"}; got {__name__="m", a="b"} 1';
  const wanted = `${bad}:11: eval instant at 0 m\n    ${why}\n4 passed, 1 failed\n`;
  assert.deepEqual({ stdout, stderr, code }, { stdout: wanted, stderr: '', code: 3 });
  const xml = readFileSync(junit, 'utf8');
  assert.match(xml, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites>\n/);
  assert.match(xml, /<testsuite name="[^"]*good\.test" tests="2" failures="0" errors="0"/);
  assert.match(xml, /<testsuite name="[^"]*bad\.test" tests="3" failures="1" errors="0"/);
  assert.match(xml, /<failure message="no series .*a=&quot;&lt;&amp;&gt;&quot;.*"\/>/);
});

it('refuses a script with a mistake, with its line and exit code 2', async () => {
  const path = write('broken.test', `${GOOD}\nevil instant at 0 m\n`);
  const { stdout, stderr, code } = await runCli(['test', 'promql', path]);
  const wanted = `error: ${path}:11: no command: evil instant at 0 m\n`;
  assert.deepEqual([stdout, stderr, code], ['', wanted, 2]);
  const missing = await runCli(['test', 'promql', '/nosuch.test']);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /cannot read \/nosuch\.test/);
  assert.equal((await runCli(['test', 'promql'])).code, 2);
});
