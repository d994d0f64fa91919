// `mon bench` for a second a part: every figure is measured, the file is one that `mon plan`
// takes, nothing is left running or lying about, also when it is interrupted.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { FIGURE_WORDS, parseFigures } from '../../src/engine/daemons/bench/figures.ts';
import { runCli } from '../support/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'mon-bench-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Folders of servers; Node keeps compiled code there too. */
const leftIn = (path: string): string[] =>
  readdirSync(path).filter((name) => name.startsWith('mon-'));

it('measures every figure but those of Kafka, and plans with them', async () => {
  const own = join(folder, 'tmp');
  mkdirSync(own);
  const env = { TMPDIR: own, XDG_STATE_HOME: join(folder, 'state') };
  const measured = await runCli(['bench', '--seconds', '1', '-o', 'json'], { env });
  assert.equal(measured.code, 0, measured.stderr);
  const { figures } = parseFigures(measured.stdout, 'stdout');
  const wanted = Object.keys(FIGURE_WORDS).filter((name) => !name.startsWith('kafka'));
  assert.deepEqual(Object.keys(figures).toSorted(), wanted.toSorted());
  assert.deepEqual(leftIn(own), [], 'nothing is left');
  const plan = await runCli(['plan', '-o', 'json'], { env });
  assert.equal(plan.code, 0, plan.stderr);
  const told = JSON.parse(plan.stdout) as { borrowed: string[]; figures: { applied: number } };
  assert.deepEqual(told.borrowed, ['kafkaIngest', 'kafkaBytes']);
  assert.equal(told.figures.applied, figures.applied);
});

it('ends what it started when it is interrupted', async () => {
  const own = join(folder, 'stopped');
  mkdirSync(own);
  const { code } = await runCli(['bench', 'query', '--seconds', '30'], {
    env: { TMPDIR: own },
    started: (child) => setTimeout(() => child.kill('SIGINT'), 4000),
  });
  assert.notEqual(code, 0);
  assert.deepEqual(leftIn(own), []);
});
