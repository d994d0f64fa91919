// What can be typed at the cursor: words of the language with their signatures, and names that the
// server knows. From the place in the query and the names to a short list, the likeliest first.
// Pure but for the names, which come from the cache. Easy to get wrong: a label value may hold
// quotes and backslashes and has to be written so that it is read back as it was.
import {
  AGGREGATION_WORDS,
  FUNCTION_WORDS,
  KEYWORD_WORDS,
} from '../../engine/promql/function-words.ts';
import { typingPlace, type TypingPlace } from '../../engine/promql/typing-place.ts';
import { DOT_COMMANDS } from './query-prompt-commands.ts';

export interface Offer {
  /** What is put in the place of what was typed. */
  readonly word: string;
  /** What is shown of it. */
  readonly shown: string;
  readonly kind:
    | 'function'
    | 'aggregation'
    | 'keyword'
    | 'metric'
    | 'label'
    | 'value'
    | 'command'
    | 'table'
    | 'column';
  readonly about: string;
}

export interface Offers {
  /** Where the word begins that an offer replaces. */
  readonly start: number;
  readonly typed: string;
  readonly list: readonly Offer[];
}

/** The names that are known now. */
export interface Names {
  metrics(): readonly string[];
  labels(metric: string): readonly string[];
  values(label: string, metric: string): readonly string[];
  aboutMetric(metric: string): string;
}

const OFFERS_MAX = 200;
/** What is typed most often stands first among what fits equally well. */
const COMMON: ReadonlySet<string> = new Set(
  (
    'sum rate avg max min count increase histogram_quantile topk irate avg_over_time ' +
    'max_over_time absent delta by without'
  ).split(' '),
);
const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const PLAIN_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** What fits at the cursor; `asked`: also where nothing was typed yet. */
export function offersAt(text: string, cursor: number, names: Names, asked: boolean): Offers {
  const dot = /^\s*(\.[a-z]*)$/.exec(text.slice(0, cursor));
  if (dot !== null && dot[1].length > 0) return commandOffers(cursor, dot[1]);
  const shift = /^\s*\.(?:explain|analyze)\s/.exec(text)?.[0].length ?? 0;
  const place = typingPlace(text.slice(shift), cursor - shift);
  const start = place.start + shift;
  const { typed } = place;
  const empty = { start, typed, list: [] };
  if (place.kind === 'none') return empty;
  if (typed === '' && place.kind === 'expression' && !asked) return empty;
  const list = ranked(typed, allAt(place, names));
  // A word that is there in full needs no offer, unless it goes on in another one.
  const going = list.filter(({ word }) => word.startsWith(typed));
  if (!asked && going.length === 1 && going[0].word === typed) return empty;
  return { start, typed, list };
}

function commandOffers(cursor: number, typed: string): Offers {
  const list = DOT_COMMANDS.filter(({ name }) => name.startsWith(typed)).map((one): Offer => {
    const word = one.takes === '' ? one.name : `${one.name} `;
    return { word, shown: `${one.name} ${one.takes}`.trim(), kind: 'command', about: one.about };
  });
  return { start: cursor - typed.length, typed, list };
}

function* allAt(place: TypingPlace, names: Names): Iterable<Offer> {
  if (place.kind === 'expression') yield* expressionOffers(place.typed, names);
  if (place.kind === 'label') {
    for (const label of names.labels(place.metric)) {
      if (label === '__name__' && place.metric !== '') continue;
      const word = PLAIN_LABEL.test(label) ? label : JSON.stringify(label);
      const more = place.matchers ? '="' : '';
      yield { word: word + more, shown: label, kind: 'label', about: '' };
    }
  }
  if (place.kind === 'value') {
    for (const value of names.values(place.label, place.metric)) {
      const inside = quotedInside(value, place.quote);
      if (inside === undefined) continue;
      const word = place.closed ? inside : inside + place.quote;
      yield { word, shown: value, kind: 'value', about: '' };
    }
  }
}

function* expressionOffers(typed: string, names: Names): Iterable<Offer> {
  for (const [kind, words] of [
    ['aggregation', AGGREGATION_WORDS],
    ['function', FUNCTION_WORDS],
  ] as const) {
    for (const [name, { signature, about }] of words) {
      // The grouping of an aggregation stands on the edge of the editor once it is chosen.
      const shown = signature.replace(' [by|without (labels)] ', '');
      yield { word: `${name}(`, shown, kind, about };
    }
  }
  for (const metric of names.metrics()) {
    const word = PLAIN_METRIC.test(metric) ? metric : `{${JSON.stringify(metric)}}`;
    yield { word, shown: metric, kind: 'metric', about: names.aboutMetric(metric) };
  }
  if (typed === '') return;
  for (const [name, { signature, about }] of KEYWORD_WORDS) {
    yield { word: `${name} `, shown: signature, kind: 'keyword', about };
  }
}

/** The value as it stands between these quotes; undefined where it cannot. */
function quotedInside(value: string, quote: string): string | undefined {
  if (quote === '`') return value.includes('`') ? undefined : value;
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return escaped.replaceAll(quote, `\\${quote}`);
}

/** Beginnings first, then beginnings of a part of the name, then what holds it anywhere. */
function ranked(typed: string, offers: Iterable<Offer>): Offer[] {
  const wanted = typed.toLowerCase();
  const groups: Offer[][] = [[], [], [], []];
  for (const offer of offers) {
    const name = offer.kind === 'value' ? offer.word : offer.word.replace(/(?:[( ]|=")$/, '');
    const own = rankOf(name.toLowerCase(), wanted);
    const common = own === 0 && offer.kind !== 'metric' && COMMON.has(name);
    const rank = own < 0 || common ? own : own + 1;
    if (rank < 0 || groups[rank].length >= OFFERS_MAX) continue;
    groups[rank].push(offer);
  }
  return groups.flat().slice(0, OFFERS_MAX);
}

function rankOf(name: string, wanted: string): number {
  if (name.startsWith(wanted)) return 0;
  const at = name.indexOf(wanted);
  if (at < 0 || wanted.length < 2) return -1;
  return /[_:./-]/.test(name[at - 1]) ? 1 : 2;
}

/** The longest beginning that all offers share and that goes on from what was typed. */
export function sharedBeginning({ typed, list }: Offers): string {
  let shared = list[0]?.word ?? '';
  for (const { word } of list) {
    let n = 0;
    while (n < shared.length && shared[n] === word[n]) n++;
    shared = shared.slice(0, n);
  }
  return shared.startsWith(typed) ? shared : typed;
}
