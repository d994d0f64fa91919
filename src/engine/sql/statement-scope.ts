// What a statement needs of each table: a stretch of time and some series, read from the WHERE
// clauses of its tree. From the tree to questions for the store. Easy to get wrong: only what every
// row of the answer has to fulfil may narrow a table, so a doubt widens it; DuckDB applies the
// whole WHERE again anyway.
import { NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { SQL_TABLES } from '../model/sql.ts';
import { columnNames, isNode, listOf, nodesOf, textOf } from './statement-tree.ts';
import type { TreeNode } from './statement-tree.ts';

/** What of one table is needed. */
export interface TableScope {
  readonly table: string;
  readonly minMs: number;
  readonly maxMs: number;
  readonly selections: readonly (readonly Matcher[])[];
}

export interface StatementScope {
  readonly tables: readonly TableScope[];
  /** False when nothing but times and values is looked at. */
  readonly named: boolean;
}

/** The time in ms that an expression without columns stands for; undefined when it is none. */
export type TimeOf = (expression: TreeNode) => Promise<number | undefined>;

interface Bounds {
  minMs: number;
  maxMs: number;
  readonly matchers: Matcher[];
}

const PLAIN_COLUMNS = new Set(['ts', 'value', 'histogram']);
/** Nodes that look at columns which they do not name. */
const WIDE_NODES = new Set(['SHOW_REF', 'PIVOT']);
const TABLES = new Set(SQL_TABLES.map(({ name }) => name));

/** Reads the scope of a checked statement. */
export async function scopeOf(tree: TreeNode, timeOf: TimeOf): Promise<StatementScope> {
  const found = new Map<string, Bounds[]>();
  const add = (table: string, bounds: Bounds): void => {
    const list = found.get(table);
    if (list === undefined) found.set(table, [bounds]);
    else list.push(bounds);
  };
  const seen = new Set<TreeNode>();
  for (const node of nodesOf(tree)) {
    if (node['type'] !== 'SELECT_NODE' || !isNode(node['from_table'])) continue;
    for (const [ref, bounds] of await boundsOf(node, node['from_table'], timeOf)) {
      seen.add(ref);
      add(textOf(ref, 'table_name').toLowerCase(), bounds);
    }
  }
  for (const node of nodesOf(tree)) {
    const name = textOf(node, 'table_name').toLowerCase();
    if (node['type'] !== 'BASE_TABLE' || seen.has(node) || !TABLES.has(name)) continue;
    add(name, unbounded());
  }
  const tables = [...found].map(([table, list]): TableScope => ({
    table,
    minMs: Math.min(...list.map(({ minMs }) => minMs)),
    maxMs: Math.max(...list.map(({ maxMs }) => maxMs)),
    selections: selectionsOf(list),
  }));
  return { tables, named: looksAtNames(tree) };
}

function unbounded(): Bounds {
  return { minMs: -Infinity, maxMs: Infinity, matchers: [] };
}

function selectionsOf(list: readonly Bounds[]): Matcher[][] {
  if (list.some(({ matchers }) => matchers.length === 0)) return [[]];
  const known = new Map(list.map(({ matchers }) => [JSON.stringify(matchers), matchers]));
  return [...known.values()];
}

function looksAtNames(tree: TreeNode): boolean {
  for (const node of nodesOf(tree)) {
    if (node['class'] === 'STAR' || WIDE_NODES.has(String(node['type']))) return true;
    if (node['ref_type'] === 'NATURAL' || renames(node)) return true;
    const names = columnNames(node);
    if (names.length > 0 && !PLAIN_COLUMNS.has(names[names.length - 1].toLowerCase())) return true;
    if (Array.isArray(node['using_columns']) && node['using_columns'].length > 0) return true;
  }
  return false;
}

/** The relations that a FROM joins; undefined when the way of joining forbids to narrow any. */
function relationsOf(from: TreeNode): TreeNode[] | undefined {
  if (from['type'] !== 'JOIN') return [from];
  // What a row of an ASOF join is joined with depends on rows that WHERE would take away.
  if (from['ref_type'] === 'ASOF' || from['ref_type'] === 'POSITIONAL') return undefined;
  const sides = [from['left'], from['right']].map((side) =>
    isNode(side) ? relationsOf(side) : undefined,
  );
  if (sides.includes(undefined)) return undefined;
  return sides.flatMap((side) => side ?? []);
}

async function boundsOf(
  select: TreeNode,
  from: TreeNode,
  timeOf: TimeOf,
): Promise<Map<TreeNode, Bounds>> {
  const out = new Map<TreeNode, Bounds>();
  const relations = relationsOf(from);
  if (relations === undefined) return out;
  const where = isNode(select['where_clause']) ? conjuncts(select['where_clause']) : [];
  for (const relation of relations) {
    const table = textOf(relation, 'table_name').toLowerCase();
    const plain = relation['type'] === 'BASE_TABLE' && TABLES.has(table);
    // A sample of a table is taken before WHERE.
    if (!plain || isNode(relation['sample']) || renames(relation)) continue;
    const alias = textOf(relation, 'alias').toLowerCase() || table;
    const bounds = unbounded();
    const isOf = (node: unknown, column: string): boolean =>
      isNode(node) && isColumn(node, column, { alias, alone: relations.length === 1 });
    for (const condition of where) await narrow(bounds, condition, isOf, timeOf);
    out.set(relation, bounds);
  }
  return out;
}

/** A bare name may be any relation's where there are several. */
function isColumn(
  node: TreeNode,
  column: string,
  { alias, alone }: { readonly alias: string; readonly alone: boolean },
): boolean {
  const names = columnNames(node).map((name) => name.toLowerCase());
  if (names.at(-1) !== column) return false;
  return names.length === 1 ? alone : names.length === 2 && names[0] === alias;
}

/** `samples AS s(a, b)`: the columns have other names then. */
function renames(node: TreeNode): boolean {
  const names = node['column_name_alias'];
  return Array.isArray(names) && names.length > 0;
}

function conjuncts(node: TreeNode): TreeNode[] {
  if (node['type'] !== 'CONJUNCTION_AND') return [node];
  return listOf(node, 'children').flatMap(conjuncts);
}

type IsOf = (node: unknown, column: string) => boolean;

const MIRRORED: Readonly<Record<string, string>> = {
  COMPARE_GREATERTHAN: 'COMPARE_LESSTHAN',
  COMPARE_GREATERTHANOREQUALTO: 'COMPARE_LESSTHANOREQUALTO',
  COMPARE_LESSTHAN: 'COMPARE_GREATERTHAN',
  COMPARE_LESSTHANOREQUALTO: 'COMPARE_GREATERTHANOREQUALTO',
  COMPARE_EQUAL: 'COMPARE_EQUAL',
};

async function narrow(bounds: Bounds, node: TreeNode, isOf: IsOf, timeOf: TimeOf): Promise<void> {
  if (node['class'] === 'BETWEEN' && isOf(node['input'], 'ts')) {
    await narrowTime(bounds, 'COMPARE_GREATERTHANOREQUALTO', node['lower'], timeOf);
    await narrowTime(bounds, 'COMPARE_LESSTHANOREQUALTO', node['upper'], timeOf);
    return;
  }
  if (node['type'] === 'COMPARE_IN') return narrowByList(bounds, node, isOf);
  if (node['class'] !== 'COMPARISON') return;
  const { left, right } = node as { left?: unknown; right?: unknown };
  const type = String(node['type']);
  if (isOf(left, 'ts')) return narrowTime(bounds, type, right, timeOf);
  if (isOf(right, 'ts')) return narrowTime(bounds, MIRRORED[type] ?? '', left, timeOf);
  if (type !== 'COMPARE_EQUAL') return;
  narrowByEqual(bounds, left, right, isOf);
  narrowByEqual(bounds, right, left, isOf);
}

async function narrowTime(
  bounds: Bounds,
  type: string,
  expression: unknown,
  timeOf: TimeOf,
): Promise<void> {
  if (!isNode(expression) || !(type in MIRRORED)) return;
  const ms = await timeOf(expression);
  if (ms === undefined) return;
  // Whole ms around it: DuckDB compares to the microsecond itself.
  if (type !== 'COMPARE_LESSTHAN' && type !== 'COMPARE_LESSTHANOREQUALTO') {
    bounds.minMs = Math.max(bounds.minMs, Math.floor(ms));
  }
  if (type !== 'COMPARE_GREATERTHAN' && type !== 'COMPARE_GREATERTHANOREQUALTO') {
    bounds.maxMs = Math.min(bounds.maxMs, Math.ceil(ms));
  }
}

/** The text of a constant; undefined for all else. */
function constantText(node: unknown): string | undefined {
  if (!isNode(node) || node['class'] !== 'CONSTANT' || !isNode(node['value'])) return undefined;
  const { value, is_null: isNull } = node['value'] as { value?: unknown; is_null?: unknown };
  return typeof value === 'string' && isNull !== true && value !== '' ? value : undefined;
}

function narrowByEqual(bounds: Bounds, column: unknown, other: unknown, isOf: IsOf): void {
  const value = constantText(other);
  if (value === undefined || !isNode(column)) return;
  if (isOf(column, 'metric')) {
    bounds.matchers.push({ name: NAME, op: '=', value });
    return;
  }
  if (column['type'] !== 'ARRAY_EXTRACT') return;
  const [map, key] = listOf(column, 'children');
  const name = constantText(key);
  if (name === undefined || name === NAME || !isOf(map, 'labels')) return;
  bounds.matchers.push({ name, op: '=', value });
}

/** `metric IN ('a', 'b')`: as one pattern, so that it stays one selection. */
function narrowByList(bounds: Bounds, node: TreeNode, isOf: IsOf): void {
  const [column, ...items] = listOf(node, 'children');
  const values = items.map(constantText);
  if (!isOf(column, 'metric') || values.length === 0 || values.includes(undefined)) return;
  const value = values.map((text) => quoted(text ?? '')).join('|');
  bounds.matchers.push({ name: NAME, op: '=~', value });
}

/** A text as a pattern that matches it alone. */
function quoted(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
