// The log over one real broker, beyond the contract: retention that passes a reader, definitions
// from before a reader's start, several producers in one partition, every compression in both
// directions, the lag of groups, and a spool that outlives the process.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { clusterFor } from '../../../src/engine/bridge/kafka-access.ts';
import { CODEC } from '../../../src/engine/bridge/kafka-codecs.ts';
import type { CodecName } from '../../../src/engine/bridge/kafka-codecs.ts';
import { KafkaLog } from '../../../src/engine/bridge/kafka-log.ts';
import type { KafkaLogOptions } from '../../../src/engine/bridge/kafka-log.ts';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { Head } from '../../../src/engine/head/head.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { HEAD_EPOCHS_MAX } from '../../../src/engine/limits.ts';
import { batchEncoder } from '../../../src/engine/log/record-encoder.ts';
import type { Delivery, LogReader } from '../../../src/engine/ports.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { failsWith, put } from '../../contract/log-promise.ts';
import { KafkaCluster } from '../../kafka/cluster.ts';
import { lacksKafka } from '../../kafka/jars.ts';
import { accessTo, freshTopic } from '../../kafka/topic.ts';
import { plainBatch, plainEncoder, plainRecord } from '../../support/plain-records.ts';

const SEED = 11;
const skip = lacksKafka();

describe('the log over one broker', { skip }, () => {
  let kafka: KafkaCluster;
  before(async () => {
    kafka = await KafkaCluster.start({ brokers: 1 });
  });
  after(async () => {
    await kafka?.stop();
  });

  const open = (topic: string, more: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> => {
    const access = accessTo(kafka);
    return KafkaLog.open({
      ...{ access, topic, clock: systemClock, encoder: () => plainEncoder() },
      ...more,
    });
  };

  /** Makes the topic begin at an offset, as retention does. */
  const forget = async (topic: string, partition: number, offset: number): Promise<void> => {
    const cluster = clusterFor(accessTo(kafka), 10_000);
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    const broker = await cluster.findControllerBroker();
    const partitions = [{ partition, offset: String(offset) }];
    await broker.deleteRecords({ topics: [{ topic, partitions }] });
    await cluster.disconnect();
  };

  const records = async (reader: LogReader, count: number): Promise<Delivery[]> => {
    const got: Delivery[] = [];
    while (got.filter((one) => !one.definitionsOnly).length < count) {
      got.push(...(await reader.next()));
    }
    return got;
  };

  it('refuses a start that retention has passed, and reads on behind it', async () => {
    const topic = await freshTopic(kafka, 1);
    const log = await open(topic);
    for (let i = 0; i < 6; i++) await put(log, 0, i);
    await forget(topic, 0, 4);
    await failsWith('MON_LOG_OFFSET_GONE', log.read('old', new Map([[0, 3]])));
    assert.equal(await log.start(0), 4);
    const reader = await log.read('new', new Map([[0, 4]]));
    await records(reader, 2);
    await reader.close();
    await log.close();
  });

  it('passes over records whose definitions retention has cut off', async () => {
    const topic = await freshTopic(kafka, 1);
    const log = await open(topic);
    for (let i = 0; i < 4; i++) await put(log, 0, i);
    await forget(topic, 0, 2);
    await log.close();
    const again = await open(topic);
    await put(again, 0, 4);
    const reader = await again.read('edge', new Map([[0, 2]]));
    const got = await records(reader, 3);
    assert.deepEqual(
      got.map(({ offset, definitionsOnly }) => [offset, definitionsOnly]),
      [
        [2, false],
        [3, false],
        [4, false],
      ],
    );
    assert.equal(again.counts.lost, 2);
    assert.equal(plainRecord(got[2].bytes).number, 4);
    await reader.close();
    await again.close();
  });

  it('has every series defined, wherever a reader begins and whoever wrote', async () => {
    const topic = await freshTopic(kafka, 1);
    const random = seededRandom(SEED);
    const writers = await Promise.all([0, 1, 2].map((n) => realWriter(open, topic, n)));
    let samples = 0;
    for (let i = 0; i < 60; i++) {
      const writer = writers[Math.floor(random() * writers.length)];
      samples += await writer.write(i, 1 + Math.floor(random() * 20));
    }
    const [{ log }] = writers;
    const end = await log.end(0);
    let whole: number | undefined;
    for (const from of [0, 1, Math.floor(random() * end), Math.floor(random() * end)]) {
      const kernels = new Kernels();
      const head = new Head(kernels, { partition: 0, epochs: HEAD_EPOCHS_MAX });
      const reader = await log.read(`from ${from}`, new Map([[0, from]]));
      let accepted = 0;
      for (const one of await records(reader, end - from)) {
        accepted += head.apply(one.bytes, one.definitionsOnly).accepted;
      }
      whole ??= accepted;
      assert.ok(accepted > 0 && accepted <= samples, `seed ${SEED}, from ${from}`);
      await reader.close();
    }
    assert.equal(whole, samples, `seed ${SEED}`);
    await Promise.all(writers.map((writer) => writer.log.close()));
  });

  it('reads what Java packed, and Java reads what it packed', async () => {
    const names = Object.keys(CODEC) as CodecName[];
    for (const [i, mine] of names.entries()) {
      // The broker unpacks each batch and packs it anew as its topic is set.
      const java = names[(i + 1) % names.length];
      const setting = { 'compression.type': java === 'none' ? 'uncompressed' : java };
      const log = await open(await freshTopic(kafka, 1, setting), { compression: mine });
      const batches = Array.from({ length: 500 }, (_, n) => plainBatch(0, n));
      await log.append(batches);
      const reader = await log.read('packed', new Map([[0, 0]]));
      const got = await records(reader, batches.length);
      const numbers = got.map(({ bytes }) => plainRecord(bytes).number);
      assert.deepEqual(numbers, [...batches.keys()], `${mine} to ${java}`);
      await reader.close();
      await log.close();
    }
  });

  it('tells how far its groups are behind, also to Kafka', async () => {
    const topic = await freshTopic(kafka, 2);
    const log = await open(topic);
    for (let i = 0; i < 5; i++) await put(log, i % 2, i);
    const reader = await log.read('store', new Map([0, 1].map((p) => [p, 0])));
    assert.deepEqual(await log.lag(), [
      { group: 'tsdb-writers', partition: 0, records: 3 },
      { group: 'tsdb-writers', partition: 1, records: 2 },
    ]);
    await records(reader, 5);
    await put(log, 0, 6);
    await reader.close();
    await log.close();
    const other = await open(topic);
    const lags = await other.lag(['store']);
    const behind = lags.map(({ partition, records: n }) => [partition, n]);
    assert.deepEqual(behind, [
      [0, 1],
      [1, 0],
    ]);
    await other.close();
  });

  it('says in one line what is wrong with a topic or a broker', async () => {
    await assert.rejects(open('no.such.topic'), /has no topic no\.such\.topic/);
    const nobody = { brokers: ['127.0.0.1:1'] };
    await failsWith('MON_SERVER_UNREACHABLE', open('any', { access: nobody }));
  });
});

/** A log with a book and a codec of its own, and a way to write random series. */
async function realWriter(
  open: (topic: string, more: Partial<KafkaLogOptions>) => Promise<KafkaLog>,
  topic: string,
  number: number,
) {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, 1);
  const encoder = batchEncoder(new BatchCodec(kernels), book);
  const log = await open(topic, { encoder: () => encoder });
  return {
    log,
    async write(step: number, count: number): Promise<number> {
      const series = Array.from({ length: count }, (_, i) =>
        book.refOfLabels(['__name__', 'm', 'n', String(i), 'writer', String(number)]),
      );
      const refs = Uint32Array.from(series);
      const timestamps = new Float64Array(count).fill(1_700_000_000_000 + step * 1000);
      const floats = { refs, timestamps, values: new Float64Array(count).fill(step) };
      const receivedMs = 1_700_000_000_000;
      const [answer] = await log.append([{ partition: 0, receivedMs, lateness: 0, floats }]);
      assert.ok('offset' in answer);
      return count;
    },
  };
}
