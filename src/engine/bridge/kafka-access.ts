// How Kafka is reached: brokers, TLS, SASL; plain options, read once. Every door to Kafka (the log,
// `mon kafka init`, the tests) takes these. Easy to get wrong: a password never shows in a message.
import { UserError } from '../errors.ts';
import { makeCluster } from './kafkajs-inside.ts';
import type { KafkaCluster } from './kafkajs-inside.ts';

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

/** PEM texts; an empty object is TLS with the authorities of the system. */
export interface KafkaTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

export interface KafkaSasl {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

export interface KafkaAccess {
  /** host:port, at least one. */
  readonly brokers: readonly string[];
  readonly clientId?: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
}

const BROKERS_MAX = 1000;

/** Reads HOST:PORT,HOST:PORT. @throws UserError that says what was expected. */
export function parseBrokers(text: string): readonly string[] {
  const brokers = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const hint = 'write HOST:PORT,HOST:PORT, such as 127.0.0.1:9092';
  if (brokers.length === 0) throw new UserError('no broker of Kafka is given', { hint });
  if (brokers.length > BROKERS_MAX) throw new UserError('too many brokers are given', { hint });
  for (const broker of brokers) {
    const found = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/,@[\]]+):(\d{1,5})$/.exec(broker);
    const port = Number(found?.[1]);
    if (!found || port < 1 || port > 65535) {
      throw new UserError(`"${broker}" is no broker of Kafka`, { hint });
    }
  }
  return brokers;
}

/** Connections of their own; nothing is connected yet. */
export function clusterFor(access: KafkaAccess, requestTimeoutMs: number): KafkaCluster {
  const { brokers, clientId = 'mon', tls, sasl } = access;
  return makeCluster({
    ...{ brokers, clientId, requestTimeoutMs },
    ...(sasl === undefined ? {} : { sasl }),
    ...(tls === undefined ? {} : { ssl: sslOf(tls) }),
  });
}

function sslOf({ ca, cert, key, serverName }: KafkaTls): object {
  return {
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
