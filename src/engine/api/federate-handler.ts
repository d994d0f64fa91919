// GET /federate: the newest sample of each selected series as exposition text, for another
// Prometheus to scrape. From selectors to two fragments (value, time) and lines of text. Easy to
// get wrong: a series that has gone stale is not there, samples keep their own times, and one
// name's lines stand together under one TYPE.
import { LOOKBACK_MS, QUERY_SAMPLES_MAX, QUERY_SERIES_MAX } from '../limits.ts';
import { NAME, compareText, labelValue, labelsKey } from '../model/labels.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { sampleText } from './json-buffer.ts';
import { sendPages } from './respond.ts';
import { parseSelectors } from './selectors.ts';

const TYPE = 'text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8';
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const PAGE_CHARACTERS = 64 * 1024;

interface Newest {
  readonly labels: Labels;
  readonly value: number;
  timeMs: number;
}

/** GET /federate?match[]=…. */
export async function federate(call: Call, parts: ApiParts): Promise<void> {
  const params = await call.params();
  const selections = parseSelectors(params.getAll('match[]'));
  const signal = call.gone();
  parts.explore?.selected(selections);
  const found = new Map<string, Newest>();
  for (const matchers of selections) {
    const [values, times] = await Promise.all(
      ['last', 'timestamp'].map((fn) =>
        parts.source.fragment(newestOf(matchers, fn, parts.clock.now()), signal),
      ),
    );
    take(found, values, times);
  }
  const rows = [...found.values()].filter(({ labels }) => labelValue(labels, NAME) !== '');
  rows.sort((a, b) => compareText(labelValue(a.labels, NAME), labelValue(b.labels, NAME)));
  const more = { instance: '', ...parts.externalLabels };
  await sendPages(call.response, call.head(200, TYPE), pages(rows, more));
}

function newestOf(matchers: readonly Matcher[], fn: string, nowMs: number): Fragment {
  return {
    matchers,
    fn,
    grid: { start: nowMs, end: nowMs, step: 1 },
    windowMs: LOOKBACK_MS,
    args: [],
    keepName: true,
    maxSeries: QUERY_SERIES_MAX,
    maxSamples: QUERY_SAMPLES_MAX,
  };
}

/** Joins value and time by labels; the two fragments may see different moments. */
function take(found: Map<string, Newest>, values: FragmentResult, times: FragmentResult): void {
  const timeOf = new Map<string, number>();
  times.matrix?.labels.forEach((labels, row) => {
    if (times.matrix?.present[row] !== 1) return;
    timeOf.set(labelsKey(labels), Math.round(times.matrix.values[row] * 1000));
  });
  const { matrix } = values;
  matrix?.labels.forEach((labels, row) => {
    const key = labelsKey(labels);
    const timeMs = timeOf.get(key);
    // Native histograms have no form in this text.
    const isFloat = matrix.present[row] === 1 && matrix.histograms?.[row] === undefined;
    if (isFloat && timeMs !== undefined)
      found.set(key, { labels, value: matrix.values[row], timeMs });
  });
}

function* pages(
  rows: readonly Newest[],
  more: Readonly<Record<string, string>>,
): Generator<Buffer, void, void> {
  let text = '';
  let last = '';
  for (const { labels, value, timeMs } of rows) {
    const name = labelValue(labels, NAME);
    if (name !== last) text += `# TYPE ${nameText(name)} untyped\n`;
    last = name;
    text += `${seriesLine(labels, more)} ${sampleText(value)} ${timeMs}\n`;
    if (text.length < PAGE_CHARACTERS) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}

function nameText(name: string): string {
  return METRIC_NAME.test(name) ? name : `"${escaped(name)}"`;
}

/** A name that is no word stands quoted inside the braces, as UTF-8 exposition has it. */
function seriesLine(labels: Labels, more: Readonly<Record<string, string>>): string {
  const all = new Map(Object.entries(more));
  for (let i = 0; i < labels.length; i += 2) all.set(labels[i], labels[i + 1]);
  const name = all.get(NAME) ?? '';
  all.delete(NAME);
  const isWord = METRIC_NAME.test(name);
  const pairs = isWord ? [] : [nameText(name)];
  const names = [...all.keys()].toSorted(compareText);
  for (const label of names) {
    // `instance=""` is written out, or the scraper would put its own there.
    const bare = LABEL_NAME.test(label) ? label : `"${escaped(label)}"`;
    pairs.push(`${bare}="${escaped(all.get(label) ?? '')}"`);
  }
  return (isWord ? name : '') + (pairs.length > 0 ? `{${pairs.join(',')}}` : '');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
