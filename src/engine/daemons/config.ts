// The configuration: a prometheus.yml with mon's own keys under `mon:`, parsed once into one
// plain, frozen object. Daemons read it and hand each part its own options. Easy to get wrong:
// what is known but not used yet is a warning, what is not known is an error, and no node of the
// parser leaves this room.
import type { ScrapeConfig } from '../collector/scrape-config.ts';
import { messageOf } from '../errors.ts';
import {
  CHECKPOINT_MS,
  EMBEDDED_PARTITIONS,
  LATE_MS_MAX,
  LISTEN_DEFAULT,
  RETENTION_RAW_MS,
  SEAL_LATE_MS,
  SEAL_LATE_MS_MIN,
  SCRAPE_INTERVAL_MS,
  SCRAPE_TIMEOUT_MS,
} from '../limits.ts';
import type { RollupKeep } from '../model/rollup.ts';
import type { PatternRetention } from '../model/upkeep.ts';
import { ConfigFile, Section, words } from './config-reader.ts';
import {
  HISTOGRAM_FIELDS,
  LIMIT_FIELDS,
  PROTOCOL_FIELDS,
  readJobs,
  readLabels,
  readHistograms,
  readLimits,
  readTimes,
} from './config-scrape.ts';
import { readBehind } from './config-behind.ts';
import type { BehindSettings } from './config-behind.ts';
import { readKafka } from './config-kafka.ts';
import type { KafkaSettings } from './config-kafka.ts';
import { readRegions } from './config-regions.ts';
import type { RegionsSettings } from './config-regions.ts';
import { readRetentions } from './config-retention.ts';
import { readTiers } from './config-tiers.ts';
import type { TierSettings } from './cold-options.ts';
import type { AggregateRule } from '../collector/aggregate/aggregate-rule.ts';
import type { CardinalityLimits } from '../collector/cardinality-guard.ts';
import { readAggregates } from './config-aggregate.ts';
import { readCardinality } from './config-cardinality.ts';
import { readRetention, readRollups } from './config-rollups.ts';
import { parseListen } from './listen-address.ts';

/** Everything that a file can say, defaults filled in. Times in ms, paths absolute. */
export interface MonConfig {
  /** host:port. */
  readonly listen: string;
  /** Undefined: the caller's own folder. */
  readonly dataDir: string | undefined;
  readonly retentionMs: number;
  /** Bytes of all sealed blocks; undefined: time alone decides. */
  readonly retentionBytes: number | undefined;
  /** Folder of the object store that sealed blocks are uploaded to. */
  readonly objectStore: string | undefined;
  /** Where samples go as they grow old. */
  readonly tiers: TierSettings | undefined;
  readonly retentionFor: readonly PatternRetention[];
  /** What is kept as rollups; undefined: nothing. */
  readonly rollups: RollupKeep | undefined;
  readonly partitions: number;
  /** The log over Kafka; undefined: the embedded one. */
  readonly kafka: KafkaSettings | undefined;
  /** A store behind mon that keeps the history; undefined: mon's own. */
  readonly behind: BehindSettings | undefined;
  /** Regions whose samples come here too. */
  readonly regions: RegionsSettings | undefined;
  readonly shards: number;
  readonly tokenFile: string | undefined;
  /** Address of a Redis that keeps query results; undefined: the process keeps them. */
  readonly cacheRedis: string | undefined;
  /** The routing file (alertmanager.yml); undefined: nobody is notified. */
  readonly routes: string | undefined;
  /** Address of a PostgreSQL that keeps the notifier's state; undefined: the data folder does. */
  readonly statePostgres: string | undefined;
  readonly hostAgent: boolean;
  readonly cardinality: CardinalityLimits;
  /** What is folded into windows before it is stored. */
  readonly aggregate: readonly AggregateRule[];
  /** host:port for StatsD by UDP. */
  readonly statsd: string | undefined;
  readonly selfScrape: boolean;
  /** Longest time between two checkpoints of the heads. */
  readonly checkpointMs: number;
  /** How often what came late for sealed ranges is sealed. */
  readonly sealMs: number;
  /** The global interval and timeout: also those of the targets within the process. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly evaluationIntervalMs: number | undefined;
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly ruleFiles: readonly string[];
  readonly ruleQueryOffsetMs: number;
  /** The rules that ship with mon run too. */
  readonly defaultRules: boolean;
  readonly scrapes: readonly ScrapeConfig[];
}

export interface ParsedConfig {
  readonly config: MonConfig;
  /** Sentences with their places, for fields that are known but not used yet. */
  readonly warnings: readonly string[];
}

const ROOT_UNUSED = [
  ...words('alerting remote_write remote_read storage tracing otlp'),
  ...words('runtime scrape_config_files'),
];
const ROOT_FIELDS = ['global', 'scrape_configs', 'mon', 'rule_files', ...ROOT_UNUSED];
const GLOBAL_UNUSED = ['query_log_file', ...PROTOCOL_FIELDS];
const GLOBAL_FIELDS = [
  ...words('scrape_interval scrape_timeout evaluation_interval external_labels'),
  ...HISTOGRAM_FIELDS,
  'rule_query_offset',
  ...LIMIT_FIELDS,
  ...GLOBAL_UNUSED,
];
const MON_FIELDS = [
  ...words('listen data_dir retention partitions shards token_file host_agent'),
  ...['self_scrape', 'checkpoint_interval', 'cache_redis', 'retention_size', 'retention_for'],
  ...['object_store', 'statsd', 'cardinality', 'seal_interval', 'rollups', 'kafka'],
  ...['default_rules', 'routes', 'state_postgres', 'aggregate', 'tiers', 'store', 'regions'],
];
const PARTITIONS_MAX = 1024;
const SHARDS_MAX = 64;

function readMon(root: Section) {
  const section = root.section('mon', MON_FIELDS);
  const listen = section.text('listen') ?? LISTEN_DEFAULT;
  try {
    parseListen(listen);
  } catch (thrown) {
    section.fail('listen', messageOf(thrown), `write HOST:PORT, such as ${LISTEN_DEFAULT}`);
  }
  const { ms: retentionMs = RETENTION_RAW_MS, preset } = readRetention(section);
  if (retentionMs <= LATE_MS_MAX) section.fail('retention', 'retention must be above 15m');
  const partitions = section.integer('partitions', 1, PARTITIONS_MAX) ?? EMBEDDED_PARTITIONS;
  const shards = section.integer('shards', 1, SHARDS_MAX) ?? 1;
  const kafka = readKafka(section);
  if (shards > partitions) section.fail('shards', 'there cannot be more shards than partitions');
  return {
    listen,
    dataDir: section.path('data_dir'),
    retentionMs,
    retentionBytes: section.bytes('retention_size'),
    objectStore: section.path('object_store'),
    tiers: readTiers(section),
    retentionFor: readRetentions(section, retentionMs),
    rollups: readRollups(section, { preset, retentionMs }),
    partitions,
    kafka,
    behind: readBehind(section),
    regions: readRegions(section, kafka),
    shards,
    tokenFile: section.path('token_file'),
    cacheRedis: redisAddress(section),
    routes: section.path('routes'),
    statePostgres: postgresAddress(section),
    hostAgent: section.bool('host_agent') ?? true,
    statsd: readAddress(section, 'statsd'),
    cardinality: readCardinality(section),
    aggregate: readAggregates(section),
    selfScrape: section.bool('self_scrape') ?? true,
    defaultRules: section.bool('default_rules') ?? true,
    checkpointMs: section.duration('checkpoint_interval') ?? CHECKPOINT_MS,
    sealMs: sealInterval(section),
  };
}

function readAddress(section: Section, name: string): string | undefined {
  const address = section.text(name);
  if (address === undefined) return undefined;
  try {
    parseListen(address);
  } catch (thrown) {
    section.fail(name, messageOf(thrown), 'write HOST:PORT, such as 127.0.0.1:8125');
  }
  return address;
}

function sealInterval(section: Section): number {
  const ms = section.duration('seal_interval') ?? SEAL_LATE_MS;
  if (ms < SEAL_LATE_MS_MIN) section.fail('seal_interval', 'seal_interval must be 100ms or more');
  return ms;
}

function postgresAddress(section: Section): string | undefined {
  const address = section.text('state_postgres');
  if (address === undefined || /^postgres(?:ql)?:\/\/[^/]/.test(address)) return address;
  const hint = 'write postgres://USER@HOST:PORT/DATABASE';
  return section.fail('state_postgres', 'no address of a PostgreSQL', hint);
}

function redisAddress(section: Section): string | undefined {
  const address = section.text('cache_redis');
  if (address === undefined || /^rediss?:\/\/[^/]/.test(address)) return address;
  return section.fail('cache_redis', 'no address of a Redis', 'write redis://HOST:PORT/DATABASE');
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}

/**
 * Reads a configuration; `path` is absolute, relative paths in the file start from its folder.
 * @throws UserError with file, line, column, the line itself and a hint.
 */
export function parseConfig(text: string, path: string): ParsedConfig {
  const file = new ConfigFile(text, path);
  const root = new Section(file, file.root, 'the configuration', ROOT_FIELDS);
  root.notUsed(ROOT_UNUSED);
  const global = root.section('global', GLOBAL_FIELDS);
  global.notUsed(GLOBAL_UNUSED);
  const under = { intervalMs: SCRAPE_INTERVAL_MS, timeoutMs: SCRAPE_TIMEOUT_MS };
  const times = readTimes(global, under);
  const defaults = { ...times, limits: readLimits(global), histograms: readHistograms(global) };
  const evaluationIntervalMs = global.duration('evaluation_interval');
  if (evaluationIntervalMs === 0) {
    global.fail('evaluation_interval', 'evaluation_interval must be above 0');
  }
  const config: MonConfig = {
    ...readMon(root),
    ...times,
    evaluationIntervalMs,
    externalLabels: readLabels(global, 'external_labels'),
    ruleQueryOffsetMs: global.duration('rule_query_offset') ?? 0,
    ruleFiles: root.texts('rule_files').map((name) => file.resolvePath(name)),
    scrapes: readJobs(root, defaults),
  };
  return { config: frozen(config), warnings: file.warnings };
}

/** What runs without a file: mon watches itself and this host. */
export function defaultConfig(): MonConfig {
  return parseConfig('', '/default').config;
}
