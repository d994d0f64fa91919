// The plan of a query as rows of a tree: what each step does and where, what it should cost, what
// it did. For `mon query --explain` and for the prompt. Pure. Easy to get wrong: the text of a
// query comes from outside; who draws a row makes it safe.
import type { Explanation, PlanStep } from '../../engine/model/explanation.ts';
import { childrenOf, type Expr } from '../../engine/promql/ast.ts';
import { typeOf, typeWords } from '../../engine/promql/check.ts';

/** One row: the branches before it, its words, and what comes second to them. */
export interface PlanRow {
  readonly kind: 'step' | 'text' | 'ran' | 'sum';
  readonly lead: string;
  readonly words: string;
  readonly more: string;
}

/** The rows of a plan, and two that sum it up. */
export function planRows(told: Explanation): PlanRow[] {
  const cost = `cost ${count(told.cost)} of at most ${count(told.maxCost)}`;
  const ran = told.ms === undefined ? '' : `, ran in ${duration(told.ms)}`;
  const steps = told.steps === 1 ? 'one instant' : `${told.steps} steps`;
  const kept = told.cacheable ? 'results are kept' : `results are not kept: ${told.whyNot}`;
  return [
    ...stepRows(told.plan, '', ''),
    { kind: 'sum', lead: '', words: `${cost}, ${steps}${ran}`, more: '' },
    { kind: 'sum', lead: '', words: kept, more: '' },
  ];
}

function* stepRows(step: PlanStep, first: string, rest: string): Generator<PlanRow> {
  const { series, samples, cost } = step.estimate;
  const sizes = [`${count(series)} series`];
  if (samples > 0) sizes.push(`${count(samples)} samples`);
  sizes.push(`cost ${count(cost)}`);
  yield { kind: 'step', lead: first, words: step.what, more: `(at most ${sizes.join(', ')})` };
  const { actual, children } = step;
  const lead = `${rest}${children.length > 0 ? '│ ' : '  '}`;
  if (step.text !== '') {
    yield { kind: 'text', lead, words: step.text.replaceAll(/\s+/g, ' '), more: '' };
  }
  if (actual !== undefined) {
    const read = actual.samples > 0 ? `, ${count(actual.samples)} samples read` : '';
    const made = `${count(actual.rows)} rows${read}, ${count(actual.bytes)} bytes`;
    yield { kind: 'ran', lead, words: `ran: ${made}, ${duration(actual.ms)}`, more: '' };
  }
  for (const [i, child] of children.entries()) {
    const last = i === children.length - 1;
    yield* stepRows(child, `${rest}${last ? '└ ' : '├ '}`, `${rest}${last ? '  ' : '│ '}`);
  }
}

/** The rows of the text's own tree, where nobody tells a plan. */
export function syntaxRows(tree: Expr, query: string): PlanRow[] {
  return [...exprRows({ tree, query, first: '', rest: '' })];
}

interface Branch {
  readonly tree: Expr;
  readonly query: string;
  readonly first: string;
  readonly rest: string;
}

function* exprRows({ tree, query, first, rest }: Branch): Generator<PlanRow> {
  if (tree.kind === 'paren') return yield* exprRows({ tree: tree.inner, query, first, rest });
  const words = nameOf(tree);
  yield { kind: 'step', lead: first, words, more: `(${typeWords(typeOf(tree))})` };
  const children = tree.kind === 'range' ? [] : childrenOf(tree);
  const lead = `${rest}${children.length > 0 ? '│ ' : '  '}`;
  const text = query.slice(tree.start, tree.end).replaceAll(/\s+/g, ' ');
  yield { kind: 'text', lead, words: text, more: '' };
  for (const [i, child] of children.entries()) {
    const last = i === children.length - 1;
    yield* exprRows({
      tree: child,
      query,
      first: `${rest}${last ? '└ ' : '├ '}`,
      rest: `${rest}${last ? '  ' : '│ '}`,
    });
  }
}

function nameOf(tree: Expr): string {
  switch (tree.kind) {
    case 'call':
      return tree.fn;
    case 'aggregate':
      return tree.op + (tree.grouped ? ` ${tree.without ? 'without' : 'by'}` : '');
    case 'binary':
    case 'unary':
      return tree.op;
    case 'range':
      return 'range of samples';
    default:
      return tree.kind;
  }
}

/** A count with four digits at most: `1234`, `12.3 k`. */
export function count(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  let unit = 0;
  let rest = value;
  while (rest >= 10_000 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${Number(rest.toPrecision(unit === 0 ? 4 : 3))}${units[unit]}`;
}

function duration(ms: number): string {
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`;
}
