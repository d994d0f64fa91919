// Compares an answer with what a script expects: values to a millionth, histograms without their
// empty buckets, series, order, notes, errors. Easy to get wrong: a reset hint counts only where
// the script has written one.
import { compareLabels, labelsKey } from '../model/labels.ts';
import { RE2JS } from 're2js';
import { gridSize } from '../model/fragment.ts';
import { compacted } from './histogram-math.ts';
import { isCustom } from '../model/histogram.ts';
import { labelsText } from './labels-text.ts';
import { sameNumbers } from './histogram-lists.ts';
import { scriptText } from './histogram-text.ts';
import { parseString } from './literals.ts';
import { numberOf, parseItems, splitSeries } from './script-values.ts';
import { timeOf } from './script-times.ts';
import type { Eval } from './script-eval.ts';
import type { BucketList, FloatHistogram } from '../model/histogram.ts';
import type { Item } from './script-values.ts';
import type { ScriptHistogram } from './script-histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { Evaluation } from './evaluate.ts';
import type { QueryResult } from '../model/query-result.ts';

interface Note {
  readonly kind: string;
  readonly how: string | undefined;
  readonly text: string;
}

interface Expectation {
  readonly notes: readonly Note[];
  readonly text: string | undefined;
  readonly times: readonly number[] | undefined;
  readonly lines: readonly string[];
}

const NOTE = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/;
const VECTOR = /^expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$/;

const FAIL = /^expected_fail_(message|regexp)\s+(.*)$/;

/** Reads all that stands below an eval. @throws Error when it cannot be read or has no sense. */
export function checkExpectation(one: Eval): void {
  const want = expectationOf(one);
  const many = (kind: string): number => want.notes.filter((note) => note.kind === kind).length;
  for (const kind of ['warn', 'info']) {
    if (many(kind) > 0 && many(`no_${kind}`) > 0) {
      throw new Error(`${kind} and no_${kind} cannot be expected together`);
    }
  }
  if (many('fail') > 1) throw new Error('a query fails only once');
  for (const { how, text } of want.notes) if (how === 'regex') RE2JS.compile(text);
  if (many('fail') > 0 || bareNumber(want) !== undefined) return;
  const single = one.range === undefined && want.times === undefined;
  for (const line of want.lines) {
    const { length } = parseItems(splitSeries(line).rest);
    if (single && length !== 1) throw new Error(`an instant has one value a series: ${line}`);
  }
}

/** What is written below an eval. */
function expectationOf(one: Eval): Expectation {
  const notes: Note[] = [];
  const lines: string[] = [];
  let text: string | undefined;
  let times: number[] | undefined;
  const { legacy } = one;
  if (legacy !== undefined) notes.push({ kind: legacy, how: undefined, text: '' });
  for (const line of one.body) {
    const note = NOTE.exec(line);
    const vector = VECTOR.exec(line);
    const fail = legacy === 'fail' ? FAIL.exec(line) : null;
    if (fail !== null) {
      notes[0] = { kind: 'fail', how: fail[1] === 'message' ? 'msg' : 'regex', text: fail[2] };
    } else if (note !== null)
      notes.push({ kind: note[1], how: note[2], text: (note[3] ?? '').trim() });
    else if (vector !== null) times = instants(vector);
    else if (line.startsWith('expect string ')) text = parseString(line.slice(14).trim());
    else if (/^expect\s/.test(line)) throw new Error(`nothing to expect: ${line}`);
    else lines.push(line);
  }
  return { notes, text, times, lines };
}

function instants([, from, to, step]: RegExpExecArray): number[] {
  const out: number[] = [];
  const by = timeOf(step);
  if (by <= 0) throw new Error(`no step: ${step}`);
  for (let t = timeOf(from); t <= timeOf(to); t += by) out.push(t);
  return out;
}

/** What is wrong with the outcome, or nothing. */
export function compareAnswer(
  one: Eval,
  answer: Evaluation | undefined,
  error: string | undefined,
): string | undefined {
  const want = expectationOf(one);
  const fail = want.notes.find((note) => note.kind === 'fail');
  if (fail !== undefined) {
    if (error === undefined) return 'should have failed';
    return matches(fail, error) ? undefined : `failed with: ${error}`;
  }
  if (answer === undefined) return `failed: ${error}`;
  const notes = compareNotes(want.notes, answer);
  if (notes !== undefined) return notes;
  return compareResult(one, want, answer.result);
}

function matches(note: Note, text: string): boolean {
  if (note.how === 'msg') return text === note.text;
  return note.how === 'regex' ? RE2JS.compile(note.text).matcher(text).find() : true;
}

function compareNotes(notes: readonly Note[], answer: Evaluation): string | undefined {
  for (const [kind, actual] of [
    ['warn', answer.warnings],
    ['info', answer.infos],
  ] as const) {
    if (notes.some((note) => note.kind === `no_${kind}`) && actual.length > 0) {
      return `unexpected ${kind}: ${actual.join('; ')}`;
    }
    const wanted = notes.filter((note) => note.kind === kind);
    if (wanted.length === 0) continue;
    if (actual.length === 0) return `no ${kind}`;
    const missing = wanted.find((note) => !actual.some((text) => matches(note, text)));
    if (missing !== undefined) return `no ${kind} like ${missing.text}: ${actual.join('; ')}`;
    const extra = actual.find((text) => !wanted.some((note) => matches(note, text)));
    if (extra !== undefined) return `unexpected ${kind}: ${extra}`;
  }
  return undefined;
}

type Cell = number | ScriptHistogram;
type Row = ReadonlyMap<number, Cell>;

interface Series {
  readonly labels: Labels;
  readonly row: Row;
}

function compareResult(one: Eval, want: Expectation, result: QueryResult): string | undefined {
  if (want.text !== undefined) {
    const same = result.type === 'string' && result.value === want.text;
    return same ? undefined : `wanted the string ${want.text}`;
  }
  const bare = bareNumber(want);
  if (bare !== undefined) return compareScalar(one, result, bare);
  const actual = seriesOf(result);
  if (typeof actual === 'string') return actual;
  const expected = expectedSeries(one, want);
  if (actual.length !== expected.length) return shown(`${expected.length} series wanted`, actual);
  const ordered = want.notes.some((note) => note.kind === 'ordered');
  const sorted = actual.every(
    (s, i) => i === 0 || compareLabels(actual[i - 1].labels, s.labels) < 0,
  );
  if (one.range !== undefined && !sorted) return shown('not sorted', actual);
  for (const [i, series] of expected.entries()) {
    const key = labelsKey(series.labels);
    const found = actual.findIndex((s) => labelsKey(s.labels) === key);
    if (found < 0) return shown(`no series ${labelsText(series.labels)}`, actual);
    if (ordered && found !== i) return shown(`${labelsText(series.labels)} out of order`, actual);
    const why = compareRow(series.row, actual[found].row);
    if (why !== undefined) return `${labelsText(series.labels)}: ${why}`;
  }
  return undefined;
}

/** The scalar that is all that is expected; undefined for series. */
function bareNumber({ lines }: Expectation): number | undefined {
  if (lines.length !== 1 || !/^[-+.\w]+$/.test(lines[0])) return undefined;
  try {
    return numberOf(lines[0]);
  } catch {
    return undefined;
  }
}

function compareScalar(one: Eval, result: QueryResult, want: number): string | undefined {
  if (result.type === 'scalar') {
    return almost(result.value, want) ? undefined : `got ${result.value}`;
  }
  if (result.type === 'matrix' && one.range !== undefined) {
    const wrong = result.matrix.values.find((v) => !almost(v, want));
    return wrong === undefined ? undefined : `got ${wrong}`;
  }
  return `a ${result.type} instead of a scalar`;
}

function expectedSeries(one: Eval, want: Expectation): Series[] {
  const out: Series[] = [];
  for (const line of want.lines) {
    const { labels, rest } = splitSeries(line);
    const row = new Map<number, Cell>();
    parseItems(rest).forEach((item: Item, i) => {
      if (typeof item === 'string') return;
      row.set(want.times?.[i] ?? one.start + i * (one.range?.step ?? 0), item);
    });
    out.push({ labels, row });
  }
  return out;
}

function seriesOf(result: QueryResult): Series[] | string {
  if (result.type === 'string' || result.type === 'scalar') return `got a ${result.type}`;
  if (result.type === 'samples') {
    const { labels, from, timestamps, values, histograms } = result.raw;
    return labels.map((set, s) => {
      const row = new Map<number, Cell>();
      for (let i = from[s]; i < from[s + 1]; i++) {
        row.set(timestamps[i], cellOf(histograms?.[i], values[i]));
      }
      return { labels: set, row };
    });
  }
  const { matrix } = result;
  const one = result.type === 'vector';
  const grid = one ? { start: result.timeMs, end: result.timeMs, step: 1 } : result.grid;
  return matrix.labels.map((labels, s) => {
    const row = new Map<number, Cell>();
    for (let i = 0; i < gridSize(grid); i++) {
      const at = s * matrix.steps + i;
      if (matrix.present[at] === 0) continue;
      row.set(grid.start + i * grid.step, cellOf(matrix.histograms?.[at], matrix.values[at]));
    }
    return { labels, row };
  });
}

function compareRow(want: Row, got: Row): string | undefined {
  for (const [t, v] of want) {
    const value = got.get(t);
    if (value === undefined) return `nothing at ${t}, wanted ${textOf(v)}`;
    if (!sameCell(value, v)) return `${textOf(value)} at ${t}, wanted ${textOf(v)}`;
  }
  for (const [t, v] of got) if (!want.has(t)) return `${textOf(v)} at ${t}, wanted nothing`;
  return undefined;
}

function shown(why: string, actual: readonly Series[]): string {
  const cells = (row: Row): string => [...row.values()].map(textOf).join(' ');
  const rows = actual.map((s) => `${labelsText(s.labels)} ${cells(s.row)}`);
  return `${why}; got ${rows.join(' | ') || 'nothing'}`;
}

function cellOf(histogram: FloatHistogram | undefined, value: number): Cell {
  return histogram === undefined ? value : { histogram, hinted: true };
}

function textOf(cell: Cell): string {
  return typeof cell === 'number' ? String(cell) : scriptText(cell.histogram);
}

function sameCell(got: Cell, want: Cell): boolean {
  if (typeof got === 'number' || typeof want === 'number') {
    return typeof got === 'number' && typeof want === 'number' && almost(got, want);
  }
  const a = compacted(got.histogram);
  const b = compacted(want.histogram);
  if (want.hinted && a.hint !== b.hint) return false;
  if (a.schema !== b.schema || a.zeroThreshold !== b.zeroThreshold) return false;
  if (isCustom(a) && !sameNumbers(a.custom, b.custom)) return false;
  return (
    almost(a.count, b.count) &&
    almost(a.sum, b.sum) &&
    almost(a.zeroCount, b.zeroCount) &&
    sameList(a.positive, b.positive) &&
    sameList(a.negative, b.negative)
  );
}

function sameList(a: BucketList, b: BucketList): boolean {
  if (a.indexes.length !== b.indexes.length) return false;
  return a.counts.every((count, i) => a.indexes[i] === b.indexes[i] && almost(count, b.counts[i]));
}

/** Equal to a millionth, as the scripts' own runner compares. */
export function almost(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  const smallest = 2.2250738585072014e-308;
  if (a === 0 || b === 0 || sum < smallest) return difference < 1e-6 * smallest;
  return difference / Math.min(sum, Number.MAX_VALUE) < 1e-6;
}
