// Decides whether a text may be run: one SELECT statement over the views there are, with no way to
// files, settings or the process. The first of two fences; the second is DuckDB itself, whose
// access to the outside is switched off and locked. Easy to get wrong: a name in FROM that is no
// table is a file for DuckDB.
import { MonError, UserError } from '../errors.ts';
import { SQL_BYTES_MAX } from '../limits-sql.ts';
import { SQL_TABLES } from '../model/sql.ts';
import { isNode, listOf, nodesOf, placeOf, textOf } from './statement-tree.ts';
import type { SerializedSql, TreeNode } from './statement-tree.ts';

/** Functions that make rows of their arguments alone. */
const TABLE_FUNCTIONS = new Set(['range', 'generate_series', 'unnest', 'repeat', 'json_each']);
/** Functions that reach past the statement: settings, the process, sequences, logs, idling. */
const FORBIDDEN_FUNCTIONS = new Set([
  ...['getenv', 'current_setting', 'getvariable', 'nextval', 'currval', 'sleep_ms', 'pg_sleep'],
  ...['write_log', 'txid_current', 'current_connection_id', 'json_execute_serialized_sql'],
  ...['json_serialize_plan', 'parse_duckdb_log_message', 'read_text', 'read_blob', 'setseed'],
]);
const ONLY_SELECT = 'mon sql only reads: it takes one SELECT statement';
const HINT = 'DESCRIBE samples lists the columns of a table';

/** What a statement that may not run says of it: one line with the place. */
function refused(text: string, at: number, words: string): MonError {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = [...before.slice(before.lastIndexOf('\n') + 1)].length + 1;
  return new MonError('MON_QUERY_FAILED', `${line}:${column}: ${words}`, { hint: ONLY_SELECT });
}

/** A mistake of the user with its place. */
export function mistake(text: string, at: number, words: string, hint?: string): UserError {
  const rest = /^(?:[\p{L}\p{N}_]+|.)?/u.exec(text.slice(at))?.[0] ?? '';
  return new UserError(words, {
    source: text,
    start: at,
    end: at + Math.max(1, rest.length),
    hint,
  });
}

/** @throws UserError for an empty or too long text. */
export function checkText(text: string): void {
  if (text.trim() === '') throw new UserError('no statement given', { hint: 'mon sql "SELECT …"' });
  if (Buffer.byteLength(text) > SQL_BYTES_MAX) {
    throw new UserError(`the statement is longer than ${SQL_BYTES_MAX} bytes`);
  }
}

/**
 * The one statement of the text. @throws UserError with the place for a mistake in it, MonError
 * MON_QUERY_FAILED for what may not run.
 */
export function statementOf(text: string, parsed: SerializedSql): TreeNode {
  if (parsed.error) throw parseFailure(text, parsed);
  const [first, second] = parsed.statements ?? [];
  if (first === undefined) throw new UserError('no statement given');
  if (second !== undefined) throw refused(text, secondStatement(text) ?? 0, ONE_AT_A_TIME);
  checkTree(text, first.node);
  return first.node;
}

const ONE_AT_A_TIME = 'only one statement is taken at a time';
/** How texts, quoted names and comments begin, in which a semicolon ends nothing. */
const HELD = /['"]|--|\/\*|\$\w*\$/y;
const ENDS: Readonly<Record<string, string>> = { '--': '\n', '/*': '*/' };

/** Where a statement begins behind another one. */
function secondStatement(text: string): number | undefined {
  let ended = false;
  for (let i = 0; i < text.length;) {
    HELD.lastIndex = i;
    const [open] = HELD.exec(text) ?? [];
    const comment = open === '--' || open === '/*';
    if (ended && !comment && /[^\s;]/.test(text[i])) return i;
    ended ||= open === undefined && text[i] === ';';
    if (open === undefined) {
      i++;
      continue;
    }
    const close = ENDS[open] ?? open;
    const end = text.indexOf(close, i + open.length);
    if (end < 0) return undefined;
    i = end + close.length;
  }
  return undefined;
}

function parseFailure(text: string, parsed: SerializedSql): Error {
  const words = parsed.error_message ?? 'it cannot be read';
  if (parsed.error_type === 'parser') {
    return mistake(text, Math.min(Number(parsed.position ?? 0) || 0, text.length), words);
  }
  const begin = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/.exec(text)?.[0].length ?? 0;
  const after = secondStatement(text);
  if (after !== undefined) return refused(text, after, ONE_AT_A_TIME);
  const word = /^\w+/.exec(text.slice(begin))?.[0].toUpperCase() ?? 'this';
  if (word === 'PIVOT' || word === 'UNPIVOT') {
    const shape = `FROM (${word} … ON … IN (…) USING …)`;
    return refused(text, begin, `${word} is taken as a part of a SELECT only: SELECT * ${shape}`);
  }
  return refused(text, begin, `${word} is not allowed`);
}

function checkTree(text: string, tree: TreeNode): void {
  const names = new Set(SQL_TABLES.map(({ name }) => name));
  for (const node of nodesOf(tree)) {
    for (const { key } of cteEntries(node)) names.add(key.toLowerCase());
  }
  for (const node of nodesOf(tree)) {
    switch (node['type']) {
      case 'BASE_TABLE':
        checkTable(text, node, names);
        break;
      case 'TABLE_FUNCTION':
        checkTableFunction(text, node);
        break;
      case 'SHOW_REF':
        checkShow(text, node);
        break;
      default:
        checkFunction(text, node);
    }
  }
}

function cteEntries(node: TreeNode): readonly { readonly key: string }[] {
  const map = node['cte_map'];
  if (!isNode(map)) return [];
  return listOf(map, 'map').map((entry) => ({ key: textOf(entry, 'key') }));
}

function checkTable(text: string, node: TreeNode, names: ReadonlySet<string>): void {
  const name = textOf(node, 'table_name');
  const schema = textOf(node, 'schema_name');
  const catalog = textOf(node, 'catalog_name');
  if (names.has(name.toLowerCase()) && schema === '' && catalog === '') return;
  const at = placeOf(text, node);
  if (/[./\\*]/.test(name)) throw refused(text, at, `reading files is not allowed: ${name}`);
  const full = [catalog, schema, name].filter((one) => one !== '').join('.');
  const known = SQL_TABLES.map((table) => table.name).join(', ');
  throw mistake(text, at, `there is no table ${full}`, `there are ${known}`);
}

function checkTableFunction(text: string, node: TreeNode): void {
  const call = node['function'];
  const name = isNode(call) ? textOf(call, 'function_name').toLowerCase() : '';
  if (TABLE_FUNCTIONS.has(name)) return;
  throw refused(text, placeOf(text, node), `the function ${name} is not allowed in FROM`);
}

function checkShow(text: string, node: TreeNode): void {
  const kind = node['show_type'];
  if (isNode(node['query']) && (kind === 'DESCRIBE' || kind === 'SUMMARY')) return;
  const known = SQL_TABLES.map((table) => table.name).join(', ');
  throw mistake(text, 0, `this list is not shown here; the tables are ${known}`, HINT);
}

function checkFunction(text: string, node: TreeNode): void {
  if (node['class'] !== 'FUNCTION') return;
  const name = textOf(node, 'function_name').toLowerCase();
  const schema = textOf(node, 'schema');
  const outside = FORBIDDEN_FUNCTIONS.has(name) || (schema !== '' && schema !== 'main');
  if (!outside) return;
  throw refused(text, placeOf(text, node), `the function ${name} is not allowed`);
}
