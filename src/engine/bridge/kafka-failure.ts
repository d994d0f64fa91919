// What kafkajs throws as a failure of ours: a code, one sentence, and what mends it. Easy to get
// wrong: kafkajs wraps a cause in "retries exceeded", and only the innermost error says what was
// the matter.
import { BugError, MonError, messageOf } from '../errors.ts';
import type { FailureCode } from '../errors.ts';

/** The fields of kafkajs' errors that are read. */
export interface KafkaError extends Error {
  readonly type?: string;
  readonly code?: string | number;
  readonly broker?: string;
  readonly originalError?: unknown;
}

const WRAPPERS = new Set(['KafkaJSNumberOfRetriesExceeded', 'KafkaJSNonRetriableError']);
const DEPTH_MAX = 5;

/** The error that began it. */
export function innermost(thrown: unknown): KafkaError {
  let error = thrown as KafkaError;
  for (let i = 0; i < DEPTH_MAX && WRAPPERS.has(error.name); i++) {
    const inner = (error.cause ?? error.originalError) as KafkaError | undefined;
    if (!(inner instanceof Error)) break;
    error = inner;
  }
  return error;
}

/** Kafka's own name of a protocol error, such as NOT_LEADER_FOR_PARTITION; '' for others. */
export function typeOf(thrown: unknown): string {
  return innermost(thrown).type ?? '';
}

const CERTIFICATE =
  /certificate|CERT_|SELF_SIGNED|ERR_TLS|SSL routines|wrong version number|TLS connection/i;
const REFUSED = /AUTHORIZATION_FAILED$/;
const SASL = /SASL/;

interface Reading {
  readonly code: FailureCode;
  readonly words: string;
  readonly hint: string;
}

function reading(error: KafkaError, brokers: string): Reading {
  const words = error.message.replace(/^Connection error: /, '');
  const type = error.type ?? '';
  if (CERTIFICATE.test(`${error.code ?? ''} ${error.message}`)) {
    return {
      code: 'MON_CONFIG_INVALID',
      words: `TLS with ${error.broker ?? brokers} failed: ${words}`,
      hint: 'give the authority that signed it with --ca-file, or leave --tls out',
    };
  }
  if (SASL.test(error.name) || SASL.test(type)) {
    return {
      code: 'MON_AUTH_REQUIRED',
      words: `${brokers} refuse the user or the password: ${words}`,
      hint: 'check --sasl-mechanism, --sasl-username and --sasl-password-file',
    };
  }
  if (REFUSED.test(type)) {
    return {
      code: 'MON_AUTH_REQUIRED',
      words: `Kafka refuses this user: ${words}`,
      hint: 'mon needs to read, write and describe its topics and groups',
    };
  }
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
    return {
      code: 'MON_NOT_FOUND',
      words: `the topic is not there: ${words}`,
      hint: `make it with: mon kafka init --brokers ${brokers}`,
    };
  }
  return {
    code: 'MON_SERVER_UNREACHABLE',
    words: `no answer from Kafka at ${brokers}: ${words}`,
    hint: `is it running? ask it with: mon kafka check --brokers ${brokers}`,
  };
}

/** The failure as the rest of mon knows it. */
export function kafkaFailure(thrown: unknown, brokers: readonly string[]): MonError {
  if (thrown instanceof MonError) return thrown;
  if (!(thrown instanceof Error)) {
    return new MonError('MON_SERVER_UNREACHABLE', messageOf(thrown), { cause: thrown });
  }
  // A broken promise of the program is none of Kafka's failures.
  if (thrown instanceof BugError) throw thrown;
  const { code, words, hint } = reading(innermost(thrown), brokers.join(','));
  return new MonError(code, words, { cause: thrown, hint });
}
