// What rules keep in State: where they stand in the log and the last tick (the head), the alerts of
// each rule on pages, and what is still to be told. One commit each time, of the head and of what
// has changed since. Written before anybody hears of a transition. Easy to get wrong: the head is
// in every commit, since its version is what fences a predecessor; and a value of an unknown
// version must stop the start, not be taken for none.
import { createHash } from 'node:crypto';
import { RULE_OUTBOX_ROWS } from '../limits-alert.ts';
import { labelsKey } from '../model/labels.ts';
import type { StateChange } from '../model/state-change.ts';
import type { AlertEvent, Offset, State } from '../ports.ts';
import type { Alert } from './alert-states.ts';
import { NO_RECORD, corrupt, decodePage, encodePages, pageCount } from './rule-pages.ts';
import { parseRecord, rowCount, touchedPages } from './rule-pages.ts';
import type { RuleRecord } from './rule-pages.ts';
import type { Published, RunningRule } from './running-rule.ts';

/** Where the rules stand as a whole. */
export interface RuleHead {
  readonly offsets: readonly (readonly [partition: number, next: Offset])[];
  /** The newest tick that was evaluated; 0 before the first. */
  readonly tickMs: number;
  /** No step before it is evaluated again. */
  readonly floorMs: number;
  /** Nothing is decided before it. */
  readonly heldUntilMs: number;
}

/** All that is kept. */
export interface RuleRecords extends RuleHead {
  readonly rules: ReadonlyMap<string, RuleRecord>;
  readonly outbox: readonly AlertEvent[];
}

/** The head; until version 1 all was in it. */
const HEAD = 'rules/state';
const PAGES = 'rules/page/';
const OUTBOX = 'rules/outbox/';

export const NO_RECORDS: RuleRecords = {
  ...{ offsets: [], tickMs: 0, floorMs: 0, heldUntilMs: 0 },
  rules: new Map(),
  outbox: [],
};

/** A rule as State has it. */
interface Stored {
  readonly record: RuleRecord;
  readonly pages: number;
  /** Versions of the pages that are there. */
  readonly versions: ReadonlyMap<number, number>;
}

/** Events that were written down together. */
interface Batch {
  readonly number: number;
  readonly version: number;
  readonly events: readonly AlertEvent[];
}

/** The rows of State, with the versions by which they are replaced. */
export class RuleMemory {
  readonly #state: Pick<State, 'get' | 'list' | 'commit'>;
  #version = 0;
  readonly #stored = new Map<string, Stored>();
  #batches: readonly Batch[] = [];

  constructor(state: Pick<State, 'get' | 'list' | 'commit'>) {
    this.#state = state;
  }

  /** @throws MonError when what is there cannot be understood. */
  async load(): Promise<RuleRecords> {
    // The head first: who writes after that makes our next commit fail.
    const entry = await this.#state.get(HEAD);
    if (entry === undefined) return NO_RECORDS;
    this.#version = entry.version;
    const old = oldRecords(entry.value);
    if (old !== undefined) return old;
    const { offsets, tickMs, floorMs, heldUntilMs } = parseRecord(
      entry.value,
    ) as unknown as RuleHead;
    await this.#loadPages();
    await this.#loadOutbox();
    const rules = new Map([...this.#stored].map(([id, { record }]) => [id, record]));
    const outbox = this.#batches.flatMap(({ events }) => events);
    return { offsets, tickMs, floorMs, heldUntilMs, rules, outbox };
  }

  /** Durable when it resolves. @throws MonError, MON_STATE_CONFLICT when another engine writes. */
  async save(
    head: RuleHead,
    rules: Iterable<RunningRule>,
    outbox: readonly AlertEvent[],
  ): Promise<void> {
    const value = JSON.stringify({ version: 2, ...head });
    const changes: StateChange[] = [{ key: HEAD, value, expected: this.#version }];
    const moved = this.#moved(rules, changes);
    const batches = this.#waiting(outbox, changes);
    const version = await this.#state.commit(changes);
    this.#version = version;
    for (const [id, { record, pages, written, versions }] of moved) {
      for (const page of written) versions.set(page, version);
      if (versions.size === 0) this.#stored.delete(id);
      else this.#stored.set(id, { record, pages, versions });
    }
    this.#batches = batches.map((one) => (one.version === 0 ? { ...one, version } : one));
  }

  async #loadPages(): Promise<void> {
    const found = new Map<string, { alerts: [string, Alert][]; told: [string, Published][] }>();
    for (const [, { value, version }] of await this.#state.list(PAGES)) {
      const { rule, page, pages, record } = decodePage(value);
      const rows = found.get(rule) ?? { alerts: [], told: [] };
      found.set(rule, rows);
      rows.alerts.push(...record.alerts);
      rows.told.push(...record.published);
      const versions = new Map(this.#stored.get(rule)?.versions).set(page, version);
      this.#stored.set(rule, { record: NO_RECORD, pages, versions });
    }
    for (const [rule, { alerts, told }] of found) {
      const record = { alerts: new Map(alerts), published: new Map(told) };
      this.#stored.set(rule, { ...(this.#stored.get(rule) as Stored), record });
    }
  }

  async #loadOutbox(): Promise<void> {
    const rows = await this.#state.list(OUTBOX);
    this.#batches = rows.map(([key, { value, version }]) => {
      const { events } = parseRecord(value);
      if (!Array.isArray(events)) throw corrupt('what waits is no list');
      const number = Number(key.slice(OUTBOX.length));
      return { number, version, events: events as AlertEvent[] };
    });
  }

  /** What of the rules differs from State, and the writes that mend it. */
  #moved(rules: Iterable<RunningRule>, changes: StateChange[]) {
    const moved = new Map<string, Moved>();
    const seen = new Set<string>();
    for (const { id, states, published } of rules) {
      seen.add(id);
      const record = { alerts: states.now, published };
      const known = this.#stored.get(id);
      if (known === undefined && record.alerts.size + published.size === 0) continue;
      const before = known?.record ?? NO_RECORD;
      if (before.alerts === record.alerts && before.published === published) continue;
      moved.set(id, this.#move(id, record, changes));
    }
    for (const id of this.#stored.keys()) {
      if (!seen.has(id)) moved.set(id, this.#move(id, NO_RECORD, changes));
    }
    return moved;
  }

  #move(id: string, record: RuleRecord, changes: StateChange[]): Moved {
    const known = this.#stored.get(id);
    const pages = pageCount(rowCount(record), known?.pages ?? 0);
    const versions = new Map(known?.versions ?? []);
    const keyOf = (page: number, of: number): string => `${PAGES}${shortHash(id)}/${of}.${page}`;
    let touched: ReadonlySet<number>;
    if (pages === known?.pages) touched = touchedPages(known.record, record, pages);
    else {
      for (const [page, expected] of versions) {
        changes.push({ key: keyOf(page, known?.pages ?? 0), value: undefined, expected });
      }
      versions.clear();
      touched = new Set(Array.from({ length: pages }, (_, i) => i));
    }
    const texts = encodePages(id, record, pages, touched);
    for (const page of touched) {
      const expected = versions.get(page) ?? 0;
      const value = texts.get(page);
      if (value === undefined && expected === 0) continue;
      changes.push({ key: keyOf(page, pages), value, expected });
      if (value === undefined) versions.delete(page);
    }
    return { record, pages, versions, written: [...texts.keys()] };
  }

  /** The batches of what waits: told ones go, new events are written down together. */
  #waiting(outbox: readonly AlertEvent[], changes: StateChange[]): Batch[] {
    const left = new Set(outbox);
    const kept: Batch[] = [];
    for (const batch of this.#batches) {
      const waits = batch.events.some((one) => left.has(one));
      if (waits) kept.push(batch);
      else changes.push({ key: keyOfBatch(batch), value: undefined, expected: batch.version });
      for (const one of batch.events) left.delete(one);
    }
    const fresh = [...left];
    let number = (this.#batches.at(-1)?.number ?? 0) + 1;
    for (let i = 0; i < fresh.length; i += RULE_OUTBOX_ROWS, number++) {
      const batch = { number, version: 0, events: fresh.slice(i, i + RULE_OUTBOX_ROWS) };
      const value = JSON.stringify({ version: 2, events: batch.events });
      changes.push({ key: keyOfBatch(batch), value, expected: 0 });
      kept.push(batch);
    }
    return kept;
  }
}

interface Moved {
  readonly record: RuleRecord;
  readonly pages: number;
  readonly versions: Map<number, number>;
  readonly written: readonly number[];
}

function keyOfBatch({ number }: Batch): string {
  return OUTBOX + String(number).padStart(12, '0');
}

function shortHash(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32);
}

/** Version 1, one value with everything; undefined when it is a later one. */
function oldRecords(text: string): RuleRecords | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw corrupt('it is no JSON', thrown);
  }
  const old = value as (OldRecords & { readonly version: unknown }) | null;
  if (old?.version !== 1) return undefined;
  const rules = new Map<string, RuleRecord>();
  for (const [id, { alerts, published }] of Object.entries(old.rules)) {
    rules.set(id, {
      alerts: new Map(alerts.map((one) => [labelsKey(one.labels), one])),
      published: new Map(published.map((one) => [labelsKey(one.labels), one])),
    });
  }
  return { ...old, rules };
}

interface OldRecords extends RuleHead {
  readonly rules: Readonly<
    Record<string, { readonly alerts: readonly Alert[]; readonly published: readonly Published[] }>
  >;
  readonly outbox: readonly AlertEvent[];
}

/** Puts a rule where an earlier life left it. */
export function restoreRule(running: RunningRule, { alerts, published }: RuleRecord): void {
  running.states.restore(alerts);
  running.published = published;
}
