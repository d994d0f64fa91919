// What mon's exit code says, and which code a failure gets. Scripts and CI jobs act on these
// numbers, so none of them ever changes. Easy to get wrong: a failed check is not a failed tool,
// and an error that nobody foresaw is a bug, not an operating failure.
import { BugError, MonError, UserError } from '../engine/errors.ts';
import type { FailureCode } from '../engine/errors.ts';

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  checkFailed: 3,
  auth: 4,
  nothing: 5,
  bug: 70,
  timeout: 124,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** What `mon help exit-codes` prints, in order. */
export const EXIT_MEANINGS: readonly (readonly [number, string])[] = [
  [EXIT.ok, 'all went well'],
  [EXIT.failed, 'an operation failed: server unreachable, disk full, query failed'],
  [EXIT.usage, 'wrong usage, a query or a file with a mistake in it'],
  [EXIT.checkFailed, 'the command worked and the check failed'],
  [EXIT.auth, 'the server wants authentication'],
  [EXIT.nothing, 'nothing was found where something was demanded'],
  [EXIT.bug, 'a bug in mon itself'],
  [EXIT.timeout, 'the time allowed has passed'],
  [EXIT.hangup, 'the terminal went away (SIGHUP)'],
  [EXIT.interrupted, 'interrupted (SIGINT, Ctrl-C)'],
  [EXIT.terminated, 'terminated (SIGTERM)'],
];

const BY_FAILURE: Partial<Record<FailureCode, number>> = {
  MON_AUTH_REQUIRED: EXIT.auth,
  MON_BODY_MALFORMED: EXIT.usage,
  MON_CONFIG_INVALID: EXIT.usage,
  MON_NOT_FOUND: EXIT.nothing,
  MON_TIMEOUT: EXIT.timeout,
};

/** The exit code of a failure; anything unforeseen is a bug. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof UserError) return EXIT.usage;
  if (thrown instanceof MonError) return BY_FAILURE[thrown.code] ?? EXIT.failed;
  if (thrown instanceof BugError) return EXIT.bug;
  return isSystemError(thrown) ? EXIT.failed : EXIT.bug;
}

/** A failure of the operating system that no room translated: it still is nobody's bug. */
function isSystemError(thrown: unknown): boolean {
  return thrown instanceof Error && 'errno' in thrown && 'syscall' in thrown;
}
