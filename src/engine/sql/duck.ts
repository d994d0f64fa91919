// One DuckDB for one statement: opened ahead, filled, then cut off from the outside, asked once and
// thrown away. Runs in a process of its own. Easy to get wrong: settings can only be narrowed, so
// whatever the statement needs to read has to be named before the lock falls.
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import { MonError, UserError, messageOf } from '../errors.ts';
import { mistake } from './check-statement.ts';
import type { SqlSettings } from './sql-protocol.ts';
import { nodesOf, offsetAt } from './statement-tree.ts';
import type { SerializedSql, TreeNode } from './statement-tree.ts';

const LESS = 'ask for less: a shorter time, fewer metrics, or fewer groups';

/** What DuckDB tells of a failure when it is asked for JSON. */
interface ToldFailure {
  readonly exception_type?: string;
  readonly exception_message?: string;
  readonly position?: string;
}

/** A literal of SQL. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export class Duck {
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.connection = connection;
  }

  static async open({ memoryBytes, tempBytes, tempFolder, threads }: SqlSettings): Promise<Duck> {
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      memory_limit: `${Math.floor(memoryBytes / 1024 / 1024)}MiB`,
      max_temp_directory_size: `${Math.floor(tempBytes / 1024 / 1024)}MiB`,
      temp_directory: tempFolder,
      threads: String(threads),
    });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run('SET errors_as_json = true');
    return new Duck(instance, connection);
  }

  /** Text of the first column of the first row. */
  async one(sql: string, values?: DuckDBValue[]): Promise<DuckDBValue | undefined> {
    const reader = await this.connection.runAndReadAll(sql, values);
    return reader.getRows()[0]?.[0];
  }

  async run(sql: string): Promise<void> {
    await this.connection.run(sql);
  }

  async parse(text: string): Promise<SerializedSql> {
    const json = await this.one('SELECT json_serialize_sql($1::VARCHAR)', [text]);
    return JSON.parse(String(json)) as SerializedSql;
  }

  /** Ms of an expression that has no columns in it; undefined when it is no time. */
  async timeOf(expression: TreeNode): Promise<number | undefined> {
    for (const node of nodesOf(expression)) {
      const kind = String(node['class']);
      if (/^(?:COLUMN_REF|SUBQUERY|PARAMETER|LAMBDA|STAR|WINDOW)$/.test(kind)) return undefined;
    }
    try {
      const frame = await this.parse('SELECT 1');
      const [statement] = frame.statements ?? [];
      if (statement === undefined) return undefined;
      const node = { ...statement.node, select_list: [expression] };
      const json = JSON.stringify({ ...frame, statements: [{ ...statement, node }] }, placeless);
      const sql = String(await this.one('SELECT json_deserialize_sql($1::JSON)', [json]));
      const micros = await this.one(`SELECT epoch_us(CAST((${sql}) AS TIMESTAMPTZ))`);
      return typeof micros === 'bigint' ? Number(micros) / 1000 : undefined;
    } catch {
      // Whatever is wrong with it is told when the statement runs.
      return undefined;
    }
  }

  /** From here on nothing outside can be reached but these files. */
  async lock(paths: readonly string[]): Promise<void> {
    await this.run(`SET allowed_paths = [${paths.map(quotedText).join(', ')}]`);
    await this.run('SET enable_external_access = false');
    await this.run('SET lock_configuration = true');
  }

  stream(text: string): Promise<DuckDBResult> {
    return this.connection.stream(text);
  }

  /** Ends what runs: it fails with MON_ABORTED. */
  interrupt(): void {
    this.connection.interrupt();
  }

  close(): void {
    this.connection.closeSync();
    this.#instance.closeSync();
  }
}

/** Places are not read back, and the one that stands for none is no number of JavaScript's. */
function placeless(key: string, value: unknown): unknown {
  return key === 'query_location' ? 0 : value;
}

/** What DuckDB says, as our failure; `text` is what the user wrote. */
export function duckFailure(thrown: unknown, text: string): Error {
  if (thrown instanceof MonError || thrown instanceof UserError) return thrown;
  const told = toldOf(messageOf(thrown));
  if (told === undefined) return thrown instanceof Error ? thrown : new Error(String(thrown));
  const { exception_type: type = '', exception_message: all = '', position } = told;
  const [words = '', ...more] = all.split('\n').filter((line) => line.trim() !== '');
  const hint =
    more
      .slice(0, 3)
      .map((line) => line.trim())
      .join(' ') || undefined;
  if (type === 'INTERRUPT') return new MonError('MON_ABORTED', 'the statement was given up');
  if (type === 'Out of Memory') {
    const why = /temp|disk|directory/i.test(words) ? 'temporary space' : 'memory';
    const told = `the statement needs more ${why} than one may have`;
    return new MonError('MON_QUERY_LIMIT', told, { hint: LESS });
  }
  if (type === 'Permission') {
    return new MonError('MON_QUERY_FAILED', 'reading or writing files is not allowed here');
  }
  const at = position === undefined ? undefined : offsetAt(text, Number(position) || 0);
  const plain = new Set(['Binder', 'Parser', 'Catalog', 'Conversion', 'Invalid Input']);
  plain.add('Out of Range').add('Mismatch Type').add('Not implemented').add('Syntax');
  if (!plain.has(type)) return new MonError('MON_QUERY_FAILED', words || type);
  return at === undefined ? new UserError(words, { hint }) : mistake(text, at, words, hint);
}

function toldOf(message: string): ToldFailure | undefined {
  const at = message.indexOf('{');
  if (at < 0) return undefined;
  try {
    return JSON.parse(message.slice(at)) as ToldFailure;
  } catch {
    return undefined;
  }
}
