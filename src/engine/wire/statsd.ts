// StatsD packets, with DogStatsD's tags: lines of `name:value|type|@rate|#tag:value`. It stands
// before the aggregator, which turns updates into series. Easy to get wrong: a sign before a
// gauge's number means a change, and a name may hold colons only as values' separators.
// Sources: statsd's metric types, DogStatsD's datagram format.

/** One line of a packet. */
export interface StatsdUpdate {
  readonly name: string;
  /** c counter, g gauge, t timing in ms, h other distributions, s set. */
  readonly kind: 'c' | 'g' | 't' | 'h' | 's';
  readonly value: number;
  /** The member of a set. */
  readonly member: string;
  /** A gauge is changed by the value, not set to it. */
  readonly relative: boolean;
  /** Share of events that were sent, above 0, at most 1. */
  readonly rate: number;
  /** Names and values of tags in turn. */
  readonly tags: readonly string[];
}

export interface StatsdPacket {
  readonly updates: readonly StatsdUpdate[];
  /** Lines that are none. */
  readonly malformed: number;
}

const KINDS = new Map([
  ['c', 'c'],
  ['m', 'c'],
  ['g', 'g'],
  ['ms', 't'],
  ['h', 'h'],
  ['d', 'h'],
  ['s', 's'],
] as const);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const LINE_CHARS_MAX = 8192;
const TAGS_MAX = 64;

/** Reads a packet; what is malformed is counted and the rest is taken. */
export function readStatsd(bytes: Uint8Array): StatsdPacket {
  const text = new TextDecoder().decode(bytes);
  const updates: StatsdUpdate[] = [];
  let malformed = 0;
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    // Events and service checks of DogStatsD are no metrics.
    if (trimmed === '' || trimmed.startsWith('_e{') || trimmed.startsWith('_sc|')) continue;
    const found = readLine(trimmed);
    if (found === undefined) malformed++;
    else updates.push(...found);
  }
  return { updates, malformed };
}

function readLine(line: string): StatsdUpdate[] | undefined {
  const [head, type, ...more] = line.split('|');
  const colon = head.indexOf(':');
  const kind = KINDS.get(type as 'c');
  if (line.length > LINE_CHARS_MAX || colon <= 0 || kind === undefined) return undefined;
  const [name, ...inline] = head.slice(0, colon).split(/[,;]/);
  const tags: string[] = [];
  for (const tag of inline) addTag(tags, tag, '=');
  let rate = 1;
  for (const part of more) {
    if (part.startsWith('@')) rate = Number(part.slice(1));
    else if (part.startsWith('#')) {
      for (const tag of part.slice(1).split(',')) addTag(tags, tag, ':');
    }
  }
  if (!(rate > 0 && rate <= 1) || name === '') return undefined;
  const values = head.slice(colon + 1).split(kind === 's' ? '\0' : ':');
  const updates = values.map((value) => update(value, { name, kind, rate, tags }));
  return updates.every((one) => one !== undefined) ? updates : undefined;
}

function addTag(tags: string[], tag: string, separator: string): void {
  if (tag === '' || tags.length >= 2 * TAGS_MAX) return;
  const cut = tag.indexOf(separator);
  if (cut === 0) return;
  tags.push(cut < 0 ? tag : tag.slice(0, cut), cut < 0 ? 'true' : tag.slice(cut + 1));
}

function update(
  value: string,
  more: Pick<StatsdUpdate, 'name' | 'kind' | 'rate' | 'tags'>,
): StatsdUpdate | undefined {
  if (more.kind === 's') return { ...more, value: 0, member: value, relative: false };
  if (!NUMBER.test(value)) return undefined;
  const relative = more.kind === 'g' && /^[+-]/.test(value);
  return { ...more, value: Number(value), member: '', relative };
}
