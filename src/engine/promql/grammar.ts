// The official grammar's tree of a query. The grammar stops after some 200 to 500 operators of one
// chain, to spare those who walk its trees by calling themselves; nobody here does, and parse.ts
// bounds the height of what comes out. Easy to get wrong: its count is its own field, so that a
// version without it must only bring the old bound back.
import { parser } from '@prometheus-io/lezer-promql';
import type { PartialParse, Tree } from '@lezer/common';

export function grammarTree(text: string): Tree {
  const run = parser.startParse(text) as PartialParse & { bigReductionCount?: number };
  for (;;) {
    const tree = run.advance();
    if (tree !== null) return tree;
    if (run.bigReductionCount !== undefined) run.bigReductionCount = 0;
  }
}
