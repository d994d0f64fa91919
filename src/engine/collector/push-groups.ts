// The Pushgateway's part: batch jobs push exposition text into a group named by labels, and the
// group is shown as if it were scraped until somebody deletes it. It stands beside the scrape
// targets within the process. Easy to get wrong: a push is answered only when the group is in
// State, and a group's own labels win over those in the body.
// Source: prometheus/pushgateway, README and handler/push.go.
import { MonError } from '../errors.ts';
import { PUSH_GROUP_BYTES_MAX, PUSH_GROUPS_MAX } from '../limits.ts';
import { NAME } from '../model/labels.ts';
import type { GroupLabels, Groups, State } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { METADATA, ParsedExposition, decodeText } from '../wire/exposition-columns.ts';
import { formatOf, parseExposition } from '../wire/exposition.ts';
import { numberText } from '../wire/exposition-writer.ts';
import { parseJson } from '../wire/json-text.ts';
import { parseSeriesPairs } from '../wire/series-text.ts';
import type { InternalTarget } from './scrape-manager.ts';

/** A family as it was pushed: its head and its samples, the group's labels in them. */
interface Family {
  readonly head: readonly string[];
  readonly samples: readonly string[];
}

interface Group {
  readonly labels: GroupLabels;
  readonly families: Readonly<Record<string, Family>>;
  readonly pushedMs: number;
  /** When a body for the group was last refused; 0 and missing: never since it is there. */
  readonly failedMs?: number;
  version: number;
}

/** What is told of every group; a client that pushes what it has read sends it along. */
const OWN_FAMILIES = ['push_time_seconds', 'push_failure_time_seconds'];
const PREFIX = 'pushgroup/';
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function malformed(what: string): MonError {
  return new MonError('MON_BODY_MALFORMED', what);
}

function keyOf(labels: GroupLabels): string {
  return PREFIX + Buffer.from(JSON.stringify(labels)).toString('base64url');
}

export class PushGroups implements Groups {
  readonly #state: State;
  readonly #clock: Clock;
  readonly #groups = new Map<string, Group>();
  readonly #parsed = new ParsedExposition();
  #turn: Promise<unknown> = Promise.resolve();
  #first: (() => void) | undefined;

  constructor(state: State, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
  }

  /** Reads the groups that an earlier run kept. */
  async load(): Promise<void> {
    for (const [key, { value, version }] of await this.#state.list(PREFIX)) {
      this.#groups.set(key, { ...(parseJson(value) as Group), version });
    }
  }

  /**
   * Takes a body into a group, durable when it resolves: `replace` drops what the group had,
   * otherwise only the families of the same names are replaced.
   * @throws MonError MON_BODY_MALFORMED, MON_BODY_TOO_LARGE, MON_LIMIT_EXCEEDED.
   */
  async push(labels: GroupLabels, body: Uint8Array, contentType: string, replace: boolean) {
    let families: Record<string, Family>;
    try {
      families = this.#read(labels, body, contentType);
    } catch (thrown) {
      await this.#next(() => this.#noteFailure(keyOf(labels)));
      throw thrown;
    }
    await this.#next(async () => {
      const key = keyOf(labels);
      const before = this.#groups.get(key);
      if (before === undefined && this.#groups.size >= PUSH_GROUPS_MAX) {
        const words = `there are ${PUSH_GROUPS_MAX} groups already; delete some`;
        throw new MonError('MON_LIMIT_EXCEEDED', words);
      }
      const all = replace ? families : { ...before?.families, ...families };
      const kept = {
        labels,
        families: all,
        pushedMs: this.#clock.now(),
        failedMs: before?.failedMs,
      };
      const group: Group = { ...kept, version: before?.version ?? 0 };
      const value = JSON.stringify(kept);
      if (value.length > PUSH_GROUP_BYTES_MAX) {
        const words = `a group holds at most ${PUSH_GROUP_BYTES_MAX} bytes`;
        throw new MonError('MON_BODY_TOO_LARGE', words);
      }
      group.version = await this.#state.compareAndSet(key, value, group.version);
      this.#groups.set(key, group);
      this.#first?.();
      this.#first = undefined;
    });
  }

  /** A group that is there remembers that a body for it was refused. */
  async #noteFailure(key: string): Promise<void> {
    const before = this.#groups.get(key);
    if (before === undefined) return;
    const { version, ...kept } = { ...before, failedMs: this.#clock.now() };
    const next = await this.#state.compareAndSet(key, JSON.stringify(kept), version);
    this.#groups.set(key, { ...kept, version: next });
  }

  /** Forgets a group; nothing happens where there is none. */
  remove(labels: GroupLabels): Promise<void> {
    return this.#next(async () => {
      const key = keyOf(labels);
      const group = this.#groups.get(key);
      if (group === undefined) return;
      await this.#state.remove(key, group.version);
      this.#groups.delete(key);
    });
  }

  /** Calls `show` once, as soon as there is a group. */
  whenAny(show: () => void): void {
    if (this.#groups.size > 0) show();
    else this.#first = show;
  }

  /** The target that shows all groups. */
  target(intervalMs: number, timeoutMs: number): InternalTarget {
    const render = (): Uint8Array => Buffer.from(this.render());
    return { job: 'pushgateway', instance: 'groups', intervalMs, timeoutMs, render };
  }

  /** All groups as exposition text, a family's samples together. */
  render(): string {
    const families = new Map<string, { head: readonly string[]; samples: string[] }>();
    const add = (name: string, head: readonly string[], samples: readonly string[]): void => {
      const family = families.get(name) ?? { head, samples: [] };
      family.samples.push(...samples);
      families.set(name, family);
    };
    for (const { labels, families: own, pushedMs, failedMs = 0 } of this.#groups.values()) {
      for (const [name, { head, samples }] of Object.entries(own)) add(name, head, samples);
      const pairs = pairsText(new Map([['instance', ''], ...labels]));
      [pushedMs, failedMs].forEach((ms, i) => {
        const name = OWN_FAMILIES[i];
        add(name, [`# TYPE ${name} gauge`], [`${name}{${pairs}} ${ms / 1000}`]);
      });
    }
    return [...families.values()]
      .flatMap(({ head, samples }) => [...head, ...samples])
      .map((line) => `${line}\n`)
      .join('');
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #read(labels: GroupLabels, body: Uint8Array, contentType: string): Record<string, Family> {
    const parsed = this.#parsed;
    parseExposition(body, formatOf(contentType), parsed);
    const heads = headsOf(parsed, body);
    const seen = new Set<string>();
    const out = Object.create(null) as Record<string, { head: string[]; samples: string[] }>;
    for (let i = 0; i < parsed.count; i++) {
      if (!Number.isNaN(parsed.timestamps[i])) {
        throw malformed('pushed metrics must not have timestamps');
      }
      const pairs = parseSeriesPairs(body, parsed.starts[i], parsed.ends[i]);
      const name = pairs.get(NAME) ?? '';
      const family = familyOf(name, heads);
      if (OWN_FAMILIES.includes(family)) continue;
      pairs.delete(NAME);
      if (!pairs.has('instance')) pairs.set('instance', '');
      for (const [label, value] of labels) pairs.set(label, value);
      out[family] ??= { head: heads.get(family) ?? [], samples: [] };
      const series = quotedName(name, pairsText(sortedPairs(pairs)));
      if (seen.has(series)) throw malformed(`${series} stands there twice`);
      seen.add(series);
      out[family].samples.push(`${series} ${numberText(parsed.values[i])}`);
    }
    return { ...out };
  }
}

/** TYPE and HELP lines by family. */
function headsOf(parsed: ParsedExposition, body: Uint8Array): Map<string, string[]> {
  const heads = new Map<string, string[]>();
  for (let i = 0; i < parsed.metadataCount; i++) {
    const kind = parsed.metadataKinds[i];
    if (kind === METADATA.unit) continue;
    const [from, to, textFrom, textTo] = parsed.metadataRanges.subarray(i * 4, i * 4 + 4);
    const name = decodeText(body, from, to);
    const text = decodeText(body, textFrom, textTo);
    const lines = heads.get(name) ?? [];
    const word = `# ${kind === METADATA.type ? 'TYPE' : 'HELP'} ${name} `;
    if (lines.some((line) => line.startsWith(word)))
      throw malformed(`a second line ${word.trim()}`);
    lines.push(word + text);
    heads.set(name, lines);
  }
  return heads;
}

/** Buckets, sums and counts belong to the family that the body has named. */
function familyOf(name: string, heads: ReadonlyMap<string, unknown>): string {
  const stem = name.replace(/_(?:bucket|sum|count|created|total)$/, '');
  return heads.has(name) || !heads.has(stem) ? name : stem;
}

/** The same labels in any order are the same series. */
function sortedPairs(pairs: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function pairsText(pairs: ReadonlyMap<string, string>): string {
  return [...pairs].map(([name, value]) => `${labelText(name)}="${escaped(value)}"`).join(',');
}

function labelText(name: string): string {
  return LABEL_NAME.test(name) ? name : `"${escaped(name)}"`;
}

function quotedName(name: string, pairs: string): string {
  if (/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) return `${name}{${pairs}}`;
  return `{"${escaped(name)}",${pairs}}`;
}

function escaped(text: string): string {
  return text.replace(/[\\\n"]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}
