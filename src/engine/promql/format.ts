// Syntax tree -> canonical text, as Prometheus prints it: for /api/v1/format_query, for messages
// and for tests (what is printed parses to the same tree).
import { formatDuration, formatFloat, quote, quoteName } from './literals.ts';
import { typeOf } from './check.ts';
import { compareText } from '../model/labels.ts';
import { isNoOffset } from './ast.ts';
import type { Aggregate, Binary, Duration, Expr, Modifiers, VectorSelector } from './ast.ts';

/** The expression on one line. */
export function format(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      if (expr.duration && Number.isFinite(expr.value)) return formatDuration(expr.value * 1000);
      return formatFloat(expr.value);
    case 'string':
      return quote(expr.value);
    case 'selector':
      return selectorText(expr) + modifiersText(expr.modifiers);
    case 'range': {
      const { modifiers } = expr.selector;
      const brackets = `[${durationText(expr.range)}]`;
      return selectorText(expr.selector) + brackets + modifiersText(modifiers);
    }
    case 'subquery': {
      const step = expr.step === undefined ? '' : durationText(expr.step);
      const brackets = `[${durationText(expr.range)}:${step}]`;
      return format(expr.inner) + brackets + modifiersText(expr.modifiers);
    }
    case 'call':
      return `${expr.fn}(${expr.args.map(format).join(', ')})`;
    case 'aggregate':
      return aggregateText(expr);
    case 'binary':
      return binaryText(expr);
    case 'unary':
      return expr.op + format(expr.inner);
    case 'paren':
      return `(${format(expr.inner)})`;
  }
}

function selectorText(expr: VectorSelector): string {
  const matchers = expr.name === '' ? expr.matchers : expr.matchers.slice(0, -1);
  const parts = matchers.map((m) => `${quoteName(m.name)}${m.op}${quote(m.value)}`);
  if (parts.length === 0) return expr.name === '' ? '{}' : expr.name;
  return `${expr.name}{${parts.toSorted(compareText).join(',')}}`;
}

function modifiersText({ at, extend, offset }: Modifiers): string {
  let out = '';
  if (extend !== undefined) out += ` ${extend}`;
  if (at?.at === 'time') out += ` @ ${(at.ms / 1000).toFixed(3)}`;
  else if (at !== undefined) out += ` @ ${at.at}()`;
  if (offset !== undefined && !isNoOffset(offset)) out += ` offset ${durationText(offset)}`;
  return out;
}

/** A duration, or the arithmetic that makes one. */
function durationText(duration: Duration): string {
  if (duration.kind !== 'seconds') return termText(duration);
  return formatDuration(Math.round(duration.seconds * 1000));
}

/** A part of such arithmetic: plain numbers stay plain. */
function termText(duration: Duration): string {
  switch (duration.kind) {
    case 'seconds': {
      const plain = !/[a-z]$/i.test(duration.text);
      return plain ? formatFloat(duration.seconds) : durationText(duration);
    }
    case 'step':
    case 'range':
      return `${duration.kind}()`;
    case 'group':
      return `(${termText(duration.inner)})`;
    case 'sign':
      return (duration.op === '-' ? '-' : '') + termText(duration.inner);
    case 'pair': {
      const { op } = duration;
      const left = termText(duration.left);
      const right = termText(duration.right);
      return op.endsWith('_of') ? `${op}(${left}, ${right})` : `${left} ${op} ${right}`;
    }
  }
}

function names(list: readonly string[]): string {
  return list.map(quoteName).join(', ');
}

function aggregateText(expr: Aggregate): string {
  let head = expr.op;
  if (expr.without) head += ` without (${names(expr.names)}) `;
  else if (expr.names.length > 0) head += ` by (${names(expr.names)}) `;
  const param = expr.param === undefined ? '' : `${format(expr.param)}, `;
  return `${head}(${param}${format(expr.inner)})`;
}

function binaryText(expr: Binary): string {
  const matching = matchingText(expr);
  // Beside a scalar there is nothing to match, whatever was written.
  const vain = matching !== '' && [expr.left, expr.right].some((side) => typeOf(side) === 'scalar');
  const middle = expr.op + (expr.bool ? ' bool' : '') + (vain ? '' : matching);
  return `${format(expr.left)} ${middle} ${format(expr.right)}`;
}

function matchingText({ matching }: Binary): string {
  let text = '';
  const grouped = matching.card === 'many-to-one' || matching.card === 'one-to-many';
  if (matching.labels.length > 0 || matching.on || grouped) {
    text += ` ${matching.on ? 'on' : 'ignoring'} (${names(matching.labels)})`;
  }
  if (grouped) {
    const side = matching.card === 'many-to-one' ? 'left' : 'right';
    text += ` group_${side} (${names(matching.include)})`;
  }
  const { fillLeft, fillRight } = matching;
  if (fillLeft !== undefined && fillLeft === fillRight) {
    return `${text} fill (${formatFloat(fillLeft)})`;
  }
  if (fillLeft !== undefined) text += ` fill_left (${formatFloat(fillLeft)})`;
  if (fillRight !== undefined) text += ` fill_right (${formatFloat(fillRight)})`;
  return text;
}
