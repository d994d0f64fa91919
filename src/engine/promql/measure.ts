// The root of a query, watched: how long each node took and what it made. For `explain` with
// analyze; a plain query runs the root itself. Easy to get wrong: the time of a node holds that of
// the nodes under it.
import { Root } from './root.ts';
import type { PlanNode } from './plan-node.ts';
import type { StepActual } from '../model/explanation.ts';
import type { Value } from './vector.ts';

export class MeasuredRoot extends Root {
  readonly actuals = new Map<PlanNode, StepActual>();
  /** Monotonic ms; handed in after the root was made. */
  monotonic: () => number = () => 0;

  override evaluate(node: PlanNode): Value {
    const begin = this.monotonic();
    const value = super.evaluate(node);
    const ms = this.monotonic() - begin;
    this.actuals.set(node, { ...sizeOf(value), samples: 0, ms });
    return value;
  }
}

function sizeOf(value: Value): { rows: number; bytes: number } {
  switch (value.type) {
    case 'string':
      return { rows: 1, bytes: value.text.length };
    case 'scalar':
      return { rows: 1, bytes: value.values.byteLength };
    case 'vector': {
      const { labels, values, present } = value.vector;
      return { rows: labels.length, bytes: values.byteLength + present.length };
    }
  }
}
