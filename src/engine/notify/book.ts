// All records of the notifier, in memory and in State. Changes are made in a transaction: they are
// seen by the rest only when the commit is durable, and not at all when it fails. Transactions run
// one after the other. Easy to get wrong: nothing may be sent or answered from inside one; what
// follows from it runs after its commit.
import { MonError, assert } from '../errors.ts';
import type { StateChange } from '../model/state-change.ts';
import type { State } from '../ports.ts';
import { PREFIXES } from './records.ts';
import type {
  AlertRecord,
  GroupRecord,
  IncidentRecord,
  MetaRecord,
  SendRecord,
  SilenceRecord,
} from './records.ts';

/** Records of one kind as they were committed. */
export class Table<T> {
  readonly prefix: string;
  readonly rows = new Map<string, T>();
  readonly versions = new Map<string, number>();
  readonly idOf: (row: T) => string;

  constructor(prefix: string, idOf: (row: T) => string) {
    this.prefix = prefix;
    this.idOf = idOf;
  }
}

/** A table as one transaction sees it. */
class View<T> {
  readonly table: Table<T>;
  readonly changed = new Map<string, T | undefined>();

  constructor(table: Table<T>) {
    this.table = table;
  }

  get(id: string): T | undefined {
    return this.changed.has(id) ? this.changed.get(id) : this.table.rows.get(id);
  }

  set(row: T): void {
    this.changed.set(this.table.idOf(row), row);
  }

  delete(id: string): void {
    this.changed.set(id, undefined);
  }

  /** All rows, with what this transaction changed. */
  *all(): Iterable<T> {
    for (const [id, row] of this.table.rows) if (!this.changed.has(id)) yield row;
    for (const row of this.changed.values()) if (row !== undefined) yield row;
  }

  changes(): StateChange[] {
    const { prefix, versions, rows } = this.table;
    const out: StateChange[] = [];
    for (const [id, row] of this.changed) {
      if (row === undefined && !rows.has(id)) continue;
      const value = row === undefined ? undefined : JSON.stringify(row);
      out.push({ key: prefix + id, value, expected: versions.get(id) ?? 0 });
    }
    return out;
  }

  apply(version: number): void {
    for (const [id, row] of this.changed) {
      if (row === undefined) {
        this.table.rows.delete(id);
        this.table.versions.delete(id);
      } else {
        this.table.rows.set(id, row);
        this.table.versions.set(id, version);
      }
    }
  }
}

export interface Transaction {
  readonly alerts: View<AlertRecord>;
  readonly groups: View<GroupRecord>;
  readonly sends: View<SendRecord>;
  readonly incidents: View<IncidentRecord>;
  readonly silences: View<SilenceRecord>;
  readonly meta: View<MetaRecord>;
  /** Runs when the commit is durable, in memory's new state. */
  after(call: () => void): void;
}

export class Book {
  readonly alerts = new Table<AlertRecord>(PREFIXES.alert, (row) => row.fingerprint);
  readonly groups = new Table<GroupRecord>(PREFIXES.group, (row) => row.id);
  readonly sends = new Table<SendRecord>(PREFIXES.send, (row) => row.id);
  readonly incidents = new Table<IncidentRecord>(PREFIXES.incident, (row) => row.id);
  readonly silences = new Table<SilenceRecord>(PREFIXES.silence, (row) => row.id);
  readonly meta = new Table<MetaRecord>(PREFIXES.meta, (row) => row.id);
  /** Members of each group: fingerprints. Follows the groups of the alerts. */
  readonly members = new Map<string, Set<string>>();
  /** Undelivered notifications of each group: ids. */
  readonly waiting = new Map<string, Set<string>>();
  readonly #state: State;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(state: State) {
    this.#state = state;
  }

  /** Reads everything; what another process wrote replaces what is here. */
  async load(): Promise<void> {
    for (const table of this.#tables()) {
      table.rows.clear();
      table.versions.clear();
      for (const [key, { value, version }] of await this.#state.list(table.prefix)) {
        const id = key.slice(table.prefix.length);
        table.rows.set(id, JSON.parse(value) as never);
        table.versions.set(id, version);
      }
    }
    this.members.clear();
    this.waiting.clear();
    for (const alert of this.alerts.rows.values()) this.#join(alert);
    for (const send of this.sends.rows.values()) addTo(this.waiting, send.group, send.id);
  }

  /**
   * Runs `work` alone; what it changed is durable when this resolves. Nothing is changed when it
   * throws. @throws MonError MON_STATE_CONFLICT when another process wrote meanwhile; memory then
   * has what that one wrote.
   */
  transact<T>(work: (tx: Transaction) => T): Promise<T> {
    const run = this.#tail.then(() => this.#run(work));
    this.#tail = run.catch(() => undefined);
    return run;
  }

  /** Resolves when all transactions so far have ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }

  async #run<T>(work: (tx: Transaction) => T): Promise<T> {
    const calls: (() => void)[] = [];
    const tx: Transaction = {
      alerts: new View(this.alerts),
      groups: new View(this.groups),
      sends: new View(this.sends),
      incidents: new View(this.incidents),
      silences: new View(this.silences),
      meta: new View(this.meta),
      after: (call) => void calls.push(call),
    };
    const out = work(tx);
    const views = [tx.alerts, tx.groups, tx.sends, tx.incidents, tx.silences, tx.meta];
    const changes = views.flatMap((view) => (view as View<unknown>).changes());
    if (changes.length > 0) {
      const version = await this.#commit(changes);
      this.#moveMembers(tx.alerts);
      this.#moveWaiting(tx.sends);
      for (const view of views) view.apply(version);
    }
    for (const call of calls) call();
    return out;
  }

  async #commit(changes: readonly StateChange[]): Promise<number> {
    try {
      return await this.#state.commit(changes);
    } catch (thrown) {
      if (thrown instanceof MonError && thrown.code === 'MON_STATE_CONFLICT') await this.load();
      throw thrown;
    }
  }

  #moveMembers(view: View<AlertRecord>): void {
    for (const [id, row] of view.changed) {
      for (const group of this.alerts.rows.get(id)?.groups ?? []) {
        removeFrom(this.members, group, id);
      }
      if (row !== undefined) this.#join(row);
    }
  }

  #join(alert: AlertRecord): void {
    for (const group of alert.groups) addTo(this.members, group, alert.fingerprint);
  }

  #moveWaiting(view: View<SendRecord>): void {
    for (const [id, row] of view.changed) {
      const before = this.sends.rows.get(id);
      if (before !== undefined) removeFrom(this.waiting, before.group, id);
      if (row !== undefined) addTo(this.waiting, row.group, id);
    }
  }

  #tables(): readonly Table<unknown>[] {
    const { alerts, groups, sends, incidents, silences, meta } = this;
    const all = [alerts, groups, sends, incidents, silences, meta] as unknown as Table<unknown>[];
    assert(new Set(all.map((table) => table.prefix)).size === all.length, 'prefixes differ');
    return all;
  }
}

function addTo(index: Map<string, Set<string>>, key: string, id: string): void {
  let set = index.get(key);
  if (set === undefined) index.set(key, (set = new Set()));
  set.add(id);
}

function removeFrom(index: Map<string, Set<string>>, key: string, id: string): void {
  const set = index.get(key);
  set?.delete(id);
  if (set?.size === 0) index.delete(key);
}
