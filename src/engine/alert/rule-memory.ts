// What rules keep in State, in one value that is replaced as a whole: where they stand in the log,
// the last tick, the states of alerts, what was told, and what is still to be told. Written before
// anybody hears of a transition. Easy to get wrong: a value of an unknown version must stop the
// start, not be taken for none.
import { MonError } from '../errors.ts';
import { labelsKey } from '../model/labels.ts';
import type { AlertEvent, Offset, State } from '../ports.ts';
import type { Alert } from './alert-states.ts';
import type { Published, RunningRule } from './running-rule.ts';

interface RuleRecord {
  readonly alerts: readonly Alert[];
  readonly published: readonly Published[];
}

/** All that is kept. */
export interface RuleRecords {
  readonly version: 1;
  readonly offsets: readonly (readonly [partition: number, next: Offset])[];
  /** The newest tick that was evaluated; 0 before the first. */
  readonly tickMs: number;
  /** No step before it is evaluated again. */
  readonly floorMs: number;
  /** Nothing is decided before it. */
  readonly heldUntilMs: number;
  readonly rules: Readonly<Record<string, RuleRecord>>;
  readonly outbox: readonly AlertEvent[];
}

const KEY = 'rules/state';

export const NO_RECORDS: RuleRecords = {
  version: 1,
  offsets: [],
  tickMs: 0,
  floorMs: 0,
  heldUntilMs: 0,
  rules: {},
  outbox: [],
};

/** The one value of State, with the version by which it is replaced. */
export class RuleMemory {
  readonly #state: State;
  #version = 0;

  constructor(state: State) {
    this.#state = state;
  }

  /** @throws MonError when what is there cannot be understood. */
  async load(): Promise<RuleRecords> {
    const entry = await this.#state.get(KEY);
    if (entry === undefined) return NO_RECORDS;
    this.#version = entry.version;
    const records = JSON.parse(entry.value) as RuleRecords;
    if (records.version === 1) return records;
    throw new MonError('MON_CHECKPOINT_CORRUPT', 'the state of the rules is of another version', {
      hint: 'start the mon that wrote it, or remove rules/state from state.db',
    });
  }

  /** Durable when it resolves. @throws MonError, MON_STATE_CONFLICT when another engine writes. */
  async save(records: RuleRecords): Promise<void> {
    const value = JSON.stringify(records);
    this.#version = await this.#state.compareAndSet(KEY, value, this.#version);
  }
}

/** What of a rule is kept; undefined when there is nothing. */
export function recordOf(running: RunningRule): RuleRecord | undefined {
  const alerts = [...running.states.now.values()];
  const published = [...running.published.values()];
  return alerts.length + published.length === 0 ? undefined : { alerts, published };
}

/** Puts a rule where an earlier life left it. */
export function restoreRule(running: RunningRule, record: RuleRecord): void {
  running.states.restore(new Map(record.alerts.map((one) => [labelsKey(one.labels), one])));
  running.published = new Map(record.published.map((one) => [labelsKey(one.labels), one]));
}
