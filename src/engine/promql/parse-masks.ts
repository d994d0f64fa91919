// Small differences between the editors' grammar and Prometheus itself, bridged by handing the
// grammar a text of the same length: `2.` and `0X1F` are numbers, STEP() may be in capitals inside
// a duration, max_of and min_of are functions too, and labels that are grouped by may have colons.
// Places stay right; names are read from the query's own text.
import { tokensOf } from './tokens.ts';

const WORDS = String.raw`\b(?:step|range)\s*\(|m(?:ax|in)_of|\boffset\b|\bconstructor\b|__proto__`;
const NEEDED = new RegExp(String.raw`\d\.(?!\d)|\b0X|${WORDS}|[a-z_]:|:[a-z_]|[(,\n]\s*:`, 'i');
/** A known function of scalars' length: only its place in the tree matters. */
const STAND_IN = 'scalar';
/** Words that the grammar looks up in an object and finds without having put them there. */
const INHERITED = /^(?:constructor|__proto__)$/i;
/** A metric may have this name, where something to work with has to stand. */
const OFFSET = 'metric';
const BEFORE_OPERAND =
  /^(?:[(,]|[-+*/%^<>=!]+|<\/|>\/|and|or|unless|atan2|bool|group_(?:left|right))$/i;
/** Words that are operators, or names where something to work with has to stand. */
const PERHAPS_NAMES = /^(?:and|or|unless)$/i;
/** Words before a list; behind that of a matching stands an operand. */
const BEFORE_LABELS = /^(?:by|without|on|ignoring|group_left|group_right|fill(?:_left|_right)?)$/;
const GROUPING = /^(?:by|without)$/;
const DURATION_WORD = /^(?:step|range|m(?:ax|in)_of)$/;

/** The text for the grammar. */
export function maskForGrammar(text: string): string {
  if (!NEEDED.test(text)) return text;
  let out = '';
  let at = 0;
  let brackets = 0;
  let parens = 0;
  /** Whether something to work with has to stand here. */
  let operand = true;
  /** Depth of the parentheses around the duration of an offset that has begun. */
  let offset = -1;
  let labels: 'none' | 'perhaps' | 'here' = 'none';
  let matching = false;
  for (const token of tokensOf(text)) {
    if (token.text === '[') brackets++;
    if (token.text === ']') brackets--;
    if (token.text === '(') parens++;
    if (token.text === ')') parens--;
    const lower = token.text.toLowerCase();
    let masked = token.text;
    if (labels === 'here' && token.kind === 'word') masked = masked.replaceAll(':', '_');
    const matched = labels === 'here' && matching && token.text === ')';
    if (token.text === ')') labels = 'none';
    else if (labels !== 'here') {
      if (labels === 'perhaps' && token.text === '(') labels = 'here';
      else labels = BEFORE_LABELS.test(lower) ? 'perhaps' : 'none';
      if (labels === 'perhaps') matching = !GROUPING.test(lower);
    }
    if (token.kind === 'number' && masked.endsWith('.')) masked = `${masked.slice(0, -1)} `;
    if (token.kind === 'number' && masked.startsWith('0X')) masked = `0x${masked.slice(2)}`;
    if (token.kind === 'word') {
      if (INHERITED.test(lower)) masked = '_'.repeat(lower.length);
      const duration = brackets > 0 || offset >= 0;
      if (duration && DURATION_WORD.test(lower)) masked = lower;
      if (!duration && /^m(?:ax|in)_of$/.test(masked)) masked = STAND_IN;
      if (lower === 'offset' && operand && brackets === 0) masked = OFFSET;
      else if (lower === 'offset') offset = parens;
      else if (!DURATION_WORD.test(lower)) offset = -1;
    }
    const ends = token.kind === 'number' || token.text === ')';
    if (ends && parens <= offset) offset = -1;
    out += text.slice(at, token.start) + masked;
    const before: boolean =
      BEFORE_OPERAND.test(token.text) && !(operand && PERHAPS_NAMES.test(token.text));
    operand = before || matched;
    at = token.end;
  }
  return out + text.slice(at);
}
