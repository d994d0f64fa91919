// Series descriptions of Prometheus' test scripts: `metric{a="b"} 0+10x3 _ stale {{count:1}}`.
// Values of a run are added up one after another, as floats do it, never multiplied.
import { makeLabels } from '../model/labels.ts';
import { parse } from './parse.ts';
import { parseFloatText } from './literals.ts';
import { histogramRun, parseHistogram } from './script-histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { ScriptHistogram } from './script-histogram.ts';

/** One step of a sequence: a number, a gap, the stale marker, or a histogram. */
export type Item = number | 'gap' | 'stale' | ScriptHistogram;

export interface SeriesLine {
  readonly labels: Labels;
  readonly rest: string;
}

/** Splits a line into its label set and what follows. */
export function splitSeries(line: string): SeriesLine {
  let at = 0;
  let quoted = '';
  let depth = 0;
  for (; at < line.length; at++) {
    const char = line[at];
    if (quoted !== '') {
      if (char === '\\' && quoted !== '`') at++;
      else if (char === quoted) quoted = '';
    } else if (char === '"' || char === "'" || char === '`') quoted = char;
    else if (char === '{') depth++;
    else if (char === '}') depth--;
    else if (/\s/.test(char) && depth === 0) break;
  }
  // The braces may stand after a blank: `metric {a="b"} 1`.
  const next = /^\s*\{(?!\{)/.exec(line.slice(at));
  if (next !== null && !line.slice(0, at).includes('{')) {
    const more = splitSeries(line.slice(at).trimStart());
    const name = line.slice(0, at);
    return { labels: makeLabels([...pairs(more.labels), ['__name__', name]]), rest: more.rest };
  }
  return { labels: labelsOf(line.slice(0, at)), rest: line.slice(at).trim() };
}

function* pairs(labels: Labels): Generator<[string, string]> {
  for (let i = 0; i < labels.length; i += 2) yield [labels[i], labels[i + 1]];
}

/** The labels of a selector of plain equalities. */
export function labelsOf(text: string): Labels {
  const expr = parse(text);
  if (expr.kind !== 'selector') throw new Error(`no series: ${text}`);
  return makeLabels(expr.matchers.map((m) => [m.name, m.value]));
}

/** A sequence of values. */
export function parseItems(text: string): Item[] {
  const out: Item[] = [];
  let rest = text.trim();
  while (rest !== '') {
    if (out.length > ITEMS_MAX) throw new Error(`more than ${ITEMS_MAX} values`);
    const found = HISTOGRAM.exec(rest);
    if (found !== null) {
      const [all, first, same, sign, step, times] = found;
      const by: Step | undefined =
        step === undefined
          ? undefined
          : { sign: sign === '-' ? -1 : 1, step: parseHistogram(step) };
      out.push(...histogramRun(parseHistogram(first), by, timesOf(same ?? times)));
      rest = rest.slice(all.length);
      continue;
    }
    const [word] = rest.split(/\s+/, 1);
    rest = rest.slice(word.length).trimStart();
    out.push(...parseWord(word));
  }
  return out;
}

/** Values of one line of a script; a slip of the pen may ask for any number. */
const ITEMS_MAX = 1_000_000;

function timesOf(digits: string | undefined): number {
  const times = Number(digits ?? 0);
  if (times > ITEMS_MAX) throw new Error(`more than ${ITEMS_MAX} values`);
  return times;
}

const HISTOGRAM = /^\{\{(.*?)\}\}(?:x(\d+)|([+-])\{\{(.*?)\}\}x(\d+))?\s*/;

interface Step {
  readonly sign: 1 | -1;
  readonly step: ScriptHistogram;
}

const NUMBER = String.raw`[+-]?(?:inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)`;
const RUN = new RegExp(`^(${NUMBER})(?:([+-])(${NUMBER}))?(?:x(\\d+))?$`, 'i');

function parseWord(word: string): Item[] {
  const gap = /^_(?:x(\d+))?$/.exec(word);
  if (gap !== null) return repeat('gap', timesOf(gap[1] ?? '1'));
  const stale = /^stale(?:x(\d+))?$/.exec(word);
  if (stale !== null) return repeat('stale', timesOf(stale[1]) + 1);
  const run = RUN.exec(word);
  if (run === null) throw new Error(`no value: ${word}`);
  const [, first, sign, by, times] = run;
  let value = numberOf(first);
  const delta = by === undefined ? 0 : numberOf(by) * (sign === '-' ? -1 : 1);
  const out: Item[] = [value];
  for (let i = timesOf(times); i > 0; i--) {
    if (by !== undefined) value += delta;
    out.push(value);
  }
  return out;
}

/** A number of a script. Hexadecimal would be ambiguous: in `0x3` the x means times. */
export function numberOf(text: string): number {
  const value = parseFloatText(text);
  if (value === undefined) throw new Error(`no number: ${text}`);
  return value;
}

function repeat(item: Item, times: number): Item[] {
  return Array.from({ length: times }, () => item);
}
