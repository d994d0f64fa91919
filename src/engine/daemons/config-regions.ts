// `mon: regions:` of a configuration: regions whose samples come over Kafka into a global stack,
// and what they are called there. Part of the configuration. Easy to get wrong: a region's name is
// the alias that MirrorMaker puts before its topics, so it has to be a word that a topic may hold.
import { parseBrokers } from '../bridge/kafka-access.ts';
import { messageOf, UserError } from '../errors.ts';
import { REGIONS_MAX } from '../limits-regions.ts';
import { kafkaFields, readKafkaFields } from './config-kafka.ts';
import type { KafkaSettings } from './config-kafka.ts';
import type { Section } from './config-reader.ts';
import type { Plain } from './config-render-access.ts';

/** One region: its name, and the topic that its samples are mirrored to. */
export interface RegionSettings {
  readonly name: string;
  readonly topic: string;
}

/** Regions of a global stack; files of Kafka not read yet. */
export interface RegionsSettings {
  /** The cluster that the topics are mirrored to. */
  readonly kafka: KafkaSettings;
  /** The label that tells a series' region. */
  readonly label: string;
  readonly regions: readonly RegionSettings[];
}

export const REGION_LABEL = 'region';
const REGION_NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const TOPIC = /^[a-zA-Z0-9._-]{1,249}$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Undefined where there are none. @throws UserError. */
export function readRegions(
  mon: Section,
  kafka: KafkaSettings | undefined,
): RegionsSettings | undefined {
  if (!mon.has('regions')) return undefined;
  const section = mon.section('regions', ['kafka', 'label', 'from']);
  const label = section.text('label') ?? REGION_LABEL;
  if (!LABEL.test(label) || label.startsWith('__')) {
    section.fail('label', `${JSON.stringify(label)} is no label that a series may have`);
  }
  const own = section.has('kafka') ? readKafkaFields(section.section('kafka', KAFKA)) : kafka;
  if (own === undefined) {
    const hint = 'give kafka: {brokers: …} here, or beside it where the log is over Kafka';
    return section.fail('kafka', 'regions need the Kafka that they are mirrored to', hint);
  }
  const regions = readFrom(section);
  if (regions.length === 0) {
    section.fail('from', 'no region is named', 'from: {eu-west: eu-west.metrics.raw}');
  }
  return { kafka: own, label, regions };
}

const KAFKA = [
  ...['brokers', 'tls', 'ca_file', 'cert_file', 'key_file', 'server_name'],
  ...['sasl_mechanism', 'sasl_username', 'sasl_password_file'],
];

function readFrom(section: Section): RegionSettings[] {
  const { file } = section;
  const regions = file.entries(section.value('from'), 'from').map(({ key, keyNode, value }) => {
    if (!REGION_NAME.test(key)) {
      const hint = 'letters, digits, - and _, 64 at most';
      file.fail(keyNode, `${JSON.stringify(key)} is no name of a region`, hint);
    }
    const topic = value === null ? `${key}.metrics.raw` : file.text(value, 'a topic');
    if (!TOPIC.test(topic)) file.fail(value, `${JSON.stringify(topic)} is no topic`);
    return { name: key, topic };
  });
  if (regions.length > REGIONS_MAX) section.fail('from', `there are more than ${REGIONS_MAX}`);
  const topics = new Set(regions.map(({ topic }) => topic));
  if (topics.size < regions.length) section.fail('from', 'two regions have one topic');
  return regions;
}

/** The settings by the file's own names. */
export function regionsFields(settings: RegionsSettings | undefined): Plain {
  if (settings === undefined) return {};
  const { kafka, label, regions } = settings;
  const known = Object.entries(kafkaFields(kafka)).filter(([name]) => KAFKA.includes(name));
  const from = Object.fromEntries(regions.map(({ name, topic }) => [name, topic]));
  return { kafka: Object.fromEntries(known), label, from };
}

/** One region as a command line names it: NAME=BROKERS. @throws UserError. */
export function regionWord(word: string): { readonly name: string; readonly brokers: string } {
  const at = word.indexOf('=');
  const [name, brokers] = [word.slice(0, at), word.slice(at + 1)];
  if (at < 1 || !REGION_NAME.test(name)) {
    throw new UserError(`"${word}" names no region`, { hint: 'write NAME=HOST:PORT,HOST:PORT' });
  }
  try {
    parseBrokers(brokers);
  } catch (thrown) {
    const hint = thrown instanceof UserError ? thrown.hint : undefined;
    throw new UserError(`the region ${name}: ${messageOf(thrown)}`, { hint });
  }
  return { name, brokers };
}
