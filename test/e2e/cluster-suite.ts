// The end-to-end suite of the one-process form once more, on a cluster: the same files, run with
// the form in their environment.
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { runToEnd } from '../support/program.ts';
import { projectRoot } from '../support/project.ts';

const SUITE_MS_MAX = 180;

/** Runs a file of this folder on a cluster; fails with what it printed. */
export async function onCluster(name: string): Promise<void> {
  const file = join(projectRoot, 'dist', 'test', 'e2e', `${name}.test.js`);
  const env = ['env', '-u', 'NODE_TEST_CONTEXT', 'MON_TEST_FORM=cluster'];
  const node = [process.execPath, '--test', '--test-reporter=tap', file];
  const said = await runToEnd('timeout', [`${SUITE_MS_MAX}`, ...env, ...node]);
  assert.equal(said.code, 0, `${name} on a cluster:\n${said.stdout}\n${said.stderr}`);
}
