// What stands between the sides of a binary operator: bool, on, ignoring, group_left, group_right,
// fill.
import type { SyntaxNode } from '@lezer/common';
import { isSetOp } from './ast.ts';
import { kidsOf } from './parse-nodes.ts';
import type { BinaryOp, Matching } from './ast.ts';

export interface MatchingReaders {
  readonly names: (node: SyntaxNode) => string[];
  readonly number: (node: SyntaxNode) => number;
}

/** The modifiers of a binary operator from the nodes between it and its right side. */
export function parseMatching(
  nodes: readonly SyntaxNode[],
  op: BinaryOp,
  readers: MatchingReaders,
): { readonly bool: boolean; readonly matching: Matching } {
  const bool = nodes.some((node) => node.name === 'BoolModifier');
  const fills = nodes.filter((node) => node.name === 'FillModifier').flatMap(kidsOf);
  const fill: { fillLeft?: number; fillRight?: number } = {};
  for (const node of fills) {
    const [word, literal] = kidsOf(node);
    const value = readers.number(literal);
    if (word.name !== 'FillRight') fill.fillLeft = value;
    if (word.name !== 'FillLeft') fill.fillRight = value;
  }
  const clause = nodes.find((node) => node.name === 'MatchingModifierClause');
  const card = isSetOp(op) ? 'many-to-many' : 'one-to-one';
  if (clause === undefined) {
    return { bool, matching: { card, on: false, labels: [], include: [], ...fill } };
  }
  const [word, labels, group, include] = kidsOf(clause);
  const groups = { GroupLeft: 'many-to-one', GroupRight: 'one-to-many' } as const;
  const side = group === undefined ? card : groups[group.name as keyof typeof groups];
  const matching: Matching = {
    card: side,
    on: word.name === 'On',
    labels: readers.names(labels),
    include: include === undefined ? [] : readers.names(include),
    ...fill,
  };
  return { bool, matching };
}
