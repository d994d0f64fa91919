// The lines of exposition text that begin with '#': HELP, TYPE, UNIT, and in OpenMetrics the EOF
// mark. It stands under both parsers. Easy to get wrong: in text 0.0.4 any other '#' line is a
// comment, in OpenMetrics there are no comments.
import type { MetadataKind, ParsedExposition } from './exposition-columns.ts';
import { decodeText, METADATA } from './exposition-columns.ts';
import * as lexer from './exposition-lexer.ts';

export type ExpositionFormat = 'text' | 'openmetrics';

const TEXT_TYPES = 'counter gauge histogram summary untyped'.split(' ');
const OPENMETRICS_TYPES =
  'counter gauge histogram summary gaugehistogram info stateset unknown'.split(' ');

/** The newline that ends the line of `at`, or the end of the body. */
function lineEnd(bytes: Uint8Array, at: number): number {
  const found = bytes.indexOf(lexer.NEWLINE, at);
  return found < 0 ? bytes.length : found;
}

function startsWith(bytes: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

/** The kind of metadata line whose keyword stands at `at`, or undefined. */
function keywordAt(bytes: Uint8Array, at: number): MetadataKind | undefined {
  const after = bytes[at + 4];
  if (after !== lexer.SPACE && after !== lexer.TAB) return undefined;
  if (startsWith(bytes, at, 'HELP')) return METADATA.help;
  if (startsWith(bytes, at, 'TYPE')) return METADATA.type;
  return startsWith(bytes, at, 'UNIT') ? METADATA.unit : undefined;
}

function skipFamily(bytes: Uint8Array, at: number): number {
  const quoted = bytes[at] === lexer.QUOTE;
  const end = quoted
    ? lexer.skipQuoted(bytes, at + 1)
    : lexer.skipName(bytes, at, lexer.METRIC_START, lexer.METRIC_CHAR);
  if (end === at) lexer.malformed(bytes, at, 'expected a metric name');
  return end;
}

function checkType(bytes: Uint8Array, from: number, to: number, known: readonly string[]): void {
  for (const type of known) {
    if (type.length === to - from && startsWith(bytes, from, type)) return;
  }
  const type = decodeText(bytes, from, Math.min(to, from + 40));
  const shown = /^[a-z_]{1,30}$/i.test(type) ? ` '${type}'` : '';
  lexer.malformed(bytes, from, `the metric type${shown} is none of ${known.join(', ')}`);
}

function checkUnit(bytes: Uint8Array, range: Uint32Array, row: number): void {
  const to = range[row + 1];
  const textFrom = range[row + 2];
  const size = range[row + 3] - textFrom;
  let same = size === 0 || (size < to - range[row] && bytes[to - size - 1] === 95);
  for (let i = 0; i < size && same; i++) same = bytes[to - size + i] === bytes[textFrom + i];
  if (!same) lexer.malformed(bytes, textFrom, 'the unit is not the end of the metric name');
}

/**
 * Reads the line that begins with '#' at `at` and answers where it ends (its newline or the end of
 * the body). @throws MonError MON_BODY_MALFORMED.
 */
export function readHashLine(
  bytes: Uint8Array,
  at: number,
  into: ParsedExposition,
  format: ExpositionFormat,
): number {
  const end = lineEnd(bytes, at);
  const strict = format === 'openmetrics';
  const blank = bytes[at + 1] === lexer.SPACE || bytes[at + 1] === lexer.TAB;
  const word = strict ? at + 2 : lexer.skipBlank(bytes, at + 1);
  const kind = blank ? keywordAt(bytes, word) : undefined;
  if (kind === undefined || (!strict && kind === METADATA.unit)) {
    if (strict) lexer.malformed(bytes, at, 'expected HELP, TYPE, UNIT or EOF after the #');
    return end;
  }
  const from = lexer.skipBlank(bytes, word + 4);
  const to = skipFamily(bytes, from);
  if (to < end && (lexer.CLASS[bytes[to]] & lexer.STOP) === 0) {
    lexer.malformed(bytes, to, 'expected a space after the metric name');
  }
  const textFrom = Math.min(lexer.skipBlank(bytes, to), end);
  let textTo = end;
  if (!strict && textTo > textFrom && bytes[textTo - 1] === lexer.RETURN) textTo--;
  if (kind !== METADATA.help) {
    while (textTo > textFrom && (lexer.CLASS[bytes[textTo - 1]] & lexer.STOP) !== 0) textTo--;
  }
  const row = into.nextMetadata(kind);
  const ranges = into.metadataRanges;
  ranges[row] = from;
  ranges[row + 1] = to;
  ranges[row + 2] = textFrom;
  ranges[row + 3] = textTo;
  if (kind === METADATA.type) {
    checkType(bytes, textFrom, textTo, strict ? OPENMETRICS_TYPES : TEXT_TYPES);
  }
  if (kind === METADATA.unit) checkUnit(bytes, ranges, row);
  return end;
}

/** True when the line at `at` is exactly `# EOF`. */
export function isEofLine(bytes: Uint8Array, at: number): boolean {
  return startsWith(bytes, at, '# EOF') && (at + 5 === bytes.length || bytes[at + 5] === 10);
}
