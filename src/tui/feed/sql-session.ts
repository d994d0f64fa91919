// The conversation of the SQL prompt with a server: one statement at a time, and what came of it. A
// new one ends the one before. Easy to get wrong: an answer that arrives after its statement was
// given up must not replace a newer one.
import { MonError, UserError, messageOf } from '../../engine/errors.ts';
import type { SqlColumnHead, SqlEnd, SqlValue } from '../../engine/model/sql.ts';
import type { Clock } from '../../engine/runtime/clock.ts';
import type { QueryFailure } from './query-session.ts';

/** A whole answer, as many rows as are shown. */
export interface SqlShown {
  readonly columns: readonly SqlColumnHead[];
  readonly rows: readonly (readonly SqlValue[])[];
  readonly end: SqlEnd;
}

/** Asks a statement. @throws UserError, MonError. */
export type SqlQuestioner = (text: string, signal: AbortSignal) => Promise<SqlShown>;

export type SqlOutcome =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'answer';
      readonly text: string;
      readonly answer: SqlShown;
      readonly ms: number;
    }
  | { readonly kind: 'failure'; readonly text: string; readonly failure: QueryFailure };

export interface SqlSessionState {
  readonly running: string | undefined;
  readonly outcome: SqlOutcome;
}

export class SqlSession {
  readonly #ask: SqlQuestioner;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #state: SqlSessionState = { running: undefined, outcome: { kind: 'none' } };
  #current: AbortController | undefined;

  constructor(ask: SqlQuestioner, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): SqlSessionState => this.#state;

  run(text: string): void {
    this.#current?.abort(new MonError('MON_ABORTED', 'given up'));
    const own = new AbortController();
    this.#current = own;
    this.#become({ running: text, outcome: this.#state.outcome });
    const begin = this.#clock.monotonic();
    void this.#ask(text, own.signal)
      .then(
        (answer): SqlOutcome => {
          return { kind: 'answer', text, answer, ms: this.#clock.monotonic() - begin };
        },
        (thrown: unknown): SqlOutcome => ({ kind: 'failure', text, failure: failureOf(thrown) }),
      )
      .then((outcome) => {
        if (this.#current !== own) return;
        this.#current = undefined;
        this.#become({ running: undefined, outcome });
      });
  }

  /** Gives up what runs; false when nothing does. */
  cancel(): boolean {
    if (this.#current === undefined) return false;
    this.#current.abort(new MonError('MON_ABORTED', 'given up'));
    this.#current = undefined;
    this.#become({ running: undefined, outcome: this.#state.outcome });
    return true;
  }

  #become(state: SqlSessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

function failureOf(thrown: unknown): QueryFailure {
  const message = messageOf(thrown);
  const hint = thrown instanceof UserError || thrown instanceof MonError ? thrown.hint : undefined;
  const told = hint === undefined ? { message } : { message, hint };
  if (!(thrown instanceof UserError) || thrown.source === undefined) return told;
  return { ...told, start: thrown.start, end: thrown.end };
}
