// `mon up` over three real brokers: one killed, two killed, all paused, and the server itself
// killed while writes go on. Nothing acknowledged is lost and nothing is there twice; the spool
// takes what Kafka does not, up to its bound.
import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { KafkaLedger } from './kafka-ledger.ts';

const skip = lacksKafka();

describe('over three brokers of Kafka', { skip }, () => {
  let kafka: KafkaCluster;
  let one: KafkaLedger;
  before(async () => {
    kafka = await KafkaCluster.start({ brokers: 3 });
    one = await KafkaLedger.make(kafka, 1);
  });
  after(async () => {
    await one?.remove();
    await kafka?.stop();
  });

  it('loses nothing when a broker is killed and comes back', async () => {
    const taken = await one.round(async () => {
      await kafka.killBroker(1);
      await pause(3000);
      await kafka.startBroker(1);
    });
    assert.ok(taken > 0, 'writes went on');
  });

  it('takes into its spool while two of three are killed', async () => {
    const taken = await one.round(async () => {
      await Promise.all([kafka.killBroker(2), kafka.killBroker(3)]);
      await pause(5000);
      await Promise.all([kafka.startBroker(2), kafka.startBroker(3)]);
    });
    assert.ok(taken > 0, 'writes went on');
    assert.ok((await one.figure('mon_kafka_spooled_total')) > 0, 'the spool was used');
  });

  it('takes into its spool while all are paused', async () => {
    const before = await one.figure('mon_kafka_spooled_total');
    await one.round(async () => {
      for (const { id } of kafka.brokers) kafka.pauseBroker(id);
      await pause(5000);
      for (const { id } of kafka.brokers) kafka.resumeBroker(id);
    });
    assert.ok((await one.figure('mon_kafka_spooled_total')) > before, 'the spool was used');
  });

  it('loses nothing when the server is killed', async () => {
    for (let i = 0; i < 2; i++) {
      await one.round(async (_, mon) => void (await mon.end('SIGKILL')));
    }
  });
});
