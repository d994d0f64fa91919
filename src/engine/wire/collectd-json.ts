// What collectd's write_http sends with `Format "JSON"`: a list of value lists, each with its host,
// plugin and type, into the form of remote write 1.0, with the names that collectd's own
// write_prometheus and collectd_exporter give them. Easy to get wrong: a list has a value for each
// of its data sources, null where there is none; and `__proto__` is a legal key of an object.
// Source: collectd 5.12, format_json.c and write_prometheus.c.
import { MonError, messageOf } from '../errors.ts';
import { parseJson } from './json-text.ts';
import type { WritePen } from './write-pen.ts';

export interface CollectdCounts {
  samples: number;
  /** Values that were not taken, and a sentence about the first few. */
  refused: number;
  readonly examples: string[];
}

type Fields = Record<string, unknown>;

const EXAMPLES_MAX = 5;
/** Lists of one body, and values of one list. */
const LISTS_MAX = 1_000_000;
const VALUES_MAX = 10_000;
/** Data sources that only grow. */
const GROWING = new Set(['counter', 'derive']);
const KINDS = new Set(['gauge', 'absolute', ...GROWING]);

function malformed(what: string): MonError {
  return new MonError('MON_BODY_MALFORMED', `collectd: ${what}`, {
    hint: 'write_http needs Format "JSON"',
  });
}

/** Writes the samples of all value lists with `pen`. @throws MonError MON_BODY_MALFORMED. */
export function fromCollectd(bytes: Uint8Array, pen: WritePen, receivedMs: number): CollectdCounts {
  let parsed: unknown;
  try {
    parsed = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (failure) {
    throw malformed(messageOf(failure));
  }
  if (!Array.isArray(parsed)) throw malformed('the body is no list');
  if (parsed.length > LISTS_MAX) throw malformed(`more than ${LISTS_MAX} value lists`);
  const writer = new ListWriter(pen, receivedMs);
  parsed.forEach((item: unknown, i) => writer.list(item, i + 1));
  return writer.counts;
}

function own(from: Fields, name: string): unknown {
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

class ListWriter {
  readonly counts: CollectdCounts = { samples: 0, refused: 0, examples: [] };
  readonly #pen: WritePen;
  readonly #receivedMs: number;
  readonly #told = new Set<string>();

  constructor(pen: WritePen, receivedMs: number) {
    this.#pen = pen;
    this.#receivedMs = receivedMs;
  }

  list(item: unknown, number: number): void {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      return this.#refuse(`list ${number} is no object`, 1);
    }
    const fields = item as Fields;
    // Notifications come the same way and have no values.
    if (own(fields, 'severity') !== undefined && own(fields, 'values') === undefined) return;
    const values = own(fields, 'values');
    if (!Array.isArray(values)) return this.#refuse(`list ${number} has no values`, 1);
    const count = Math.min(values.length, VALUES_MAX);
    const texts = textsOf(fields);
    const timeMs = this.#timeOf(own(fields, 'time'));
    if (texts === undefined || timeMs === undefined) {
      const what = texts === undefined ? 'host, plugin or type is no text' : 'time is no number';
      return this.#refuse(`list ${number}: ${what}`, values.length);
    }
    if (values.length > VALUES_MAX) {
      this.#refuse(`list ${number} has ${values.length} values`, values.length - VALUES_MAX);
    }
    const kinds = listOf(own(fields, 'dstypes'));
    const names = listOf(own(fields, 'dsnames'));
    for (let i = 0; i < count; i++) {
      const value: unknown = values[i];
      const [kind, name] = [kinds[i] ?? 'gauge', names[i] ?? 'value'];
      if (value === null) continue;
      if (typeof value !== 'number') this.#refuse(`list ${number}: a value is no number`, 1);
      else if (typeof kind !== 'string' || !KINDS.has(kind) || typeof name !== 'string') {
        this.#refuse(`list ${number}: a data source without kind or name`, 1);
      } else this.#sample(texts, { kind, name, value, timeMs });
    }
  }

  #timeOf(time: unknown): number | undefined {
    if (time === undefined || time === null || time === 0) return this.#receivedMs;
    if (typeof time !== 'number' || !Number.isFinite(time)) return undefined;
    const ms = Math.round(time * 1000);
    return Number.isSafeInteger(ms) ? ms : undefined;
  }

  #refuse(words: string, count: number): void {
    this.counts.refused += count;
    if (this.counts.examples.length < EXAMPLES_MAX) this.counts.examples.push(words);
  }

  #sample(
    texts: Texts,
    point: {
      readonly kind: string;
      readonly name: string;
      readonly value: number;
      readonly timeMs: number;
    },
  ): void {
    const { kind, name, value, timeMs } = point;
    const metric = metricName(texts, name, GROWING.has(kind));
    if (!this.#told.has(metric)) {
      this.#told.add(metric);
      const help = `collectd plugin ${texts.plugin}, type ${texts.type}, data source ${name}`;
      this.#pen.metadata(metric, GROWING.has(kind) ? 'counter' : 'gauge', help, '');
    }
    const labels = labelsOf(texts);
    labels.set('__name__', metric);
    this.#pen.begin();
    for (const key of [...labels.keys()].sort()) this.#pen.labelText(key, labels.get(key) ?? '');
    this.#pen.sample(value, timeMs);
    this.#pen.end();
    this.counts.samples++;
  }
}

interface Texts {
  readonly host: string;
  readonly plugin: string;
  readonly pluginInstance: string;
  readonly type: string;
  readonly typeInstance: string;
}

function textsOf(fields: Fields): Texts | undefined {
  const text = (name: string): string | undefined => {
    const value = own(fields, name) ?? '';
    return typeof value === 'string' ? value : undefined;
  };
  const [host, plugin, type] = [text('host'), text('plugin'), text('type')];
  const [pluginInstance, typeInstance] = [text('plugin_instance'), text('type_instance')];
  if (host === undefined || pluginInstance === undefined || typeInstance === undefined) {
    return undefined;
  }
  if (plugin === undefined || type === undefined || plugin === '' || type === '') return undefined;
  return { host, plugin, pluginInstance, type, typeInstance };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function metricName({ plugin, type }: Texts, name: string, growing: boolean): string {
  const parts = ['collectd', plugin];
  if (type !== plugin) parts.push(type);
  if (name !== 'value') parts.push(name);
  if (growing) parts.push('total');
  return parts.join('_').replaceAll(/[^a-zA-Z0-9_]/g, '_');
}

function labelsOf({ host, plugin, pluginInstance, typeInstance }: Texts): Map<string, string> {
  const own = plugin.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_');
  const labels = new Map<string, string>();
  if (pluginInstance !== '') labels.set(own, pluginInstance);
  if (typeInstance !== '') labels.set(pluginInstance === '' ? own : 'type', typeInstance);
  if (host !== '') labels.set('instance', host);
  return labels;
}
