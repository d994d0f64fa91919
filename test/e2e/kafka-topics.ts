// Topics for one test, made by `mon kafka init`, as lines of a configuration. Easy to get wrong:
// all tests share the brokers, so that each has topics of its own; and a cluster that has just
// begun may not know all of its brokers yet.
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { runCli } from '../support/run-cli.ts';

export interface TopicWish {
  readonly bootstrap: string;
  /** As many as there are brokers. */
  readonly replication: number;
  readonly partitions?: number;
  /** Brokers as the processes are to know them; `bootstrap` by default. */
  readonly brokers?: string | undefined;
  readonly spoolSize?: string | undefined;
}

const TRIES = 20;
const TRY_MS = 500;

let topics = 0;

/** The value of `kafka:` in a configuration. */
export async function freshTopics(wish: TopicWish): Promise<string> {
  const name = `form.${process.pid}.${++topics}`;
  const names = ['--topic', name, '--alerts-topic', `${name}.alerts`];
  const size = ['--partitions', `${wish.partitions ?? 6}`, '--replication', `${wish.replication}`];
  const init = ['kafka', 'init', '--brokers', wish.bootstrap, ...names, ...size];
  let made = await runCli(init);
  for (let i = 0; made.code !== 0 && i < TRIES; i++) {
    await pause(TRY_MS);
    made = await runCli(init);
  }
  assert.equal(made.code, 0, made.stdout + made.stderr);
  const spool = wish.spoolSize === undefined ? '' : `, spool_size: ${wish.spoolSize}`;
  const brokers = wish.brokers ?? wish.bootstrap;
  return `{brokers: "${brokers}", topic: ${name}, alerts_topic: ${name}.alerts${spool}}`;
}
