// The end-to-end suite of the one-process form once more, in another form: a cluster of processes,
// and either over real Kafka. The same files, run with the form in their environment.
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { runToEnd } from '../support/program.ts';
import { projectRoot } from '../support/project.ts';
import type { Form } from './form-world.ts';

const SUITE_MS_MAX = 180;

/** Runs a file of this folder on a cluster; fails with what it printed. */
export function onCluster(name: string): Promise<void> {
  return inForm(name, ['MON_TEST_FORM=cluster'], 'a cluster');
}

/** Runs a file over brokers, by one process or by a cluster. */
export function overKafka(name: string, brokers: string, form: Form): Promise<void> {
  const env = [`MON_TEST_BROKERS=${brokers}`];
  if (form === 'a cluster') env.push('MON_TEST_FORM=cluster');
  return inForm(name, env, `${form} over Kafka`);
}

async function inForm(name: string, form: readonly string[], words: string): Promise<void> {
  const file = join(projectRoot, 'dist', 'test', 'e2e', `${name}.test.js`);
  const env = ['env', '-u', 'NODE_TEST_CONTEXT', ...form];
  const node = [process.execPath, '--test', '--test-reporter=tap', file];
  const said = await runToEnd('timeout', [`${SUITE_MS_MAX}`, ...env, ...node]);
  assert.equal(said.code, 0, `${name} on ${words}:\n${said.stdout}\n${said.stderr}`);
}
