// `mon up` over three real brokers: one killed, two killed, all paused, and the server itself
// killed while writes go on. Nothing acknowledged is lost and nothing is there twice; the spool
// takes what Kafka does not, up to its bound.
import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { WRITE_HEADERS, writeRequestBody } from '../support/write-request.ts';
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

  it('drains what a killed server has left in its spool', async () => {
    await one.round(async (_, mon) => {
      for (const { id } of kafka.brokers) kafka.pauseBroker(id);
      await pause(4000);
      await mon.end('SIGKILL');
      for (const { id } of kafka.brokers) kafka.resumeBroker(id);
    });
  });

  it('answers 429 with Retry-After when its spool is full, and goes on after that', async () => {
    const small = await KafkaLedger.make(kafka, 2, '1MB');
    try {
      await small.round(async (_, mon) => {
        for (const { id } of kafka.brokers) kafka.pauseBroker(id);
        const refused = await untilRefused(mon.url);
        for (const { id } of kafka.brokers) kafka.resumeBroker(id);
        assert.equal(refused.status, 429);
        assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
        assert.match(await refused.text(), /spool on disk is full/);
      });
      const taken = await small.round(() => pause(500));
      assert.ok(taken > 0, 'writes go on');
    } finally {
      await small.remove();
    }
  });

  it('loses nothing when the server is killed', async () => {
    for (let i = 0; i < 2; i++) {
      await one.round(async (_, mon) => void (await mon.end('SIGKILL')));
    }
  });
});

/** Pushes large bodies until one is refused; the answer of that one. */
async function untilRefused(url: string): Promise<Response> {
  const series = Array.from({ length: 2000 }, (_, s) => ({
    labels: { __name__: 'filler', series: `filler-${s}`, padding: 'x'.repeat(100) },
    samples: [{ timestamp: Date.now(), value: s }],
  }));
  const body = new Uint8Array(writeRequestBody(series));
  for (let i = 0; i < 500; i++) {
    const request = { method: 'POST', headers: WRITE_HEADERS, body };
    const answer = await fetch(`${url}/api/v1/write`, request);
    if (!answer.ok) return answer;
    await answer.arrayBuffer();
  }
  throw new Error('nothing was refused');
}
