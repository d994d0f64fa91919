// A part of the end-to-end suite over one real broker: what needs few seconds there. The long suite
// runs the rest, and all of it over three.
import { after, before, describe, it } from 'node:test';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { overKafka } from './cluster-suite.ts';

describe('the suite over Kafka', { skip: lacksKafka() }, () => {
  let kafka: KafkaCluster;
  before(async () => {
    kafka = await KafkaCluster.start({ brokers: 1 });
  });
  after(() => kafka?.stop());

  for (const form of ['one process', 'a cluster'] as const) {
    it(`${form}: bad-writes`, () => overKafka('bad-writes', kafka.bootstrap, form));
  }
});
