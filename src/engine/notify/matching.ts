// Matchers made ready for use, and the way of an alert through the routing tree. Easy to get wrong:
// a label that is not there is the empty string, the first child that matches ends the walk unless
// it says continue, and a node handles what none of its children does.
import { labelValue } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { matcherTest } from '../promql/regexp.ts';
import type { RouteNode } from './routing.ts';

export type LabelTest = (labels: Labels) => boolean;

/** True for label sets that pass all matchers; without matchers, for all. */
export function labelTest(matchers: readonly Matcher[]): LabelTest {
  const tests = matchers.map((matcher) => {
    const test = matcherTest(matcher);
    return (labels: Labels): boolean => test(labelValue(labels, matcher.name));
  });
  return (labels) => tests.every((test) => test(labels));
}

/** The tree with its matchers compiled. */
export class RouteTree {
  readonly root: RouteNode;
  readonly #tests = new Map<RouteNode, LabelTest>();
  readonly #nodes = new Map<string, RouteNode>();

  constructor(root: RouteNode) {
    this.root = root;
    this.#add(root);
  }

  /** The nodes that handle an alert, in the file's order. */
  handlersOf(labels: Labels): RouteNode[] {
    return this.#walk(this.root, labels);
  }

  /** The node that a group was made by; undefined when the file no longer has it. */
  node(key: string, receiver: string): RouteNode | undefined {
    return this.#nodes.get(`${key} ${receiver}`);
  }

  #add(node: RouteNode): void {
    this.#tests.set(node, labelTest(node.matchers));
    const name = `${node.key} ${node.receiver}`;
    if (!this.#nodes.has(name)) this.#nodes.set(name, node);
    for (const child of node.routes) this.#add(child);
  }

  #walk(node: RouteNode, labels: Labels): RouteNode[] {
    if (this.#tests.get(node)?.(labels) !== true) return [];
    const out: RouteNode[] = [];
    for (const child of node.routes) {
      const found = this.#walk(child, labels);
      out.push(...found);
      if (found.length > 0 && !child.continues) break;
    }
    return out.length > 0 ? out : [node];
  }
}

/** The labels that name the group of an alert at a node. */
export function groupLabels(node: RouteNode, labels: Labels): Labels {
  if (node.groupBy === 'all') return labels;
  const wanted = new Set(node.groupBy);
  const out: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (wanted.has(labels[i])) out.push(labels[i], labels[i + 1]);
  }
  return out;
}
