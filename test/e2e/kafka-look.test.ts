// What `mon up` says of Kafka before it starts anything, as one process and as a cluster: brokers
// that are none, topics that are not there or otherwise than they have to be. One line, what was
// expected, and the command that mends it; and no process that ends again and again.
import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { freshTopic } from '../kafka/topic.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import { runCli } from '../support/run-cli.ts';

let kafka: KafkaCluster;
let folder: string;
let made = 0;

async function configOf(fields: string): Promise<string> {
  const path = join(folder, `mon-${++made}.yml`);
  const kafkaFields = `{brokers: ['${kafka.bootstrap}'], ${fields}}`;
  const mon = `mon: {host_agent: false, self_scrape: false, kafka: ${kafkaFields}}\n`;
  await writeFile(path, mon);
  return path;
}

async function refused(args: readonly string[]) {
  const at = ['--data-dir', join(folder, `data-${++made}`), '--listen', '127.0.0.1:0'];
  const done = await runCli(['up', ...at, ...args]);
  assert.equal(done.stdout, '');
  assert.notEqual(done.code, 0);
  return done.stderr;
}

describe('what mon up says of Kafka', { skip: lacksKafka() }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mon-kafka-look-'));
    kafka = await KafkaCluster.start({ brokers: 1 });
  });
  after(async () => {
    await kafka?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  for (const form of [[], ['--cluster']]) {
    const words = form.length === 0 ? 'one process' : 'a cluster';
    it(`${words}: no broker answers`, async () => {
      const why = await refused([...form, '--kafka', '127.0.0.1:1']);
      const error = 'error: no answer from Kafka at 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1';
      const hint = 'hint: is it running? ask it with: mon kafka check --brokers 127.0.0.1:1';
      assert.equal(why, `${error}\n${hint}\n`);
    });

    it(`${words}: no topic`, async () => {
      const why = await refused([...form, '--config', await configOf('topic: nope')]);
      const error = `error: Kafka at ${kafka.bootstrap} has no topic nope`;
      const hint = `hint: make it with: mon kafka init --brokers ${kafka.bootstrap}`;
      assert.equal(why, `${error}\n${hint}\n`);
    });

    it(`${words}: a topic that forgets`, async () => {
      const topic = await freshTopic(kafka, 2, { 'cleanup.policy': 'compact' });
      const why = await refused([...form, '--config', await configOf(`topic: ${topic}`)]);
      const [error, hint, ...rest] = why.split('\n');
      assert.equal(error, `error: topic ${topic} has cleanup.policy=compact, expected delete`);
      const mended = `--entity-name ${topic} --add-config cleanup.policy=delete`;
      assert.ok(hint.startsWith('hint: kafka-configs.sh --bootstrap-server'), hint);
      assert.ok(hint.endsWith(mended), hint);
      assert.deepEqual(rest, ['']);
    });
  }

  topicsThatAreOtherwise();
});

function topicsThatAreOtherwise(): void {
  it('a cluster: no topic of alerts', async () => {
    const topic = await freshTopic(kafka, 2);
    const why = await refused(['--cluster', '--config', await configOf(`topic: ${topic}`)]);
    assert.match(why, /^error: Kafka at .* has no topic alerts\.triggered\nhint: .*kafka init/);
  });

  it('a topic that keeps less than it should is told, and used', async () => {
    const topic = await freshTopic(kafka, 2, { 'retention.ms': '3600000' });
    const config = await configOf(`topic: ${topic}`);
    const dataDir = join(folder, `data-${++made}`);
    const mon = await startMon({ dataDir, port: await freePort(), config });
    try {
      const told = `topic ${topic} has retention.ms=3600000, expected 86400000; mend it with: `;
      assert.ok(mon.output().includes(told), mon.output());
    } finally {
      await mon.end('SIGTERM');
    }
  });

  it('another compression than was asked for is told, and none that nobody asked for', async () => {
    const topic = await freshTopic(kafka, 2);
    const at = ['--brokers', kafka.bootstrap, '--replication', '1', '--topic', topic];
    const check = ['kafka', 'check', ...at, '--partitions', '2', '-o', 'csv'];
    const asked = await runCli([...check, '--compression', 'zstd']);
    assert.match(asked.stdout, /has compression\.type=snappy, expected zstd",?.*kafka-configs/);
    const plain = await runCli(check);
    assert.match(plain.stdout, /,good,/);
    const fewer = await runCli(['kafka', 'init', ...at, '--partitions', '1', '-o', 'csv']);
    assert.equal(fewer.code, 1);
    assert.match(
      fewer.stdout,
      /2 partitions, expected 1",none can be taken away; .*--partitions 2/,
    );
  });
}
