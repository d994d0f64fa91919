// A Source over any server that speaks Prometheus' query API: it fetches samples by a range
// selector and runs the leaf fragment here, so that an answer means what it means over our own
// store, whatever dialect the other side evaluates. Easy to get wrong: such a server answers no
// stale markers, so a series that ended is seen until the lookback is over; and histograms come
// without their schema, so they cannot be read back.
import { MonError } from '../errors.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import { compareText } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Source } from '../ports.ts';
import { reachOfFragment, runFragment } from '../promql/leaf.ts';
import { quote, quoteName } from '../promql/literals.ts';
import { parseJson } from '../wire/json-text.ts';
import { numberOf } from './number-text.ts';
import { isQueryJson, labelsOf } from './prometheus-answer.ts';
import { SampleRows } from './sample-rows.ts';
import type { SampleRow } from './sample-rows.ts';

/** What the other side answered to one question. */
export interface ApiReply {
  readonly status: number;
  readonly text: string;
}

export interface PrometheusSourceOptions {
  /**
   * Asks a path below the server's address with a form; the path begins with a slash.
   * @throws MonError kind 'retry' when it does not answer.
   */
  readonly ask: (path: string, form: string, signal?: AbortSignal) => Promise<ApiReply>;
  /** How the server is called in messages. */
  readonly name: string;
}

type Selections = readonly (readonly Matcher[])[];

interface SeriesJson {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
  readonly histograms?: readonly unknown[];
}

const HISTOGRAMS_LOST =
  'native histograms cannot be read back from the store behind: they are left out';

export class PrometheusSource implements Source {
  readonly #options: PrometheusSourceOptions;

  constructor(options: PrometheusSourceOptions) {
    this.#options = options;
  }

  async fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    const { first, last } = reachOfFragment(fragment);
    const { rows, histograms } = await this.#rows(fragment.matchers, first, last, signal);
    const result = runFragment(fragment, new SampleRows(rows));
    if (!histograms) return result;
    return { ...result, warnings: [...result.warnings, HISTOGRAMS_LOST] };
  }

  async series(
    selections: Selections,
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    const form = formOf(selections, minMs, maxMs);
    if (limit > 0) form.set('limit', String(limit));
    const found = await this.#list('/api/v1/series', form);
    if (!found.every(isLabelSet)) throw this.#failed('the answer is not label sets');
    const sets = found.map((one) => labelsOf(one));
    return limit > 0 ? sets.slice(0, limit) : sets;
  }

  async labelNames(selections: Selections, minMs: number, maxMs: number): Promise<string[]> {
    return this.#texts('/api/v1/labels', formOf(selections, minMs, maxMs));
  }

  async labelValues(
    name: string,
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    const path = `/api/v1/label/${encodeURIComponent(name)}/values`;
    return this.#texts(path, formOf(selections, minMs, maxMs));
  }

  /** What the other side knows of families came from here: it is kept here. */
  async metadata(): Promise<readonly MetadataEntry[]> {
    return [];
  }

  /** All samples of the series in [first, last], both included. */
  async #rows(
    matchers: readonly Matcher[],
    first: number,
    last: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly rows: readonly SampleRow[]; readonly histograms: boolean }> {
    const windowMs = Math.max(1, last - first + 1);
    const query = `${selectorText(matchers)}[${windowMs}ms]`;
    const form = new URLSearchParams({ query, time: String(last / 1000) });
    const body = await this.#ask('/api/v1/query', form, signal);
    if (!isQueryJson(body) || body.data.resultType !== 'matrix') {
      throw this.#failed('the answer is not samples of series');
    }
    const { result: series } = body.data;
    if (!isSeriesList(series)) throw this.#failed('the answer is not samples of series');
    const histograms = series.some((one) => (one.histograms?.length ?? 0) > 0);
    return { rows: series.map(rowOf), histograms };
  }

  async #texts(path: string, form: URLSearchParams): Promise<string[]> {
    const found = await this.#list(path, form);
    return found.filter((one) => typeof one === 'string').toSorted(compareText);
  }

  async #list(path: string, form: URLSearchParams): Promise<readonly unknown[]> {
    const body = await this.#ask(path, form);
    const data = (body as { data?: unknown } | undefined)?.data;
    // VictoriaMetrics says null for nothing.
    if (data === null) return [];
    if (!Array.isArray(data)) throw this.#failed('the answer is not a list');
    return data;
  }

  async #ask(path: string, form: URLSearchParams, signal?: AbortSignal): Promise<unknown> {
    const reply = await this.#options.ask(path, form.toString(), signal);
    const parsed = parsedJson(reply.text);
    if (reply.status === 200) {
      if (typeof parsed === 'object' && parsed !== null) return parsed;
      throw this.#failed('the answer is no JSON');
    }
    const told = (parsed as { error?: unknown } | undefined)?.error;
    const words = typeof told === 'string' ? told.slice(0, 200) : '';
    // What it refuses is the question's fault; everything else may pass.
    const code = [400, 422].includes(reply.status) ? 'MON_QUERY_FAILED' : 'MON_SERVER_FAILED';
    const why = `HTTP status ${reply.status}${words === '' ? '' : `: ${words}`}`;
    throw new MonError(code, `${this.#options.name} answered ${why}`);
  }

  #failed(why: string): MonError {
    return new MonError('MON_SERVER_FAILED', `${this.#options.name}: ${why}`);
  }
}

/** The matchers as a selector of PromQL. */
export function selectorText(matchers: readonly Matcher[]): string {
  const parts = matchers.map(({ name, op, value }) => `${quoteName(name)}${op}${quote(value)}`);
  return `{${parts.join(',')}}`;
}

function formOf(selections: Selections, minMs: number, maxMs: number): URLSearchParams {
  const form = new URLSearchParams();
  for (const matchers of selections) {
    if (matchers.length > 0) form.append('match[]', selectorText(matchers));
  }
  if (Number.isFinite(minMs)) form.set('start', String(Math.max(0, minMs) / 1000));
  if (Number.isFinite(maxMs)) form.set('end', String(maxMs / 1000));
  return form;
}

function isLabelSet(told: unknown): told is Record<string, string> {
  if (typeof told !== 'object' || told === null || Array.isArray(told)) return false;
  return Object.values(told).every((value) => typeof value === 'string');
}

function isSeriesList(told: unknown): told is readonly SeriesJson[] {
  if (!Array.isArray(told)) return false;
  return told.every((one: Partial<SeriesJson> | null) => {
    if (typeof one !== 'object' || one === null || !isLabelSet(one.metric)) return false;
    const { values = [], histograms = [] } = one;
    return Array.isArray(values) && Array.isArray(histograms) && values.every(isPoint);
  });
}

function isPoint(told: unknown): told is readonly [number, string] {
  if (!Array.isArray(told) || typeof told[1] !== 'string') return false;
  return typeof told[0] === 'number' && Number.isFinite(told[0]);
}

/** A series with each time once: what was sent twice may be there twice. */
function rowOf({ metric, values = [] }: SeriesJson): SampleRow {
  const timestamps = new Float64Array(values.length);
  const numbers = new Float64Array(values.length);
  let count = 0;
  for (const [seconds, text] of values) {
    const at = Math.round(seconds * 1000);
    if (count > 0 && timestamps[count - 1] >= at) continue;
    timestamps[count] = at;
    numbers[count++] = numberOf(text);
  }
  const row = { timestamps: timestamps.subarray(0, count), values: numbers.subarray(0, count) };
  return { labels: labelsOf(metric), ...row };
}

function parsedJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
