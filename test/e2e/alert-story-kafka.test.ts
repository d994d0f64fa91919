// The story of an alert over real Kafka: by one process, and by a cluster without a log of its own.
// Easy to get wrong: all forms share one broker, so that each has topics of its own.
import { after, before, describe, it } from 'node:test';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { alertStory } from './alert-story.ts';

describe('over Kafka', { skip: lacksKafka() }, () => {
  let kafka: KafkaCluster;
  before(async () => {
    kafka = await KafkaCluster.start({ brokers: 1 });
  });
  after(() => kafka?.stop());

  it('one process: one story, four receivers, two kills', (t) =>
    alertStory(t, { form: 'one process', kafka }));

  it('a cluster: the same story; alert, notify, state and a store are killed', (t) =>
    alertStory(t, { form: 'a cluster', kafka }));
});
