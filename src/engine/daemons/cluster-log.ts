// The log as the roles of a cluster see it: the one place that decides which log that is: the
// process `log` over a socket, or the topics of Kafka. Easy to get wrong: offsets of all partitions
// are asked for with every query, so they have to be one question and not one for each partition.
import { alertEncoder } from '../codec/alert-record.ts';
import { HEAD_EPOCHS_MAX } from '../limits.ts';
import { KAFKA_RECORD_BYTES } from '../limits-links.ts';
import { RemoteLog } from '../remote/log-client.ts';
import type { ClusterLog, ClusterLogOptions } from './cluster-log-port.ts';
import type { RoleWorld } from './role-frame.ts';

/** @throws MonError when the log does not answer in time. */
export async function openClusterLog(
  world: RoleWorld,
  options: ClusterLogOptions = {},
): Promise<ClusterLog> {
  const { clock } = world;
  const { kafka } = world.options.settings;
  if (kafka !== undefined) {
    // kafkajs is loaded only where somebody wants it.
    const { openClusterKafka } = await import('./cluster-kafka.ts');
    return openClusterKafka(world, kafka, options);
  }
  const { encoder, waitMs } = options;
  return RemoteLog.open({ link: world.hub('log', waitMs), clock, ...(encoder && { encoder }) });
}

/** The log of alerts, to write and to read. @throws as openClusterLog(). */
export async function openAlertLog(world: RoleWorld): Promise<ClusterLog> {
  const { clock } = world;
  const { kafka } = world.options.settings;
  if (kafka !== undefined) {
    const { openAlertTopic } = await import('./cluster-kafka.ts');
    return openAlertTopic(world, kafka);
  }
  return RemoteLog.open({ link: world.hub('alerts'), clock, encoder: alertEncoder });
}

/** What differs where every producer writes by itself instead of through one process. */
export function logTraits(world: RoleWorld): {
  /** Producers that write into a partition at once; undefined for one. */
  readonly epochs?: number;
  readonly doorLimits: { readonly recordBytes?: number };
} {
  if (world.options.settings.kafka === undefined) return { doorLimits: {} };
  return { epochs: HEAD_EPOCHS_MAX, doorLimits: { recordBytes: KAFKA_RECORD_BYTES } };
}
