// The first two messages of every connection: who asks says version, service and token; who answers
// says its facts or why not. Easy to get wrong: until a token was shown nothing large is read, and
// tokens are compared without telling by the time it takes how much of them was right.
import { createHash, timingSafeEqual } from 'node:crypto';
import { MonError } from '../errors.ts';

/** Grows when a message changes its meaning; both ends have to have the same. */
const REMOTE_VERSION = 1;
const NAME = 'mon-remote';

export interface Greeting {
  readonly service: string;
  readonly token: string;
}

export function greetingOf({ service, token }: Greeting): unknown {
  return { name: NAME, version: REMOTE_VERSION, service, token };
}

/** @throws MonError MON_RECORD_MALFORMED, MON_AUTH_REQUIRED, MON_CONFIG_INVALID for a version. */
export function checkGreeting(value: unknown, token: string): string {
  const said = (value ?? {}) as { name?: unknown; version?: unknown } & Partial<Greeting>;
  if (said.name !== NAME) throw new MonError('MON_RECORD_MALFORMED', 'no greeting of a mon');
  if (said.version !== REMOTE_VERSION) {
    const words = `version ${String(said.version)} of the protocol, here it is ${REMOTE_VERSION}`;
    throw new MonError('MON_CONFIG_INVALID', words, { hint: 'run the same mon everywhere' });
  }
  if (typeof said.token !== 'string' || !sameText(said.token, token)) {
    throw new MonError('MON_AUTH_REQUIRED', 'the token of the cluster is another one', {
      hint: 'give every process the same --token-file',
    });
  }
  if (typeof said.service !== 'string') {
    throw new MonError('MON_RECORD_MALFORMED', 'a greeting names a service');
  }
  return said.service;
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
