// State over node:sqlite: small durable facts with compare-and-set (placement epochs, silences,
// file positions). WAL with synchronous=FULL, so a write is on the disk when its promise resolves.
// Easy to get wrong: a version must never come twice, even when a key is removed and made again,
// or a late writer would pass for an early one; so versions come from one counter of the whole
// file.
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { MonError, assert, messageOf } from '../errors.ts';
import type { FailureCode } from '../errors.ts';
import type { StateChange } from '../model/state-change.ts';
import type { State, StateEntry } from '../ports.ts';

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 1), last INTEGER NOT NULL);
  INSERT OR IGNORE INTO counter VALUES (1, 0);
`;

/** How long a write waits for another process that holds the file, ms. */
const BUSY_MS_MAX = 5000;

/**
 * SQLite's primary result codes (sqlite.org/rescode.html) that mean more than "the disk failed".
 */
const CODES = new Map<number, readonly [FailureCode, string]>([
  [3, ['MON_DISK_FORBIDDEN', 'give this user the right to read and write there']],
  [5, ['MON_TIMEOUT', 'another process holds the file; try again']],
  [8, ['MON_DISK_FORBIDDEN', 'give this user the right to write there']],
  [13, ['MON_DISK_FULL', 'free some space on that file system']],
  [14, ['MON_DISK_FORBIDDEN', 'check that the folder is there and may be written']],
]);

function stateFailure(thrown: unknown, path: string): unknown {
  const error = thrown as { code?: unknown; errcode?: unknown } | null;
  if (error?.code !== 'ERR_SQLITE_ERROR' || typeof error.errcode !== 'number') return thrown;
  const known = CODES.get(error.errcode & 0xff);
  const words = `cannot use the state file ${path}: ${messageOf(thrown)}`;
  const hint = known?.[1] ?? 'look at the health of that disk, or restore the file from a copy';
  const fields = { path, sqlite: error.errcode };
  return new MonError(known?.[0] ?? 'MON_DISK_FAILED', words, { cause: thrown, hint, fields });
}

interface Row {
  readonly key: string;
  readonly value: string;
  readonly version: number;
}

interface Statements {
  readonly get: StatementSync;
  readonly from: StatementSync;
  readonly next: StatementSync;
  readonly put: StatementSync;
  readonly remove: StatementSync;
}

/** Opens or makes the file. Keys sort by their UTF-8 bytes. */
export class SqliteState implements State {
  readonly #path: string;
  readonly #base: DatabaseSync;
  readonly #statements: Statements;
  #open = true;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#base = new DatabaseSync(path, { timeout: BUSY_MS_MAX });
      this.#base.exec(SCHEMA);
      const sql = (text: string): StatementSync => this.#base.prepare(text);
      this.#statements = {
        get: sql('SELECT value, version FROM entries WHERE key = ?'),
        from: sql('SELECT key, value, version FROM entries WHERE key >= ? ORDER BY key'),
        next: sql('UPDATE counter SET last = last + 1 RETURNING last'),
        put: sql('INSERT OR REPLACE INTO entries (key, value, version) VALUES (?, ?, ?)'),
        remove: sql('DELETE FROM entries WHERE key = ?'),
      };
    } catch (thrown) {
      throw stateFailure(thrown, path);
    }
  }

  async get(key: string): Promise<StateEntry | undefined> {
    return this.#guard(() => {
      const row = this.#statements.get.get(key) as Row | undefined;
      return row && { value: row.value, version: row.version };
    });
  }

  async list(prefix: string): Promise<readonly (readonly [string, StateEntry])[]> {
    return this.#guard(() => {
      const out: [string, StateEntry][] = [];
      for (const row of this.#statements.from.iterate(prefix)) {
        const { key, value, version } = row as unknown as Row;
        if (!key.startsWith(prefix)) break;
        out.push([key, { value, version }]);
      }
      return out;
    });
  }

  async compareAndSet(key: string, value: string, expected: number): Promise<number> {
    return this.commit([{ key, value, expected }]);
  }

  async remove(key: string, expected: number): Promise<void> {
    await this.commit([{ key, value: undefined, expected }]);
  }

  async commit(changes: readonly StateChange[]): Promise<number> {
    return this.#transaction(() => {
      for (const { key, expected } of changes) this.#check(key, expected);
      const { last } = this.#statements.next.get() as { last: number };
      for (const { key, value } of changes) {
        if (value === undefined) this.#statements.remove.run(key);
        else this.#statements.put.run(key, value, last);
      }
      return last;
    });
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#guardAlways(() => this.#base.close());
  }

  #check(key: string, expected: number): void {
    const row = this.#statements.get.get(key) as Row | undefined;
    const stored = row?.version ?? 0;
    if (stored === expected) return;
    throw new MonError('MON_STATE_CONFLICT', `another writer changed ${key} first`, {
      fields: { key, expected, stored },
    });
  }

  /** One write transaction: takes the write lock first, so that what it compares cannot move. */
  #transaction<T>(write: () => T): T {
    return this.#guard(() => {
      this.#base.exec('BEGIN IMMEDIATE');
      try {
        const out = write();
        this.#base.exec('COMMIT');
        return out;
      } catch (thrown) {
        if (this.#base.isTransaction) this.#base.exec('ROLLBACK');
        throw thrown;
      }
    });
  }

  #guard<T>(call: () => T): T {
    assert(this.#open, 'state is not used after close');
    return this.#guardAlways(call);
  }

  #guardAlways<T>(call: () => T): T {
    try {
      return call();
    } catch (thrown) {
      throw stateFailure(thrown, this.#path);
    }
  }
}
