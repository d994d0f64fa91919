// The tree of a statement as DuckDB's json_serialize_sql tells it, and how to walk it. Between
// DuckDB's parser and the check of what a statement may do. Easy to get wrong: places in the tree
// count bytes of UTF-8, while mistakes are shown at UTF-16 offsets.

/** A node of the tree: what kind it is stands in `class` or `type`. */
export type TreeNode = Readonly<Record<string, unknown>>;

/** What json_serialize_sql answers. */
export interface SerializedSql {
  readonly error: boolean;
  readonly error_type?: string;
  readonly error_message?: string;
  readonly position?: string;
  readonly statements?: readonly { readonly node: TreeNode }[];
}

export function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every node below and including this one. */
export function* nodesOf(value: unknown): Generator<TreeNode, void, void> {
  const waiting: unknown[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) {
      for (const one of next) if (typeof one === 'object' && one !== null) waiting.push(one);
    } else if (isNode(next)) {
      yield next;
      for (const one of Object.values(next)) {
        if (typeof one === 'object' && one !== null) waiting.push(one);
      }
    }
  }
}

/** A text field, or the empty string. */
export function textOf(node: TreeNode, name: string): string {
  const value = node[name];
  return typeof value === 'string' ? value : '';
}

/** The nodes of a list field. */
export function listOf(node: TreeNode, name: string): readonly TreeNode[] {
  const value = node[name];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The names of a column reference: table and column, or the column alone. */
export function columnNames(node: TreeNode): readonly string[] {
  if (node['class'] !== 'COLUMN_REF') return [];
  const names = node['column_names'];
  return Array.isArray(names) ? names.map(String) : [];
}

/** The UTF-16 offset of a place that counts bytes. */
export function offsetAt(text: string, bytes: number): number {
  if (bytes >= Buffer.byteLength(text)) return text.length;
  return Buffer.from(text).subarray(0, Math.max(0, bytes)).toString('utf8').length;
}

/** Where a node stands in the text, as UTF-16 offset; 0 where it does not tell. */
export function placeOf(text: string, node: TreeNode): number {
  const at = node['query_location'];
  return typeof at === 'number' && at <= Buffer.byteLength(text) ? offsetAt(text, at) : 0;
}
