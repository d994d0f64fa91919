// The conversation of the prompt with a server: one question at a time, an instant, a range or a
// plan, and what came of it. A new question ends the one before. Easy to get wrong: an answer that
// arrives after its question was given up must not replace a newer one.
import { MonError, UserError, messageOf } from '../../engine/errors.ts';
import type { Explanation } from '../../engine/model/explanation.ts';
import type { QueryAnswer } from '../../engine/model/query-result.ts';
import type { Ask, Explain, QueryTimes } from '../../engine/ports.ts';
import { check } from '../../engine/promql/check.ts';
import { parse } from '../../engine/promql/parse.ts';
import type { Expr } from '../../engine/promql/ast.ts';
import type { Clock } from '../../engine/runtime/clock.ts';

/** What is wrong, and where in the query if that is known. */
export interface QueryFailure {
  readonly message: string;
  readonly hint?: string;
  readonly start?: number;
  readonly end?: number;
}

export type Outcome =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'answer';
      readonly query: string;
      readonly times: QueryTimes;
      readonly answer: QueryAnswer;
      /** Until the answer was here. */
      readonly ms: number;
    }
  | { readonly kind: 'failure'; readonly query: string; readonly failure: QueryFailure }
  | { readonly kind: 'plan'; readonly query: string; readonly plan: Explanation }
  /** The tree of the text itself, where the server explains nothing. */
  | { readonly kind: 'tree'; readonly query: string; readonly tree: Expr; readonly why: string };

export interface SessionState {
  readonly running: string | undefined;
  readonly outcome: Outcome;
}

export class QuerySession {
  readonly #ask: Ask & Explain;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #state: SessionState = { running: undefined, outcome: { kind: 'none' } };
  #current: AbortController | undefined;

  constructor(ask: Ask & Explain, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): SessionState => this.#state;

  /** Asks. The server decides what is a query: it may know more functions than we do. */
  run(query: string, times: QueryTimes): void {
    void this.#work(query, async (signal) => {
      const begin = this.#clock.monotonic();
      const options = { signal, stats: true };
      const answer =
        'timeMs' in times
          ? await this.#ask.instant(query, times.timeMs, options)
          : await this.#ask.range(query, times.startMs, times.endMs, times.stepMs, options);
      return { kind: 'answer', query, times, answer, ms: this.#clock.monotonic() - begin };
    });
  }

  /** Asks how the query would be answered, or with `analyze` is. */
  explain(query: string, times: QueryTimes, analyze: boolean): void {
    void this.#work(query, async (signal) => {
      const tree = parse(query);
      check(tree, query);
      try {
        const plan = await this.#ask.explain(query, times, { signal, analyze });
        return { kind: 'plan', query, plan };
      } catch (thrown) {
        const unknown = thrown instanceof MonError && /explains no queries/.test(thrown.message);
        if (!unknown) throw thrown;
        return { kind: 'tree', query, tree, why: thrown.message };
      }
    });
  }

  /** Gives the question up that is being answered; false when there is none. */
  cancel(): boolean {
    if (this.#current === undefined) return false;
    this.#current.abort(new MonError('MON_ABORTED', 'given up'));
    this.#current = undefined;
    this.#become({ running: undefined, outcome: this.#state.outcome });
    return true;
  }

  async #work(query: string, ask: (signal: AbortSignal) => Promise<Outcome>): Promise<void> {
    this.#current?.abort(new MonError('MON_ABORTED', 'given up'));
    const own = new AbortController();
    this.#current = own;
    this.#become({ running: query, outcome: this.#state.outcome });
    const outcome = await ask(own.signal).catch((thrown: unknown): Outcome => ({
      kind: 'failure',
      query,
      failure: failureOf(ownWords(query, thrown)),
    }));
    if (this.#current !== own) return;
    this.#current = undefined;
    this.#become({ running: undefined, outcome });
  }

  #become(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** A mistake that is one for us too, in our words: they name the place and the nearest name. */
function ownWords(query: string, thrown: unknown): unknown {
  if (!(thrown instanceof UserError) || thrown.hint !== undefined) return thrown;
  try {
    check(parse(query), query);
    return thrown;
  } catch (own) {
    return own;
  }
}

function failureOf(thrown: unknown): QueryFailure {
  const message = messageOf(thrown);
  if (thrown instanceof UserError) {
    const { hint, source, start, end } = thrown;
    const place = source === undefined ? {} : { start, end };
    return { message, ...(hint === undefined ? {} : { hint }), ...place };
  }
  if (thrown instanceof MonError && thrown.hint !== undefined) {
    return { message, hint: thrown.hint };
  }
  return { message };
}
