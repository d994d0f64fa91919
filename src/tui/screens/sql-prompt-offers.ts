// What can be typed at the cursor of an SQL statement: tables behind FROM, columns of the tables
// that are named, functions, keywords, and metrics and labels inside their quotes. Pure but for the
// names, which come from the cache. Easy to get wrong: inside a string a word is no keyword.
import type { SqlTables } from '../../engine/model/sql.ts';
import { SQL_KEYWORDS, sqlPieces, type SqlPiece } from '../draw/sql-text.ts';
import type { Names, Offer, Offers } from './query-prompt-offers.ts';

const OFFERS_MAX = 200;
const FUNCTIONS: readonly (readonly [name: string, about: string])[] = [
  ['count(', 'rows'],
  ['sum(', 'sum'],
  ['avg(', 'mean'],
  ['min(', 'the least'],
  ['max(', 'the largest'],
  ['last(', 'the last one: last(value ORDER BY ts)'],
  ['first(', 'the first one'],
  ['arg_max(', 'arg_max(value, ts): the value of the newest'],
  ['arg_min(', 'the value of the oldest'],
  ['quantile_cont(', 'quantile_cont(value, 0.99)'],
  ['median(', 'median'],
  ['stddev(', 'standard deviation'],
  ['time_bucket(', "time_bucket(INTERVAL '5 minutes', ts)"],
  ['date_trunc(', "date_trunc('hour', ts)"],
  ['now(', 'now()'],
  ['epoch_ms(', 'ms since 1970'],
  ['lag(', 'the row before: lag(value) OVER (…)'],
  ['round(', 'round(value, 2)'],
  ['map_keys(', 'names of the labels'],
];
export const SQL_COMMANDS: readonly (readonly [name: string, about: string])[] = [
  ['.help', 'keys and commands'],
  ['.tables', 'the tables and their columns'],
  ['.lines', 'each column in a line of its own, or a table again'],
  ['.history', 'statements of before'],
  ['.command', 'this statement as a command for a shell'],
  ['.exit', 'leave, as Ctrl-D does'],
];

/** What fits at the cursor; `asked`: also where nothing was typed yet. */
export function sqlOffersAt(
  text: string,
  cursor: number,
  known: { readonly names: Names; readonly tables: SqlTables },
  asked: boolean,
): Offers {
  const before = text.slice(0, cursor);
  const dot = /^\s*(\.[a-z]*)$/.exec(before)?.[1];
  if (dot !== undefined) {
    const list = SQL_COMMANDS.filter(([name]) => name.startsWith(dot));
    return { start: cursor - dot.length, typed: dot, list: list.map(commandOffer) };
  }
  const pieces = sqlPieces(before);
  const last = pieces.at(-1);
  const open = last !== undefined && !last.closed && last.end === cursor;
  if (open && last.kind === 'comment') return { start: cursor, typed: '', list: [] };
  if (open) return quotedOffers(before, pieces, known.names);
  const typing = last?.kind === 'word' && last.end === cursor;
  const start = typing ? last.start : cursor;
  const typed = text.slice(start, cursor);
  if (typed === '' && !asked) return { start, typed, list: [] };
  const list = ranked(typed, wordOffers(text, pieces, known.tables, typing));
  const going = list.filter(({ word }) => word.toLowerCase().startsWith(typed.toLowerCase()));
  const whole = going.length === 1 && going[0].word.toLowerCase() === typed.toLowerCase();
  return { start, typed, list: whole && !asked ? [] : list };
}

function commandOffer([word, about]: readonly [string, string]): Offer {
  return { word, shown: word, kind: 'command', about };
}

/** Inside quotes: metrics behind `metric =`, labels in `labels['`, their values behind that. */
function quotedOffers(before: string, pieces: readonly SqlPiece[], names: Names): Offers {
  const last = pieces[pieces.length - 1];
  const start = last.start + 1;
  const typed = before.slice(start);
  const lead = before.slice(0, last.start);
  const empty = { start, typed, list: [] };
  if (last.kind !== 'string') return empty;
  const metric = /\bmetric\s*=\s*'((?:[^']|'')*)'/i.exec(before)?.[1] ?? '';
  const label = /\blabels\s*\[\s*'((?:[^']|'')*)'\s*\]\s*(?:=|<>|!=|IN\s*\([^)]*)\s*$/i.exec(lead);
  const offer =
    (kind: Offer['kind'], end: string) =>
    (word: string): Offer => ({
      word: word.replaceAll("'", "''") + end,
      shown: word,
      kind,
      about: kind === 'metric' ? names.aboutMetric(word) : '',
    });
  if (label !== null) {
    const values = names.values(label[1].replaceAll("''", "'"), metric);
    return { start, typed, list: ranked(typed, values.map(offer('value', "'"))) };
  }
  if (/\blabels\s*\[\s*$/i.test(lead)) {
    const labels = names.labels(metric).filter((name) => name !== '__name__');
    return { start, typed, list: ranked(typed, labels.map(offer('label', "']"))) };
  }
  if (/\bmetric\s*(?:=|<>|!=|I?LIKE|IN\s*\([^)]*)\s*$/i.test(lead)) {
    return { start, typed, list: ranked(typed, names.metrics().map(offer('metric', "'"))) };
  }
  return empty;
}

function* wordOffers(
  text: string,
  pieces: readonly SqlPiece[],
  tables: SqlTables,
  typing: boolean,
): Iterable<Offer> {
  const previous = pieces.at(typing ? -2 : -1);
  const word = previous === undefined ? '' : text.slice(previous.start, previous.end).toUpperCase();
  if (/^(?:FROM|JOIN|DESCRIBE|SUMMARIZE)$/.test(word)) {
    for (const { name, about } of tables) yield { word: name, shown: name, kind: 'table', about };
    return;
  }
  const named = tables.filter(({ name }) => new RegExp(`\\b${name}\\b`, 'i').test(text));
  const seen = new Set<string>();
  for (const table of named.length > 0 ? named : tables.slice(0, 1)) {
    for (const { name, type, about } of table.columns) {
      if (seen.has(name)) continue;
      seen.add(name);
      yield { word: name, shown: name, kind: 'column', about: `${type}: ${about}` };
    }
  }
  for (const [name, about] of FUNCTIONS) {
    yield { word: name, shown: name.slice(0, -1), kind: 'function', about };
  }
  for (const keyword of SQL_KEYWORDS) {
    yield { word: `${keyword} `, shown: keyword, kind: 'keyword', about: '' };
  }
  for (const { name, about } of tables) yield { word: name, shown: name, kind: 'table', about };
}

/** Beginnings first, then what holds the letters anywhere. */
function ranked(typed: string, offers: Iterable<Offer>): Offer[] {
  const wanted = typed.toLowerCase();
  const first: Offer[] = [];
  const others: Offer[] = [];
  for (const offer of offers) {
    const name = offer.word.toLowerCase();
    if (name.startsWith(wanted)) first.push(offer);
    else if (wanted.length > 1 && name.includes(wanted)) others.push(offer);
  }
  return [...first, ...others].slice(0, OFFERS_MAX);
}
