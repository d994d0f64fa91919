// The variables of a dashboard while it is shown: their values are asked for in the order of the
// file, because one may hang on another, and what is chosen stays chosen while it is there. Easy to
// get wrong: a variable that cannot be asked keeps its last values, and its failure is its own.
import type { Dashboard, DashVariable, ValueSource } from '../../engine/dash/dashboard.ts';
import {
  namesIn,
  substitute,
  type TemplateScope,
  type TemplateTimes,
} from '../../engine/dash/template.ts';
import { chooseFrom, optionsFrom, sourceText } from '../../engine/dash/variables.ts';
import { DASH_VARIABLES_MS } from '../../engine/limits-dash.ts';
import { labelsObject } from '../../engine/model/labels.ts';
import type { Ask } from '../../engine/ports.ts';
import { findPattern } from '../../engine/promql/regexp.ts';
import { givenUp, troubleOf } from './answers.ts';
import type { VariableState } from './dash-snapshot.ts';

/** What to ask names of; times in ms. */
export interface NamesQuestion {
  readonly matches: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  readonly signal: AbortSignal;
}

/** A server's names, as far as variables want them. */
export interface DashNames {
  labelValues(label: string, question: NamesQuestion): Promise<readonly string[]>;
  labelNames(question: NamesQuestion): Promise<readonly string[]>;
}

interface Asking {
  readonly ask: Ask;
  readonly names: DashNames;
  readonly bounded: <T>(ask: (signal: AbortSignal) => Promise<T>) => Promise<T>;
}

interface Kept {
  /** What was asked, and when. */
  asked: string;
  askedMs: number;
}

export class DashVariables {
  readonly #dashboard: Dashboard;
  readonly #asking: Asking;
  readonly #kept = new Map<string, Kept>();
  #states: ReadonlyMap<string, VariableState>;

  constructor(
    dashboard: Dashboard,
    asking: Asking,
    wished: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#dashboard = dashboard;
    this.#asking = asking;
    this.#states = new Map(
      dashboard.variables.map((variable) => [
        variable.name,
        firstState(variable, wished.get(variable.name) ?? variable.current),
      ]),
    );
  }

  /** A new map whenever something changed. */
  get states(): ReadonlyMap<string, VariableState> {
    return this.#states;
  }

  /** The scope that queries are written in. */
  scope(times: TemplateTimes): TemplateScope {
    return { times, variables: this.#states, title: this.#dashboard.title };
  }

  /** Chooses values; what hangs on them is asked anew with the next beat. */
  choose(name: string, values: readonly string[]): void {
    const state = this.#states.get(name);
    if (state === undefined) return;
    const chosen = chooseFrom(state.variable, state.options, values);
    this.#set(name, { ...state, chosen });
  }

  /** Asks for the values that are due. @throws what tells that the server is away. */
  async refresh(times: TemplateTimes, nowMs: number, away: (thrown: unknown) => boolean) {
    for (const variable of this.#dashboard.variables) {
      const { source } = variable;
      if (source === undefined) continue;
      const asked = this.#text(variable, source, times);
      const kept = this.#kept.get(variable.name);
      const fresh = kept !== undefined && nowMs - kept.askedMs < DASH_VARIABLES_MS;
      if (fresh && kept.asked === asked) continue;
      await this.#ask(variable, times, { asked, nowMs, away });
    }
  }

  /** What a variable asks for, with those above it put in. */
  #text(variable: DashVariable, source: ValueSource, times: TemplateTimes): string {
    const text = sourceText(source);
    // Its own name would put its last answer into its next question.
    if (namesIn(text).includes(variable.name)) return text;
    return substitute(text, this.scope(times));
  }

  async #ask(
    variable: DashVariable,
    times: TemplateTimes,
    of: {
      readonly asked: string;
      readonly nowMs: number;
      readonly away: (thrown: unknown) => boolean;
    },
  ): Promise<void> {
    const { name } = variable;
    const { nowMs, asked } = of;
    try {
      const values = await this.#values(variable.source as ValueSource, times);
      const { options, hidden } = optionsFrom(values, variable);
      const state = this.#states.get(name) as VariableState;
      const chosen = chooseFrom(variable, options, state.chosen);
      this.#set(name, { variable, options, chosen, hidden, trouble: undefined });
      this.#kept.set(name, { asked, askedMs: nowMs });
    } catch (thrown) {
      if (givenUp(thrown)) throw thrown;
      const state = this.#states.get(name) as VariableState;
      this.#set(name, { ...state, trouble: troubleOf(thrown, nowMs, state.trouble) });
      if (of.away(thrown)) throw thrown;
    }
  }

  async #values(source: ValueSource, times: TemplateTimes): Promise<readonly string[]> {
    const { ask, names, bounded } = this.#asking;
    const scope = this.scope(times);
    const put = (text: string): string => substitute(text, scope);
    const { startMs, endMs } = times;
    const matching = (selector: string): readonly string[] => {
      const text = put(selector);
      return text === '' ? [] : [text];
    };
    return await bounded(async (signal) => {
      const window = { startMs, endMs, signal };
      switch (source.kind) {
        case 'label_values': {
          const matches = matching(source.selector);
          return await names.labelValues(put(source.label), { ...window, matches });
        }
        case 'label_names':
          return await names.labelNames({ ...window, matches: matching(source.selector) });
        case 'metrics': {
          const all = await names.labelValues('__name__', { ...window, matches: [] });
          const pattern = put(source.pattern);
          return all.filter((name) => findPattern(pattern, name));
        }
        case 'query_result': {
          const { result } = await ask.instant(put(source.expr), endMs, { signal });
          if (result.type === 'scalar') return [`${result.value} ${result.timeMs}`];
          if (result.type !== 'vector') return [];
          const { labels, values } = result.matrix;
          return labels.map((one, i) => seriesLine(labelsObject(one), values[i], result.timeMs));
        }
      }
    });
  }

  #set(name: string, state: VariableState): void {
    const before = this.#states.get(name);
    if (before !== undefined && sameState(before, state)) return;
    const next = new Map(this.#states);
    next.set(name, state);
    this.#states = next;
  }
}

function firstState(variable: DashVariable, wished: readonly string[]): VariableState {
  const { options } = variable;
  const chosen = chooseFrom(variable, options, wished);
  return { variable, options, chosen, trouble: undefined, hidden: 0 };
}

function sameState(a: VariableState, b: VariableState): boolean {
  return (
    a.trouble === b.trouble &&
    a.hidden === b.hidden &&
    a.chosen.join('\u0000') === b.chosen.join('\u0000') &&
    a.options.length === b.options.length &&
    a.options.every(({ value }, i) => value === b.options[i].value)
  );
}

/** `metric{a="b"} value timestamp`, the text that a query_result's regex is written for. */
function seriesLine(labels: Readonly<Record<string, string>>, value: number, ms: number): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
  return `${name}{${pairs.join(',')}} ${value} ${ms}`;
}
