// Ask and Explain over a link: the small ports whose questions and answers are plain data. Easy to
// get wrong: the deadline of a query is the far end's to hold, which knows what a timeout is
// called; the near end only gives up a little later.
import { MonError } from '../errors.ts';
import { QUERY_TIMEOUT_MS } from '../limits.ts';
import type { Explanation } from '../model/explanation.ts';
import type { QueryAnswer } from '../model/query-result.ts';
import type { Ask, AskOptions, Explain, QueryTimes } from '../ports.ts';
import type { Methods } from './calls.ts';
import type { Calling } from './link.ts';
import { takeNumber, takeText } from './log-wire.ts';

/** What an Ask's answer may still take on its way. */
const WAY_MS = 5000;

type PlainOptions = Omit<AskOptions, 'signal'> & { readonly analyze?: boolean };

function takeOptions(value: unknown, signal: AbortSignal): AskOptions & { analyze?: boolean } {
  const found = (value ?? {}) as Record<string, unknown>;
  for (const name of ['lookbackMs', 'timeoutMs', 'maxCost']) {
    if (found[name] !== undefined) takeNumber(found[name]);
  }
  if (found['user'] !== undefined) takeText(found['user']);
  return { ...(found as PlainOptions), signal };
}

function takeTimes(value: unknown): QueryTimes {
  const found = (value ?? {}) as Record<string, unknown>;
  if (found['timeMs'] !== undefined) return { timeMs: takeNumber(found['timeMs']) };
  return {
    startMs: takeNumber(found['startMs']),
    endMs: takeNumber(found['endMs']),
    stepMs: takeNumber(found['stepMs']),
  };
}

export function askMethods(ask: Ask & Partial<Explain>): Methods {
  return {
    instant: async ([query, timeMs, options], { signal }) =>
      ask.instant(takeText(query), takeNumber(timeMs), takeOptions(options, signal)),
    range: async ([query, start, end, step, options], { signal }) =>
      ask.range(takeText(query), takeNumber(start), takeNumber(end), takeNumber(step), {
        ...takeOptions(options, signal),
      }),
    explain: async ([query, times, options], { signal }) => {
      const { explain } = ask;
      if (explain === undefined) throw new MonError('MON_NOT_FOUND', 'nothing is explained here');
      return explain.call(ask, takeText(query), takeTimes(times), takeOptions(options, signal));
    },
  };
}

export class RemoteAsk implements Ask, Explain {
  readonly #link: Calling;

  constructor(link: Calling) {
    this.#link = link;
  }

  async instant(query: string, timeMs: number, options: AskOptions = {}): Promise<QueryAnswer> {
    return (await this.#ask('instant', [query, timeMs], options)) as QueryAnswer;
  }

  async range(
    query: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options: AskOptions = {},
  ): Promise<QueryAnswer> {
    return (await this.#ask('range', [query, startMs, endMs, stepMs], options)) as QueryAnswer;
  }

  async explain(
    query: string,
    times: QueryTimes,
    options: AskOptions & { readonly analyze?: boolean } = {},
  ): Promise<Explanation> {
    return (await this.#ask('explain', [query, times], options)) as Explanation;
  }

  #ask(method: string, args: readonly unknown[], options: AskOptions): Promise<unknown> {
    const { signal, ...plain } = options;
    const ms = (plain.timeoutMs ?? QUERY_TIMEOUT_MS) + WAY_MS;
    return this.#link.call(method, [...args, plain], { signal, ms });
  }
}
