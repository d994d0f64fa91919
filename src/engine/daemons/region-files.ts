// `mon region init`: the files that make several regions one global stack. MirrorMaker 2 copies
// the topic of samples of each region into the global cluster; every region runs mon over its own
// Kafka, and one mon reads all copies. Easy to get wrong: MirrorMaker must keep bytes and
// partitions, and must write nothing into the regions.
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { KAFKA_MESSAGE_BYTES_MAX } from '../limits-links.ts';
import { RAW_TOPIC, REPLICATION } from '../bridge/topics.ts';
import { UserError } from '../errors.ts';
import { parseBrokers } from '../bridge/kafka-access.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { REGION_LABEL, regionWord } from './config-regions.ts';

export interface RegionInitOptions {
  /** NAME=BROKERS, one for each region. */
  readonly regions: readonly string[];
  /** Brokers of the global cluster. */
  readonly global: string;
  readonly topic?: string;
  readonly replication?: number;
  readonly label?: string;
  /** Folder of the files, absolute. */
  readonly folder: string;
  readonly force: boolean;
}

/** A file, what it is for, and how it is used. */
export interface RegionFile {
  readonly path: string;
  readonly use: string;
}

interface Named {
  readonly name: string;
  readonly brokers: string;
}

const GLOBAL = 'global';
const MIRROR_FILE = 'mirror-maker.properties';

/** Writes the files. @throws UserError for names that cannot be, or files that are there. */
export async function initRegions(options: RegionInitOptions): Promise<readonly RegionFile[]> {
  const { folder, force } = options;
  const regions = options.regions.map(regionWord);
  checkNames(regions);
  parseBrokers(options.global);
  const files = [
    {
      name: MIRROR_FILE,
      text: mirrorText(regions, options),
      use: `beside the global cluster: connect-mirror-maker.sh ${MIRROR_FILE}`,
    },
    ...regions.map(({ name, brokers }) => ({
      name: `region-${name}.yml`,
      text: regionText(name, brokers, options),
      use: `in ${name}: mon up --config region-${name}.yml`,
    })),
    {
      name: `${GLOBAL}.yml`,
      text: globalText(regions, options),
      use: `the global stack: mon up --config ${GLOBAL}.yml`,
    },
  ].map((one) => ({ ...one, path: join(folder, one.name) }));
  for (const { path } of files) {
    if (!force && (await systemDisk.exists(path))) {
      throw new UserError(`${path} is there already`, { hint: 'replace it with --force' });
    }
  }
  for (const { path, text } of files) {
    await systemDisk.makeFolder(dirname(path));
    await systemDisk.replaceFile(path, [Buffer.from(text)]);
  }
  return files.map(({ path, use }) => ({ path, use }));
}

function checkNames(regions: readonly Named[]): void {
  if (regions.length === 0) {
    throw new UserError('no region is named', { hint: '--region eu=HOST:PORT --region us=…' });
  }
  const names = new Set(regions.map(({ name }) => name));
  if (names.size < regions.length) throw new UserError('two regions have the same name');
  if (names.has(GLOBAL)) {
    throw new UserError('"global" is the name of the stack that all regions come to', {
      hint: 'give the region another name',
    });
  }
}

/** What MirrorMaker 2 is told: one direction, all bytes as they are, nothing written elsewhere. */
function mirrorText(regions: readonly Named[], options: RegionInitOptions): string {
  const { replication = REPLICATION, topic = RAW_TOPIC } = options;
  const clusters = [...regions.map(({ name }) => name), GLOBAL];
  const flows = regions.flatMap(({ name: from }) => {
    const others = clusters.filter((to) => to !== from && to !== GLOBAL);
    return [
      `${from}->${GLOBAL}.enabled = true`,
      ...[...others, GLOBAL].map((to) => `${from}->${to}.emit.heartbeats.enabled = false`),
      `${GLOBAL}->${from}.emit.heartbeats.enabled = false`,
    ];
  });
  const inner = ['offset.storage', 'status.storage', 'config.storage', 'offset-syncs.topic'];
  return `# Samples of all regions into the global cluster. Run it there, twice for safety:
#   connect-mirror-maker.sh ${MIRROR_FILE}
# For TLS and SASL add, for each cluster, CLUSTER.security.protocol, CLUSTER.sasl.mechanism, …
clusters = ${clusters.join(', ')}
${regions.map(({ name, brokers }) => `${name}.bootstrap.servers = ${brokers}`).join('\n')}
${GLOBAL}.bootstrap.servers = ${options.global}

# One way only. The topic of a region gets its name in front: ${regions[0].name}.${topic}
${flows.join('\n')}
topics = ${topic.replaceAll('.', '\\\\.')}(\\\\.g[0-9]+)?
replication.policy.class = org.apache.kafka.connect.mirror.DefaultReplicationPolicy
replication.policy.separator = .

# Records go through as they are, each into the partition of the same number.
key.converter = org.apache.kafka.connect.converters.ByteArrayConverter
value.converter = org.apache.kafka.connect.converters.ByteArrayConverter
header.converter = org.apache.kafka.connect.converters.ByteArrayConverter
sync.topic.configs.enabled = true
sync.topic.acls.enabled = false
refresh.topics.interval.seconds = 30

# mon keeps offsets of its own: no groups are copied, and nothing is written into the regions.
groups.exclude = .*
emit.checkpoints.enabled = false
sync.group.offsets.enabled = false
refresh.groups.enabled = false
offset-syncs.topic.location = target

tasks.max = ${Math.max(4, regions.length * 2)}
replication.factor = ${replication}
${inner.map((name) => `${name}.replication.factor = ${replication}`).join('\n')}
heartbeats.topic.replication.factor = ${replication}
checkpoints.topic.replication.factor = ${replication}

# What was copied is noted every 10 s: after a kill so much comes twice, and mon drops it.
offset.flush.interval.ms = 10000
${GLOBAL}.producer.acks = all
${GLOBAL}.producer.enable.idempotence = true
${GLOBAL}.producer.max.request.size = ${KAFKA_MESSAGE_BYTES_MAX}
${GLOBAL}.producer.compression.type = zstd
`;
}

function regionText(name: string, brokers: string, { topic }: RegionInitOptions): string {
  const file = {
    global: { external_labels: { region: name } },
    mon: { kafka: { brokers, ...(topic === undefined ? {} : { topic }) } },
  };
  return `# mon in the region ${name}, over the region's own Kafka.
# First: mon kafka init --brokers ${brokers}${topic === undefined ? '' : ` --topic ${topic}`}
${stringify(file)}`;
}

function globalText(regions: readonly Named[], options: RegionInitOptions): string {
  const { topic = RAW_TOPIC, label = REGION_LABEL, global } = options;
  const from = Object.fromEntries(regions.map(({ name }) => [name, `${name}.${topic}`]));
  const file = { mon: { kafka: { brokers: global }, regions: { label, from } } };
  return `# The global stack: every region's samples with the label ${label}.
# First: mon kafka init --brokers ${global}
# mon_region_lag_seconds tells how far each region is behind.
${stringify(file)}`;
}
