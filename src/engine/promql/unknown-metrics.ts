// Why an answer may be empty: the query names metrics that nobody has ever sent, and which ones
// were probably meant. Runs beside an empty answer only, never on the way of a sample. Easy to get
// wrong: a server has more names than there is time to compare, so both sides have a bound.
import { UserError } from '../errors.ts';
import { NAME } from '../model/labels.ts';
import { childrenOf, type Expr } from './ast.ts';
import { parse } from './parse.ts';
import { editDistance } from './suggest.ts';

/** Names that a typed one is compared with; 50,000 alike take half a second. */
export const NAMES_COMPARED_MAX = 50_000;
/** Names of a query that are looked at. */
const NAMED_MAX = 3;
/** Names that are offered for one. */
const OFFERED_MAX = 3;
const WORD_UNITS_MAX = 100;
/** More is no slip of the hand, however long the name. */
const SLIPS_MAX = 6;

/** Metrics that the selectors of a query name; none for a text that is no query to us. */
export function metricsNamed(query: string): readonly string[] {
  const found = new Set<string>();
  try {
    collect(parse(query), found);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    // Another server may know more of the language than we do: then there is nothing to say.
    return [];
  }
  return [...found].slice(0, NAMED_MAX);
}

function collect(expr: Expr, found: Set<string>): void {
  if (expr.kind === 'selector') {
    const named = expr.matchers.find(({ name, op }) => name === NAME && op === '=');
    if (named !== undefined && named.value !== '') found.add(named.value);
  }
  for (const child of childrenOf(expr)) collect(child, found);
}

/** `no metric "upp"; did you mean "up"?`; `where` says where it is not: ` in the last hour`. */
export function unknownMetricWords(unknown: string, known: Iterable<string>, where = ''): string {
  const near = nearestMetrics(unknown, known).map((name) => JSON.stringify(name));
  const cut = unknown.length > WORD_UNITS_MAX ? `${unknown.slice(0, WORD_UNITS_MAX)}…` : unknown;
  const none = `no metric ${JSON.stringify(cut)}${where}`;
  if (near.length === 0) return none;
  const last = near.pop() as string;
  const either = near.length === 0 ? last : `${near.join(', ')} or ${last}`;
  return `${none}; did you mean ${either}?`;
}

/** The known names nearest to a typed one, the likeliest first; perhaps none. */
export function nearestMetrics(word: string, known: Iterable<string>): string[] {
  if (word.length > WORD_UNITS_MAX) return [];
  const typed = word.toLowerCase();
  const parts = new Set(partsOf(typed));
  const most = Math.max(1, Math.min(SLIPS_MAX, Math.floor(typed.length / 4)));
  const best: { readonly name: string; readonly rank: number }[] = [];
  let looked = 0;
  for (const name of known) {
    if (looked++ >= NAMES_COMPARED_MAX) break;
    const worst = best.length < OFFERED_MAX ? Infinity : best[best.length - 1].rank;
    const rank = rankOf(typed, parts, name.toLowerCase(), most);
    if (rank >= worst) continue;
    best.push({ name, rank });
    best.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
    if (best.length > OFFERED_MAX) best.pop();
  }
  return best.map(({ name }) => name);
}

/** Without what stands between words: it is what people forget. */
function bare(name: string): string {
  return name.replaceAll(/[_:.]/g, '');
}

function partsOf(name: string): string[] {
  return name.split(/[_:.]+/).filter((part) => part.length > 1);
}

/** Slips of the hand first, then names that hold the typed one, then those of the same words. */
function rankOf(typed: string, parts: ReadonlySet<string>, name: string, most: number): number {
  const slips = editDistance(typed, name, most);
  if (slips <= most) return slips;
  const apart = name.length - typed.length;
  if (typed.length > 2 && name.startsWith(typed)) return 100 + apart / 1000;
  if (typed.length > 2 && name.includes(typed)) return 200 + apart / 1000;
  if (typed.length > 4 && bare(name).includes(bare(typed))) return 250 + apart / 1000;
  if (parts.size < 2) return Infinity;
  const own = partsOf(name);
  const shared = own.filter((part) => parts.has(part)).length;
  if (shared < 2 || shared * 2 < parts.size) return Infinity;
  return 300 + 10 * (parts.size - shared) + (own.length - shared) / 10 + Math.abs(apart) / 1000;
}
