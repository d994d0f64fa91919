// Topics for one test each, on a cluster that tests share: made with the settings that
// `mon kafka init` gives, under a name of their own.
import { clusterFor } from '../../src/engine/bridge/kafka-access.ts';
import type { KafkaAccess } from '../../src/engine/bridge/kafka-access.ts';
import type { KafkaCluster as Connections } from '../../src/engine/bridge/kafkajs-inside.ts';
import { createTopic, rawSpec } from '../../src/engine/bridge/topics.ts';
import type { KafkaCluster } from './cluster.ts';

let made = 0;

export function accessTo(kafka: KafkaCluster): KafkaAccess {
  return { brokers: kafka.bootstrap.split(',') };
}

/** Makes a topic that no other test uses and answers its base name. */
export async function freshTopic(
  kafka: KafkaCluster,
  partitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const name = `test.${process.pid}.${++made}`;
  const spec = rawSpec({ raw: name, partitions, replication: kafka.brokers.length });
  const cluster = clusterFor(accessTo(kafka), 10_000);
  try {
    await cluster.connect();
    // A cluster that has just begun may not know all of its brokers yet.
    for (let i = 1; ; i++) {
      try {
        await createTopic(cluster, { ...spec, settings: { ...spec.settings, ...settings } });
        break;
      } catch (thrown) {
        if (i >= 50) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    for (const { id } of kafka.brokers) await untilShown(cluster, id, name);
  } finally {
    await cluster.disconnect();
  }
  return name;
}

/** Waits until a broker knows leaders of all partitions: each learns of a topic on its own. */
async function untilShown(cluster: Connections, nodeId: number, name: string): Promise<void> {
  for (let i = 1; ; i++) {
    try {
      await cluster.refreshMetadata();
      const broker = await cluster.findBroker({ nodeId });
      const { topicMetadata } = await broker.metadata([name]);
      const leaders = topicMetadata.flatMap((one) => one.partitionMetadata);
      if (leaders.length > 0 && leaders.every(({ leader }) => leader >= 0)) return;
    } catch (thrown) {
      if (i >= 100) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
