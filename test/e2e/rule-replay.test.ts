// A replay of rules on the embedded log, as one process and as a cluster, and by a cluster over
// Kafka.
import { after, before, describe, test } from 'node:test';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { ruleReplay } from './rule-replay.ts';

test('one process: rules are computed anew', () => ruleReplay({ form: 'one process' }));

test('a cluster: rules are computed anew', () => ruleReplay({ form: 'a cluster' }));

describe('over Kafka', { skip: lacksKafka() }, () => {
  let kafka: KafkaCluster;
  before(async () => {
    kafka = await KafkaCluster.start({ brokers: 1 });
  });
  after(() => kafka?.stop());

  test('a cluster: rules are computed anew', () => ruleReplay({ form: 'a cluster', kafka }));
});
