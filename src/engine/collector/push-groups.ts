// The Pushgateway's part: batch jobs push exposition text into a group named by labels, and the
// group is shown as if it were scraped until somebody deletes it. It stands beside the scrape
// targets within the process. Easy to get wrong: a push is answered only when the group is in
// State, which several processes may write and read; and a group's own labels win over those in
// the body.
// Source: prometheus/pushgateway, README and handler/push.go.
import { MonError } from '../errors.ts';
import { PUSH_GROUPS_BYTES_MAX } from '../limits-sources.ts';
import { PUSH_GROUP_BYTES_MAX, PUSH_GROUPS_MAX } from '../limits.ts';
import { NAME } from '../model/labels.ts';
import type { StateChange } from '../model/state-change.ts';
import type { GroupLabels, Groups, State } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { METADATA, ParsedExposition, decodeText } from '../wire/exposition-columns.ts';
import { formatOf, parseExposition } from '../wire/exposition.ts';
import { numberText } from '../wire/exposition-writer.ts';
import { parseJson } from '../wire/json-text.ts';
import { parseSeriesPairs } from '../wire/series-text.ts';
import { FamilyTypes, typeOf } from './family-types.ts';
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
  readonly version: number;
  /** Characters in State. */
  readonly size: number;
}

/** What is told of every group; a client that pushes what it has read sends it along. */
const OWN_FAMILIES = ['push_time_seconds', 'push_failure_time_seconds'];
const PREFIX = 'pushgroup/';
/** Written with every change of a group, so that who looks need not read them all. */
const TURN = 'pushgroups';
/** Other processes that change groups at the same time are few. */
const TRIES_MAX = 20;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

interface Changing {
  readonly change: StateChange;
  /** The version of TURN that it was made by. */
  readonly turn: number;
  /** Told the version of what was written. */
  readonly done: (version: number) => void;
}

function malformed(what: string): MonError {
  return new MonError('MON_BODY_MALFORMED', what);
}

function keyOf(labels: GroupLabels): string {
  return PREFIX + Buffer.from(JSON.stringify(labels)).toString('base64url');
}

export class PushGroups implements Groups {
  readonly #state: State;
  readonly #clock: Clock;
  readonly #parsed = new ParsedExposition();
  #groups = new Map<string, Group>();
  /** The types of all families of the groups. */
  #types = new FamilyTypes();
  /** The version of TURN that the groups are of. */
  #seen: number | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #first: (() => void) | undefined;

  constructor(state: State, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
  }

  /** Reads what an earlier run kept, or another process has changed. */
  refresh(): Promise<void> {
    return this.#next(() => this.#look());
  }

  async #look(): Promise<void> {
    const version = (await this.#state.get(TURN))?.version ?? 0;
    if (version === this.#seen) return;
    const groups = new Map<string, Group>();
    for (const [key, { value, version: own }] of await this.#state.list(PREFIX)) {
      const read = parseJson(value) as Group;
      groups.set(key, { ...read, version: own, size: value.length });
    }
    this.#groups = groups;
    this.#types = new FamilyTypes(groups.values());
    this.#seen = version;
    this.#tellFirst();
  }

  /**
   * Takes a body into a group, durable when it resolves: `replace` drops what the group had,
   * otherwise only the families of the same names are replaced.
   * @throws MonError MON_BODY_MALFORMED, MON_BODY_TOO_LARGE, MON_LIMIT_EXCEEDED.
   */
  async push(labels: GroupLabels, body: Uint8Array, contentType: string, replace: boolean) {
    const key = keyOf(labels);
    let families: Record<string, Family>;
    try {
      families = this.#read(labels, body, contentType);
    } catch (thrown) {
      await this.#noteFailure(key);
      throw thrown;
    }
    await this.#change((turn) => {
      const before = this.#groups.get(key);
      if (before === undefined && this.#groups.size >= PUSH_GROUPS_MAX) {
        const words = `there are ${PUSH_GROUPS_MAX} groups already; delete some`;
        throw new MonError('MON_LIMIT_EXCEEDED', words);
      }
      this.#checkTypes(key, families);
      const all = replace ? families : { ...before?.families, ...families };
      const { failedMs } = before ?? {};
      const kept = { labels, families: all, pushedMs: this.#clock.now(), failedMs };
      const value = JSON.stringify(kept);
      const size = value.length;
      if (size > PUSH_GROUP_BYTES_MAX) {
        const words = `a group holds at most ${PUSH_GROUP_BYTES_MAX} bytes`;
        throw new MonError('MON_BODY_TOO_LARGE', words);
      }
      this.#checkRoom(size, before?.size ?? 0);
      const done = (version: number): void => {
        this.#types.replace(before?.families, all);
        this.#groups.set(key, { ...kept, version, size });
      };
      return { change: { key, value, expected: before?.version ?? 0 }, done, turn };
    });
  }

  /** A group that is there remembers that a body for it was refused. */
  #noteFailure(key: string): Promise<void> {
    return this.#change((turn) => {
      const before = this.#groups.get(key);
      if (before === undefined) return undefined;
      const { labels, families, pushedMs, version } = before;
      const kept = { labels, families, pushedMs, failedMs: this.#clock.now() };
      const value = JSON.stringify(kept);
      const done = (now: number): void => {
        this.#groups.set(key, { ...kept, version: now, size: value.length });
      };
      return { change: { key, value, expected: version }, done, turn };
    });
  }

  /** Forgets a group; nothing happens where there is none. */
  remove(labels: GroupLabels): Promise<void> {
    const key = keyOf(labels);
    return this.#change((turn) => {
      const group = this.#groups.get(key);
      if (group === undefined) return undefined;
      const done = (): void => {
        this.#types.replace(group.families);
        this.#groups.delete(key);
      };
      return { change: { key, value: undefined, expected: group.version }, done, turn };
    });
  }

  /**
   * One name has one type, whoever pushes it: all groups are shown as one.
   * @throws MonError MON_BODY_MALFORMED.
   */
  #checkTypes(key: string, families: Readonly<Record<string, Family>>): void {
    for (const [name, { head }] of Object.entries(families)) {
      const type = typeOf(name, head);
      if (this.#types.isOnly(name, type)) continue;
      for (const [other, { families: theirs, labels }] of this.#groups) {
        if (other === key || !Object.hasOwn(theirs, name)) continue;
        const known = typeOf(name, theirs[name].head);
        if (known === type) continue;
        const group = pairsText(new Map(labels));
        throw malformed(`${name} is ${type} here and ${known} in the group {${group}}`);
      }
    }
  }

  /** @throws MonError MON_LIMIT_EXCEEDED, unless the group becomes smaller. */
  #checkRoom(size: number, before: number): void {
    if (size <= before) return;
    const all = [...this.#groups.values()].reduce((sum, one) => sum + one.size, size - before);
    if (all <= PUSH_GROUPS_BYTES_MAX) return;
    const words = `all groups together hold at most ${PUSH_GROUPS_BYTES_MAX} bytes; delete some`;
    throw new MonError('MON_LIMIT_EXCEEDED', words);
  }

  /** Calls `show` once, as soon as there is a group. */
  whenAny(show: () => void): void {
    if (this.#groups.size > 0) show();
    else this.#first = show;
  }

  /** The target that shows all groups. */
  target(intervalMs: number, timeoutMs: number): InternalTarget {
    const render = async (): Promise<Uint8Array> => {
      try {
        await this.refresh();
      } catch (thrown) {
        // While State is away what was known is shown: nothing has been deleted meanwhile.
        if (!(thrown instanceof MonError) || this.#seen === undefined) throw thrown;
      }
      return Buffer.from(this.render());
    };
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

  /**
   * Makes a change by what is in State now, again when another process was faster. It is durable
   * when this resolves.
   */
  #change(make: (turn: number) => Changing | undefined): Promise<void> {
    return this.#next(async () => {
      for (let i = 1; ; i++) {
        await this.#look();
        const changing = make(this.#seen ?? 0);
        if (changing === undefined) return;
        const { change, done, turn } = changing;
        const value = String(this.#clock.now());
        try {
          const both = [change, { key: TURN, value, expected: turn }];
          this.#seen = await this.#state.commit(both);
          done(this.#seen);
          return this.#tellFirst();
        } catch (thrown) {
          const conflict = thrown instanceof MonError && thrown.code === 'MON_STATE_CONFLICT';
          if (!conflict || i === TRIES_MAX) throw thrown;
        }
      }
    });
  }

  #tellFirst(): void {
    if (this.#groups.size === 0) return;
    this.#first?.();
    this.#first = undefined;
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #read(labels: GroupLabels, body: Uint8Array, contentType: string): Record<string, Family> {
    const parsed = this.#parsed;
    const format = formatOf(contentType);
    parseExposition(body, format, parsed);
    if (format === 'text') checkLastLine(body);
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
      const { lines = [], typeAt = 0 } = heads.get(family) ?? {};
      if (parsed.starts[i] < typeAt) {
        throw malformed(`the TYPE of ${family} stands behind its samples`);
      }
      out[family] ??= { head: lines, samples: [] };
      const series = quotedName(name, pairsText(sortedPairs(pairs)));
      if (seen.has(series)) throw malformed(`${series} stands there twice`);
      seen.add(series);
      out[family].samples.push(`${series} ${numberText(parsed.values[i])}`);
    }
    return { ...out };
  }
}

/**
 * A body that was cut off is not half a push: as the Pushgateway demands, the last line has an end.
 * @throws MonError MON_BODY_MALFORMED.
 */
function checkLastLine(body: Uint8Array): void {
  const end = body.findLastIndex((byte) => byte !== 32 && byte !== 9);
  if (end < 0 || body[end] === 10) return;
  const line = body.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 1);
  throw malformed(`line ${line}: the body ends within it; put a line feed at its end`);
}

interface FamilyHead {
  readonly lines: string[];
  /** Where in the body the TYPE line has the name; 0 without one. */
  typeAt: number;
}

/** TYPE and HELP lines by family. */
function headsOf(parsed: ParsedExposition, body: Uint8Array): Map<string, FamilyHead> {
  const heads = new Map<string, FamilyHead>();
  for (let i = 0; i < parsed.metadataCount; i++) {
    const kind = parsed.metadataKinds[i];
    if (kind === METADATA.unit) continue;
    const [from, to, textFrom, textTo] = parsed.metadataRanges.subarray(i * 4, i * 4 + 4);
    const name = decodeText(body, from, to);
    const text = decodeText(body, textFrom, textTo);
    const head = heads.get(name) ?? { lines: [], typeAt: 0 };
    const { lines } = head;
    const word = `# ${kind === METADATA.type ? 'TYPE' : 'HELP'} ${name} `;
    if (lines.some((line) => line.startsWith(word)))
      throw malformed(`a second line ${word.trim()}`);
    lines.push(word + text);
    if (kind === METADATA.type) head.typeAt = from;
    heads.set(name, head);
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
