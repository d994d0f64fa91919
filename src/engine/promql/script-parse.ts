// Prometheus' test scripts (promqltest) as commands: load, load_with_nhcb, clear, eval. A block
// ends at an empty line, and a comment is one. Everything is read before anything runs, so that a
// mistake anywhere in a file is found first. Source: Prometheus' documentation of its test
// scripts.
import { UserError, messageOf } from '../errors.ts';
import { Collator } from './script-nhcb.ts';
import { labelsKey } from '../model/labels.ts';
import { labelsText } from './labels-text.ts';
import { parseItems, splitSeries } from './script-values.ts';
import { readEval } from './script-eval.ts';
import { startOffsets, timeOf } from './script-times.ts';
import { checkExpectation } from './script-compare.ts';
import type { Eval } from './script-eval.ts';
import type { Labels } from '../model/labels.ts';
import type { ScriptSample } from './script-series.ts';

export interface LoadedSeries {
  readonly labels: Labels;
  readonly samples: readonly ScriptSample[];
}

export type Command =
  | { readonly kind: 'clear' }
  | { readonly kind: 'load'; readonly series: readonly LoadedSeries[] }
  | { readonly kind: 'eval'; readonly eval: Eval };

const LOAD = /^load(?:_(with_nhcb))?\s+(.+?)$/;

/** The commands of a script. @throws UserError with the line of the first mistake. */
export function parseScript(text: string): Command[] {
  const out: Command[] = [];
  const lines = text.split('\n').map((line) => {
    const trimmed = line.trim();
    return trimmed.startsWith('#') ? '' : trimmed;
  });
  for (let at = 0; at < lines.length; at++) {
    if (lines[at] === '') continue;
    let end = at + 1;
    while (end < lines.length && lines[end] !== '') end++;
    const [word] = lines[at].toLowerCase().split(/\s/, 1);
    if (word === 'clear') {
      out.push({ kind: 'clear' });
      continue;
    }
    out.push(parseBlock(word, lines.slice(at, end), at));
    at = end - 1;
  }
  return out;
}

/** `first` is the index of the block's first line. */
function parseBlock(word: string, block: readonly string[], first: number): Command {
  const [head, ...body] = block;
  if (word.startsWith('eval')) {
    return located(first, () => {
      const one = readEval(head, first + 1, body);
      checkExpectation(one);
      return { kind: 'eval', eval: one };
    });
  }
  const load = LOAD.exec(head);
  if (load === null) throw mistake(first, `no command: ${head}`);
  const step = located(first, () => timeOf(load[2]));
  return { kind: 'load', series: parseLoad(body, { step, first, nhcb: load[1] !== undefined }) };
}

function mistake(line: number, words: string): UserError {
  return new UserError(`line ${line + 1}: ${words}`);
}

function located<T>(line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw mistake(line, messageOf(error));
  }
}

interface LoadOptions {
  readonly step: number;
  readonly first: number;
  readonly nhcb: boolean;
}

function parseLoad(body: readonly string[], { step, first, nhcb }: LoadOptions): LoadedSeries[] {
  const found = new Map<string, LoadedSeries>();
  const collator = new Collator();
  let starts: Starts | undefined;
  body.forEach((line, i) => {
    located(first + 1 + i, () => {
      const [word, ...rest] = line.split(/(?<=@st)\s+/);
      if (rest.length > 0 && !/\s/.test(word)) {
        if (starts !== undefined) throw new Error('@st line has no following sample line');
        const { labels } = splitSeries(`${word.slice(0, -'@st'.length)} _`);
        starts = { labels, offsets: startOffsets(rest.join(' ')) };
        return;
      }
      const { labels, rest: values } = splitSeries(line);
      const samples = samplesOf(labels, values, step, starts);
      starts = undefined;
      // A series that is written twice counts as written last.
      found.set(labelsKey(labels), { labels, samples });
    });
  });
  if (starts !== undefined) throw mistake(first, '@st line has no following sample line');
  const series = [...found.values()];
  if (!nhcb) return series;
  for (const { labels, samples } of series) collator.add(labels, samples);
  return located(first, () => [...series, ...collator.series()]);
}

interface Starts {
  readonly labels: Labels;
  readonly offsets: readonly (number | undefined)[];
}

function samplesOf(
  labels: Labels,
  text: string,
  step: number,
  starts: Starts | undefined,
): ScriptSample[] {
  const items = parseItems(text);
  if (starts !== undefined) {
    if (labelsKey(starts.labels) !== labelsKey(labels)) {
      throw new Error(`@st metric does not match the series ${labelsText(labels)}`);
    }
    if (starts.offsets.length !== items.length) {
      const { length } = starts.offsets;
      throw new Error(`@st line has ${length} values but the series has ${items.length}`);
    }
  }
  return items.flatMap((item, i): ScriptSample[] => {
    if (item === 'gap') return [];
    const t = i * step;
    const offset = starts?.offsets[i];
    const start = offset === undefined ? {} : { start: t + offset };
    if (item === 'stale') return [{ t, v: 0, stale: true, ...start }];
    if (typeof item === 'number') return [{ t, v: item, ...start }];
    return [{ t, v: 0, histogram: item.histogram, ...start }];
  });
}
