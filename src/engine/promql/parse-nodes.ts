// Small readers of the grammar's tree that all parts of the parser use. Easy to get wrong: brackets
// and commas are no nodes, comments are.
import type { SyntaxNode } from '@lezer/common';
import { assert } from '../errors.ts';

/** The text that is parsed, and how deep the parser stands in it. */
export interface Source {
  readonly text: string;
  depth: number;
}

/** The children of a node without comments. Brackets and commas are no nodes. */
export function kidsOf(node: SyntaxNode): SyntaxNode[] {
  const out: SyntaxNode[] = [];
  for (let kid = node.firstChild; kid !== null; kid = kid.nextSibling) {
    if (kid.name !== 'LineComment') out.push(kid);
  }
  return out;
}

export function textOf(node: SyntaxNode, source: Source): string {
  return source.text.slice(node.from, node.to);
}

/** The arguments of a call or an aggregation among its children. */
export function bodyOf(kids: readonly SyntaxNode[]): SyntaxNode {
  const body = kids.find((kid) => kid.name === 'FunctionCallBody');
  assert(body !== undefined, 'a call has a body');
  return body;
}
