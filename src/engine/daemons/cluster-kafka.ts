// The log of a cluster over Kafka: every role is a client of the brokers by itself, and there is no
// process that owns the log. Wiring only. Easy to get wrong: who acknowledges samples needs a spool
// of its own on its own disk, and only one process may use that folder.
import { join } from 'node:path';
import { KafkaLog } from '../bridge/kafka-log.ts';
import type { Spool } from '../bridge/spill.ts';
import { alertEncoder } from '../codec/alert-record.ts';
import type { MonError } from '../errors.ts';
import { lockFolder } from '../runtime/folder-lock.ts';
import { makeFolderNow } from '../runtime/make-folder.ts';
import { SqliteState } from '../runtime/state-sqlite.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { ALERTS_TOPIC } from '../bridge/topics.ts';
import type { ClusterLog, ClusterLogOptions } from './cluster-log-port.ts';
import { kafkaAccess } from './config-kafka.ts';
import type { KafkaSettings } from './config-kafka.ts';
import { openSpool, showKafka, showLag } from './kafka-wiring.ts';
import { Beats } from './beats.ts';
import type { RoleWorld } from './role-frame.ts';

const LAG_MS = 10_000;

/** Opens the topic of samples. @throws UserError, MonError. */
export async function openClusterKafka(
  world: RoleWorld,
  settings: KafkaSettings,
  { encoder, spool = false, reader }: ClusterLogOptions,
): Promise<ClusterLog> {
  const { clock, counters, services, options } = world;
  const access = await kafkaAccess(settings, systemDisk);
  const log = await KafkaLog.open({
    ...{ access, clock, topic: settings.topic, partitions: settings.partitions },
    encoder: () => encoder ?? READ_ONLY,
    ...(spool ? { spool: (partitions) => spoolOf(world, partitions, settings) } : {}),
    away: awayTeller(world, spool ? 'records go to the spool' : 'what is to be written waits'),
  });
  showKafka(counters, log);
  if (reader !== undefined) {
    const beats = new Beats(clock, options.logger);
    const lag = showLag(counters, log, []);
    services.add({
      name: 'lag',
      start: async () => beats.every(LAG_MS, lag),
      drain: () => beats.stop(),
    });
  }
  return clusterLog(log, `kafka ${log.clusterId} ${settings.topic ?? log.topic}`);
}

/** Opens the topic of alerts. @throws UserError, MonError. */
export async function openAlertTopic(
  world: RoleWorld,
  settings: KafkaSettings,
): Promise<ClusterLog> {
  const access = await kafkaAccess(settings, systemDisk);
  const log = await KafkaLog.open({
    ...{ access, clock: world.clock, topic: settings.alertsTopic ?? ALERTS_TOPIC },
    ...{ encoder: () => alertEncoder, alone: true },
    away: awayTeller(world, 'changes of alerts wait'),
  });
  return clusterLog(log, `kafka ${log.clusterId} ${log.topic}`);
}

/** Nothing is appended where nothing was said of how. */
const READ_ONLY = {
  encode(): never {
    throw new Error('a log that is only read takes nothing');
  },
};

function awayTeller({ options: { logger } }: RoleWorld, words: string) {
  return (failure: MonError | undefined): void => {
    if (failure) logger.warn(`Kafka is away: ${words}`, { why: failure.message });
    else logger.info('Kafka is back');
  };
}

function clusterLog(log: KafkaLog, identity: string): ClusterLog {
  const { partitions, generation } = log;
  return {
    ...{ partitions, generation, identity },
    append: (batches) => log.append(batches),
    start: (partition) => log.start(partition),
    end: (partition) => log.end(partition),
    starts: () => log.all('start'),
    ends: () => log.all('end'),
    read: (reader, from) => log.read(reader, from),
    close: () => log.close(),
  };
}

/** The spool in this process's own folder, with its own note of what was drained. */
async function spoolOf(
  world: RoleWorld,
  partitions: number,
  settings: KafkaSettings,
): Promise<Spool> {
  const { options, clock, services } = world;
  const { dataDir, member } = options;
  makeFolderNow(dataDir);
  const lock = lockFolder(dataDir, {
    ...{ pid: process.pid, startedMs: world.startedMs, listen: '' },
    command: `mon run ${options.role} (${member})`,
  });
  const state = new SqliteState(join(dataDir, 'spool.db'));
  services.add({ name: 'spool folder', stop: () => state.close().then(() => lock.release()) });
  const at = { dataDir, disk: systemDisk, clock, state };
  return openSpool(at, partitions, settings.spoolBytes);
}
