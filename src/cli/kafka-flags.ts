// The flags of `mon kafka` as settings. Easy to get wrong: paths are made absolute where the
// command runs, since messages name them.
import { resolve } from 'node:path';
import type { KafkaSettings } from '../engine/daemons/config-kafka.ts';

/** Flags as oclif has read them. */
export interface KafkaFlags {
  readonly brokers: string;
  readonly topic?: string;
  readonly 'alerts-topic'?: string;
  readonly tls?: boolean;
  readonly 'ca-file'?: string;
  readonly 'cert-file'?: string;
  readonly 'key-file'?: string;
  readonly 'sasl-mechanism'?: string;
  readonly 'sasl-username'?: string;
  readonly 'sasl-password-file'?: string;
}

export function kafkaSettings(flags: KafkaFlags): KafkaSettings {
  const path = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : resolve(name);
  const all = {
    topic: flags.topic,
    alertsTopic: flags['alerts-topic'],
    tls: flags.tls,
    caFile: path(flags['ca-file']),
    certFile: path(flags['cert-file']),
    keyFile: path(flags['key-file']),
    saslMechanism: flags['sasl-mechanism'],
    saslUsername: flags['sasl-username'],
    saslPasswordFile: path(flags['sasl-password-file']),
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return { brokers: flags.brokers, ...Object.fromEntries(given) };
}
