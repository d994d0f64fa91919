// What can go wrong, as a closed list. Bugs are asserted and crash; operating failures carry a code
// whose kind says what a consumer does; a user's mistake is a text with a hint. Imports nothing, so
// that every room can use it without closing a circle.

/** What a consumer does about a failure: try again, stop, or count it, log a sample and go on. */
export type FailureKind = 'retry' | 'give up' | 'data';

/**
 * Every operating failure and what to do about it. Codes are stable: scripts and tests match them.
 */
export const FAILURES = {
  MON_ABORTED: 'give up',
  MON_AUTH_REQUIRED: 'give up',
  MON_BLOCK_CORRUPT: 'data',
  MON_BODY_MALFORMED: 'data',
  MON_BODY_TOO_LARGE: 'data',
  MON_CHECKPOINT_CORRUPT: 'give up',
  MON_CONFIG_INVALID: 'give up',
  MON_DISK_FAILED: 'give up',
  MON_DISK_FULL: 'retry',
  MON_DISK_FORBIDDEN: 'give up',
  MON_FOLDER_LOCKED: 'give up',
  MON_LIMIT_EXCEEDED: 'data',
  MON_LOG_BUSY: 'retry',
  MON_LOG_CLOSED: 'give up',
  MON_LOG_CORRUPT: 'give up',
  MON_LOG_OFFSET_GONE: 'give up',
  MON_LOG_OFFSET_PAST_END: 'give up',
  MON_NOT_FOUND: 'give up',
  MON_PLACEMENT_LOST: 'give up',
  MON_PORT_IN_USE: 'give up',
  MON_QUERY_BUSY: 'retry',
  MON_QUERY_FAILED: 'data',
  MON_QUERY_LIMIT: 'data',
  MON_RECORD_MALFORMED: 'data',
  MON_SCRAPE_FAILED: 'data',
  MON_SERVER_FAILED: 'retry',
  MON_SERVER_UNREACHABLE: 'retry',
  MON_SPOOL_FULL: 'retry',
  MON_STATE_CONFLICT: 'retry',
  MON_TIMEOUT: 'retry',
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof FAILURES;

/** An operating failure: a code from the closed list, a sentence, plain fields, perhaps a cause. */
export class MonError extends Error {
  readonly code: FailureCode;
  readonly hint: string | undefined;
  readonly fields: Readonly<Record<string, string | number>>;

  constructor(
    code: FailureCode,
    message: string,
    more: { cause?: unknown; hint?: string; fields?: Record<string, string | number> } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'MonError';
    this.code = code;
    this.hint = more.hint;
    this.fields = more.fields ?? {};
  }

  get kind(): FailureKind {
    return FAILURES[this.code];
  }
}

/**
 * A user's mistake: one line, a hint, and for a query or a file the place. `start` and `end` are
 * UTF-16 offsets into `source`, end excluded; the printer draws the caret from them.
 */
export class UserError extends Error {
  readonly hint: string | undefined;
  readonly source: string | undefined;
  readonly start: number;
  readonly end: number;

  constructor(
    message: string,
    more: { hint?: string; source?: string; start?: number; end?: number; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'UserError';
    this.hint = more.hint;
    this.source = more.source;
    this.start = more.start ?? 0;
    this.end = more.end ?? this.start;
  }
}

/** A broken promise inside the program. Never caught below the edge of the process. */
export class BugError extends Error {
  constructor(words: string) {
    super(`BUG: ${words}`);
    this.name = 'BugError';
  }
}

/** Crashes when a fact of the program itself does not hold. Never for what comes from outside. */
export function assert(fact: unknown, words: string): asserts fact {
  if (!fact) throw new BugError(words);
}

/** The text of anything thrown, for a message that passes it on. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
