// State over PostgreSQL: what SqliteState is for one machine, for several. One table of entries, a
// version counter for the whole of it, and beside it the incidents as the relation that reports
// and dashboards expect. Easy to get wrong: PostgreSQL's text cannot hold a NUL, so values are
// bytes; and two writers must not both read a version before either has written.
import { Pool } from 'pg';
import type { PoolClient } from 'pg';
import { MonError, assert, messageOf } from '../errors.ts';
import type { StateChange } from '../model/state-change.ts';
import type { State, StateEntry } from '../ports.ts';

/** Any number, the same in every mon: writers wait for one another under it. */
const LOCK = 7_206_659;
const CONNECTIONS_MAX = 4;
const WAIT_MS_MAX = 10_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS mon_entries (
    key bytea PRIMARY KEY, value bytea NOT NULL, version bigint NOT NULL
  );
  CREATE TABLE IF NOT EXISTS mon_counter (id int PRIMARY KEY CHECK (id = 1), last bigint NOT NULL);
  INSERT INTO mon_counter VALUES (1, 0) ON CONFLICT DO NOTHING;
  CREATE OR REPLACE VIEW alert_incidents AS
    SELECT (row->>'id')::bigint AS incident_id,
           row->>'groupKey' AS rule_group,
           row->>'status' AS status,
           row->>'severity' AS severity,
           to_timestamp((row->>'startedAtMs')::float8 / 1000) AS started_at,
           CASE WHEN (row->>'resolvedAtMs')::float8 > 0
             THEN to_timestamp((row->>'resolvedAtMs')::float8 / 1000) END AS resolved_at
      FROM (SELECT replace(convert_from(value, 'UTF8'), '\\u0000', '\\ufffd')::json AS row
              FROM mon_entries
             WHERE key >= 'notify/incident/'::bytea AND key < 'notify/incident0'::bytea) AS rows;
`;

interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly version: string;
}

function failure(thrown: unknown): unknown {
  if (thrown instanceof MonError) return thrown;
  const words = `PostgreSQL: ${messageOf(thrown)}`;
  const { code } = thrown as { code?: unknown };
  const known = typeof code === 'string' ? code : '';
  const more = { cause: thrown, fields: { postgres: known } };
  // Class 28: invalid authorization; class 53: insufficient resources.
  if (known.startsWith('28')) return new MonError('MON_AUTH_REQUIRED', words, more);
  if (known === '53100') return new MonError('MON_DISK_FULL', words, more);
  return new MonError('MON_SERVER_UNREACHABLE', words, more);
}

/** Keys sort by their UTF-8 bytes. */
export class PostgresState implements State {
  readonly #pool: Pool;
  #open = true;

  private constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Connects and makes the tables. @throws MonError when it cannot. */
  static async open(url: string): Promise<PostgresState> {
    const pool = new Pool({
      connectionString: url,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: WAIT_MS_MAX,
      statement_timeout: WAIT_MS_MAX,
    });
    // A connection that breaks while it is idle is replaced by the next question.
    pool.on('error', () => undefined);
    const state = new PostgresState(pool);
    try {
      await state.#locked((client) => client.query(SCHEMA));
    } catch (thrown) {
      await pool.end();
      throw thrown;
    }
    return state;
  }

  async get(key: string): Promise<StateEntry | undefined> {
    const text = 'SELECT key, value, version FROM mon_entries WHERE key = $1';
    const [row] = await this.#rows(text, [Buffer.from(key)]);
    return row && entryOf(row);
  }

  async list(prefix: string): Promise<readonly (readonly [string, StateEntry])[]> {
    const from = Buffer.from(prefix);
    const text = `SELECT key, value, version FROM mon_entries
      WHERE substring(key FROM 1 FOR $2) = $1 ORDER BY key`;
    const rows = await this.#rows(text, [from, from.length]);
    return rows.map((row) => [row.key.toString('utf8'), entryOf(row)]);
  }

  async compareAndSet(key: string, value: string, expected: number): Promise<number> {
    return await this.commit([{ key, value, expected }]);
  }

  async remove(key: string, expected: number): Promise<void> {
    await this.commit([{ key, value: undefined, expected }]);
  }

  async commit(changes: readonly StateChange[]): Promise<number> {
    return await this.#locked(async (client) => {
      await check(client, changes);
      const next = 'UPDATE mon_counter SET last = last + 1 RETURNING last';
      const version = Number((await client.query<{ last: string }>(next)).rows[0].last);
      const gone = changes.filter(({ value }) => value === undefined);
      const kept = changes.filter(({ value }) => value !== undefined);
      const keys = (list: readonly StateChange[]): Buffer[] =>
        list.map(({ key }) => Buffer.from(key));
      if (gone.length > 0) {
        await client.query('DELETE FROM mon_entries WHERE key = ANY($1::bytea[])', [keys(gone)]);
      }
      if (kept.length > 0) {
        const values = kept.map(({ value }) => Buffer.from(value as string));
        await client.query(
          `INSERT INTO mon_entries SELECT *, $3::bigint FROM unnest($1::bytea[], $2::bytea[])
           ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, version = EXCLUDED.version`,
          [keys(kept), values, version],
        );
      }
      return version;
    });
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#pool.end();
  }

  async #rows(text: string, values: unknown[]): Promise<Row[]> {
    assert(this.#open, 'state is not used after close');
    try {
      return (await this.#pool.query<Row>(text, values)).rows;
    } catch (thrown) {
      throw failure(thrown);
    }
  }

  /** One transaction at a time, in all processes together. Durable when it resolves. */
  async #locked<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    assert(this.#open, 'state is not used after close');
    let client: PoolClient | undefined;
    let broken: Error | undefined;
    try {
      client = await this.#pool.connect();
      await client.query('BEGIN');
      await client.query('SET LOCAL synchronous_commit = on');
      await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      const out = await work(client);
      await client.query('COMMIT');
      return out;
    } catch (thrown) {
      await client?.query('ROLLBACK').catch((error: Error) => (broken = error));
      throw failure(thrown);
    } finally {
      client?.release(broken);
    }
  }
}

function entryOf(row: Row): StateEntry {
  return { value: row.value.toString('utf8'), version: Number(row.version) };
}

async function check(client: PoolClient, changes: readonly StateChange[]): Promise<void> {
  const keys = changes.map(({ key }) => Buffer.from(key));
  const text = 'SELECT key, version FROM mon_entries WHERE key = ANY($1::bytea[])';
  const { rows } = await client.query<Row>(text, [keys]);
  const stored = new Map(rows.map((row) => [row.key.toString('utf8'), Number(row.version)]));
  for (const { key, expected } of changes) {
    const found = stored.get(key) ?? 0;
    if (found === expected) continue;
    throw new MonError('MON_STATE_CONFLICT', `another writer changed ${key} first`, {
      fields: { key, expected, stored: found },
    });
  }
}
