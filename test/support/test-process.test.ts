// The process of a test file: what it reports, and that one which hangs ends, with everything that
// it has started. A runner that waits for ever tells nobody which file it waits for.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runTestFile } from './test-process.ts';
import { until } from './until.ts';

const folder = mkdtempSync(join(tmpdir(), 'mon-test-process-'));
after(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly why: string | undefined;
  /** What was reported, a line each. */
  readonly told: readonly string[];
  readonly output: string;
}

async function run(source: string, ms = 60_000): Promise<Ran> {
  const file = join(folder, 'some.test.mjs');
  writeFileSync(file, `import { describe, test } from 'node:test';\n${source}`);
  const told: string[] = [];
  let output = '';
  const why = await runTestFile({
    ...{ file, ms },
    report: (report) => {
      if (report.kind !== 'end') return;
      const { name, skip, failure } = report;
      const text = failure?.text.split('\n')[0];
      told.push([name, skip, text].filter((word) => word !== undefined).join(': '));
    },
    output: (text) => (output += text),
  });
  return { why, told, output };
}

test('tells what passed, failed and was skipped', async () => {
  const { why, told, output } = await run(`
    test('passes', () => console.log('seed 7'));
    test('skips', { skip: 'needs more' }, () => undefined);
    describe('suite', () => test('fails', () => { throw new Error('it broke'); }));`);
  const suite = 'suite: 1 subtest failed';
  assert.deepEqual(told, ['passes', 'skips: needs more', 'fails: Error: it broke', suite]);
  assert.equal(why, undefined, 'the tests have told it');
  assert.equal(output, 'seed 7\n');
});

test('a file that ends before its tests, or by itself with a failure, says so', async () => {
  const early = await run(`test('passes', () => process.exit(3));`);
  assert.equal(early.why, 'ended before its tests did (exit code 3)');
  const broken = await run(`throw new Error('no such thing');`);
  assert.match(broken.why ?? '', /^ended /);
  assert.match(broken.output, /no such thing/);
  const late = await run(`test('passes', () => undefined); process.on('exit', () => {
    process.exitCode = 4; });`);
  assert.equal(late.why, 'ended with exit code 4');
});

test('a file that hangs is killed with all that it has started', async () => {
  const { why, output } = await run(
    `import { spawn } from 'node:child_process';
    process.on('SIGTERM', () => undefined);
    test('waits', () => new Promise(() => {
      const child = spawn('sleep', ['1000'], { stdio: 'inherit' });
      console.log(child.pid);
      setInterval(() => undefined, 1000);
    }));`,
    3000,
  );
  assert.equal(why, 'killed: it had not ended after 3 s');
  const pid = Number(output);
  assert.ok(pid > 0, output);
  await until('the end of what it has started', () => !lives(pid));
});

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
