// The end-to-end suite over real Kafka with one broker and with three, by one process and by a
// cluster. What looks into one process's files or fills its disk is not here.
import { after, before, describe, it } from 'node:test';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { overKafka } from './cluster-suite.ts';

const FILES = ['scrape', 'shell', 'bad-writes', 'native-histograms', 'push-protocols'];
const MORE = ['explain', 'grafana-client', 'read-your-writes', 'sql-agrees'];

for (const brokers of [1, 3] as const) {
  describe(`the suite over ${brokers} of Kafka`, { skip: lacksKafka() }, () => {
    let kafka: KafkaCluster;
    before(async () => {
      kafka = await KafkaCluster.start({ brokers });
    });
    after(() => kafka?.stop());

    for (const form of ['one process', 'a cluster'] as const) {
      for (const name of brokers === 1 ? [...FILES, ...MORE] : FILES) {
        it(`${form}: ${name}`, () => overKafka(name, kafka.bootstrap, form));
      }
    }
  });
}
