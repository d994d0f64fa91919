// The log over Kafka held to the contract of every log, on real Kafka of one and of three brokers.
// Kafka's retention goes by time and asks no reader, so the promises that need it to expire are not
// tried here; kafka-log.test.ts has what Kafka does instead.
import { after, describe, it } from 'node:test';
import { KafkaLog } from '../../../src/engine/bridge/kafka-log.ts';
import type { Log } from '../../../src/engine/ports.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { CONTRACT_PARTITIONS } from '../../contract/log-promise.ts';
import type { LogUnderTest } from '../../contract/log-promise.ts';
import { logContract } from '../../contract/log.contract.ts';
import { KafkaCluster } from '../../kafka/cluster.ts';
import { lacksKafka } from '../../kafka/jars.ts';
import { accessTo, freshTopic } from '../../kafka/topic.ts';
import { REFUSED, plainBatch, plainEncoder, plainRecord } from '../../support/plain-records.ts';

const ROLL_RECORDS = 60;
const PADDING_BYTES = 100_000;
/** Less than the default: a test waits for it. */
const GIVE_UP_MS = 5_000;

function open(kafka: KafkaCluster, topic: string, partitions: number): Promise<KafkaLog> {
  return KafkaLog.open({
    access: accessTo(kafka),
    topic,
    partitions,
    clock: systemClock,
    giveUpMs: GIVE_UP_MS,
    encoder: () => plainEncoder((n) => (n > 0 && n <= ROLL_RECORDS ? PADDING_BYTES : 0)),
  });
}

async function roll(log: Log, from: number): Promise<number> {
  for (let i = 0; i < ROLL_RECORDS; i += 5) {
    const batches = [0, 1, 2, 3, 4].map((k) => plainBatch(k % CONTRACT_PARTITIONS, from + i + k));
    await log.append(batches);
  }
  return ROLL_RECORDS;
}

async function underTest(kafka: KafkaCluster): Promise<LogUnderTest> {
  const topic = await freshTopic(kafka, CONTRACT_PARTITIONS);
  let log = await open(kafka, topic, CONTRACT_PARTITIONS);
  return {
    log,
    async reopen(partitions = CONTRACT_PARTITIONS) {
      await log.close();
      log = await open(kafka, topic, partitions);
      return log;
    },
    decode: plainRecord,
    refused: (partition) => plainBatch(partition, REFUSED),
    roll,
    async fill() {
      for (const { id } of kafka.brokers) await kafka.killBroker(id);
      const starts = kafka.brokers.map(({ id }) => id);
      return async () => void (await Promise.all(starts.map((id) => kafka.startBroker(id))));
    },
    dispose: () => log.close(),
  };
}

for (const brokers of [1, 3] as const) {
  const why = lacksKafka();
  if (why !== undefined) {
    it.skip(`Kafka with ${brokers} brokers: ${why}`);
    continue;
  }
  describe(`Kafka with ${brokers} brokers`, () => {
    let starting: Promise<KafkaCluster> | undefined;
    logContract(`Kafka, ${brokers} brokers`, async () => {
      starting ??= KafkaCluster.start({ brokers });
      return underTest(await starting);
    });
    after(async () => (await starting)?.stop());
  });
}
