// Syntax tree -> text over several lines where one line would be long, broken and indented as
// Prometheus does it: for /api/v1/format_query. Easy to get wrong: a node is broken when its own
// text is too long, whatever depth it stands at, and the sides of an operator move in by one step.
import { format } from './format.ts';
import type { Aggregate, Binary, Expr } from './ast.ts';

/** Longer nodes are broken. */
const LINE_MAX = 100;

/** The expression, broken where a part has more than 100 characters. */
export function pretty(expr: Expr, level = 0): string {
  const indent = '  '.repeat(level);
  const text = format(expr);
  const short = Buffer.byteLength(text) <= LINE_MAX;
  switch (expr.kind) {
    case 'unary':
      return indent + expr.op + pretty(expr.inner, level).trim();
    case 'subquery':
      // As in Prometheus, only a broken one is indented.
      return short ? text : pretty(expr.inner, level) + text.slice(format(expr.inner).length);
    case 'aggregate':
      return short ? indent + text : indent + aggregate(expr, level, indent);
    case 'binary':
      return short ? indent + text : binary(expr, level, indent);
    case 'call': {
      if (short) return indent + text;
      const args = expr.args.map((arg) => pretty(arg, level + 1)).join(',\n');
      return `${indent}${expr.fn}(\n${args}\n${indent})`;
    }
    case 'paren':
      if (short) return indent + text;
      return `${indent}(\n${pretty(expr.inner, level + 1)}\n${indent})`;
    default:
      return indent + text;
  }
}

function aggregate(expr: Aggregate, level: number, indent: string): string {
  const param = expr.param === undefined ? '' : `${format(expr.param)}, `;
  const tail = `(${param}${format(expr.inner)})`;
  const head = format(expr).slice(0, -tail.length);
  const first = expr.param === undefined ? '' : `${pretty(expr.param, level + 1)},\n`;
  return `${head}(\n${first}${pretty(expr.inner, level + 1)}\n${indent})`;
}

function binary(expr: Binary, level: number, indent: string): string {
  const text = format(expr);
  const [left, right] = [format(expr.left), format(expr.right)];
  const middle = text.slice(left.length + 1, text.length - right.length - 1);
  return `${pretty(expr.left, level + 1)}\n${indent}${middle}\n${pretty(expr.right, level + 1)}`;
}
