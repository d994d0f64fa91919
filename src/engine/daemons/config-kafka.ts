// How Kafka is named in a configuration and on a command line: `mon: kafka:` and the flags of `mon
// kafka`. From it comes what the bridge takes. Easy to get wrong: files are read when Kafka is
// opened, not when the configuration is, so that `mon config check` needs no secrets.
import { parseBrokers, SASL_MECHANISMS } from '../bridge/kafka-access.ts';
import type { KafkaAccess, KafkaTls, SaslMechanism } from '../bridge/kafka-access.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Disk } from '../runtime/disk.ts';
import type { Section } from './config-reader.ts';

/** Everything decided; files not read yet, paths absolute. */
export interface KafkaSettings {
  readonly brokers: string;
  /** Base name of the topic of samples; undefined: metrics.raw. */
  readonly topic?: string;
  /** The topic of alerts; undefined: alerts.triggered. */
  readonly alertsTopic?: string;
  /** Another number than the topic has begins a new generation. */
  readonly partitions?: number;
  readonly tls?: boolean;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
  readonly saslMechanism?: string;
  readonly saslUsername?: string;
  readonly saslPasswordFile?: string;
  /** Bytes of the spool on disk; undefined: the usual bound. */
  readonly spoolBytes?: number;
}

const FIELDS = [
  ...['brokers', 'topic', 'alerts_topic', 'partitions'],
  ...['tls', 'ca_file', 'cert_file', 'key_file', 'server_name'],
  ...['sasl_mechanism', 'sasl_username', 'sasl_password_file', 'spool_size'],
];
const PARTITIONS_MAX = 4096;

/** `mon: kafka:` of a file. @throws UserError. */
export function readKafka(mon: Section): KafkaSettings | undefined {
  if (!mon.has('kafka')) return undefined;
  return readKafkaFields(mon.section('kafka', FIELDS));
}

/** The fields of a section that names a cluster. @throws UserError. */
export function readKafkaFields(section: Section): KafkaSettings {
  const list = section.isList('brokers');
  const brokers = list ? section.texts('brokers').join(',') : section.text('brokers');
  if (brokers === undefined) {
    return section.fail('brokers', 'kafka needs brokers', 'write brokers: HOST:PORT,HOST:PORT');
  }
  try {
    parseBrokers(brokers);
  } catch (thrown) {
    const hint = thrown instanceof UserError ? thrown.hint : undefined;
    section.fail('brokers', messageOf(thrown), hint);
  }
  return compact({
    brokers,
    topic: section.text('topic'),
    alertsTopic: section.text('alerts_topic'),
    partitions: section.integer('partitions', 1, PARTITIONS_MAX),
    tls: section.bool('tls'),
    caFile: section.path('ca_file'),
    certFile: section.path('cert_file'),
    keyFile: section.path('key_file'),
    serverName: section.text('server_name'),
    saslMechanism: section.oneOf('sasl_mechanism', [...SASL_MECHANISMS]),
    saslUsername: section.text('sasl_username'),
    saslPasswordFile: section.path('sasl_password_file'),
    spoolBytes: section.bytes('spool_size'),
  });
}

function compact(settings: KafkaSettings): KafkaSettings {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as KafkaSettings;
}

/** Settings as the file has them, with brokers that a flag names. @throws UserError. */
export function kafkaWith(
  settings: KafkaSettings | undefined,
  brokers: string | undefined,
): KafkaSettings | undefined {
  if (brokers === undefined) return settings;
  parseBrokers(brokers);
  return { ...settings, brokers };
}

/** The settings by the file's own names. */
export function kafkaFields(settings: KafkaSettings | undefined): Record<string, unknown> {
  if (settings === undefined) return {};
  const all = {
    brokers: settings.brokers,
    topic: settings.topic,
    alerts_topic: settings.alertsTopic,
    partitions: settings.partitions,
    tls: settings.tls,
    ca_file: settings.caFile,
    cert_file: settings.certFile,
    key_file: settings.keyFile,
    server_name: settings.serverName,
    sasl_mechanism: settings.saslMechanism,
    sasl_username: settings.saslUsername,
    sasl_password_file: settings.saslPasswordFile,
    spool_size: settings.spoolBytes === undefined ? undefined : `${settings.spoolBytes}B`,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function textOf(disk: Disk, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return Buffer.from(await disk.readFile(path)).toString('utf8');
  } catch (thrown) {
    throw new UserError(messageOf(thrown));
  }
}

async function tlsOf(settings: KafkaSettings, disk: Disk): Promise<KafkaTls | undefined> {
  const { caFile, certFile, keyFile, serverName } = settings;
  const wanted = settings.tls ?? [caFile, certFile, keyFile].some((path) => path !== undefined);
  if (!wanted) return undefined;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new UserError('a certificate and its key belong together', {
      hint: 'give both --cert-file and --key-file, or neither',
    });
  }
  const [ca, cert, key] = await Promise.all(
    [caFile, certFile, keyFile].map((path) => textOf(disk, path)),
  );
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

async function saslOf(settings: KafkaSettings, disk: Disk): Promise<KafkaAccess['sasl']> {
  const { saslMechanism, saslUsername, saslPasswordFile } = settings;
  const given = [saslMechanism, saslUsername, saslPasswordFile];
  if (given.every((one) => one === undefined)) return undefined;
  const known: readonly string[] = SASL_MECHANISMS;
  if (saslMechanism === undefined || !known.includes(saslMechanism)) {
    throw new UserError(`"${saslMechanism ?? ''}" is no SASL mechanism that mon knows`, {
      hint: `one of ${known.join(', ')}`,
    });
  }
  if (saslUsername === undefined || saslPasswordFile === undefined) {
    throw new UserError('SASL needs a user and a password', {
      hint: 'give --sasl-username and --sasl-password-file',
    });
  }
  const password = (await textOf(disk, saslPasswordFile))?.trim() ?? '';
  return { mechanism: saslMechanism as SaslMechanism, username: saslUsername, password };
}

/** What the bridge takes. @throws UserError for what cannot be. */
export async function kafkaAccess(settings: KafkaSettings, disk: Disk): Promise<KafkaAccess> {
  const brokers = parseBrokers(settings.brokers);
  const [tls, sasl] = [await tlsOf(settings, disk), await saslOf(settings, disk)];
  return {
    brokers,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}
