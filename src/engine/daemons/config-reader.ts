// A YAML file as sections with names that must be known. It stands under the configuration and
// gives every complaint its place: file, line, column, the line itself, and the nearest known name.
// Easy to get wrong: the offsets of a UserError are into its one source line, not into the file.
import { dirname, resolve } from 'node:path';
import type { Document, LineCounter, Node, Pair } from 'yaml';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import { UserError } from '../errors.ts';
import { durationOf } from '../model/duration.ts';
import { editDistance } from '../promql/suggest.ts';
import { controlAt, parseYaml } from './yaml-text.ts';

/** Merges within merges: deeper they go in a circle. */
const MERGES_MAX = 5;

/** Any place of the file: what a complaint points at. */
export type Place = { readonly range?: readonly number[] | null } | null | undefined;

/** The words of a line: known names are written as such. */
export function words(line: string): string[] {
  return line.split(' ');
}

/** One name of a map and its value. */
export interface Entry {
  readonly key: string;
  readonly keyNode: Node;
  readonly value: Node | null;
}

/** The known name that was probably meant, or undefined. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const cut = name.slice(0, 100);
  const ranked = known
    .map((other) => ({ other, distance: editDistance(cut, other) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, cut.length / 3)
    ? best.other
    : undefined;
}

/** The text of one file, its warnings, and how to complain about it. */
export class ConfigFile {
  readonly path: string;
  readonly warnings: string[] = [];
  readonly root: Node | null;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #document: Document;

  /** @throws UserError when the text, or the one document of it, is not YAML. */
  constructor(text: string, path: string, parsed = parseYaml(text, false), at = 0) {
    const document = parsed.documents[at];
    this.path = path;
    this.#text = parsed.text;
    this.#lines = parsed.lines;
    this.#document = document;
    const control = controlAt(parsed.text);
    if (control >= 0) {
      this.fail({ range: [control, control + 1] }, 'control characters are not allowed');
    }
    const [error] = document.errors;
    if (error !== undefined) {
      const [start, end] = error.pos;
      this.fail({ range: [start, end] }, error.message.split('\n', 1)[0]);
    }
    this.root = document.contents;
  }

  /** Each document of a text that has several. @throws UserError when it is not YAML. */
  static all(text: string, path: string): ConfigFile[] {
    const parsed = parseYaml(text, true);
    return parsed.documents.map((_, i) => new ConfigFile(text, path, parsed, i));
  }

  /** Line and column of a place, from 1. */
  linePos(place: Place): { readonly line: number; readonly col: number } {
    const { line, col } = this.#lines.linePos(place?.range?.[0] ?? 0);
    return { line: Math.max(1, line), col: Math.max(1, col) };
  }

  /** `file:line:column` of a place. */
  where(place: Place): string {
    const { line, col } = this.linePos(place);
    return `${this.path}:${line}:${col}`;
  }

  /** @throws UserError that points at the place. */
  fail(place: Place, message: string, hint?: string): never {
    const start = Math.min(place?.range?.[0] ?? 0, this.#text.length);
    const end = Math.max(place?.range?.[1] ?? start, start);
    const from = this.#text.lastIndexOf('\n', start - 1) + 1;
    const next = this.#text.indexOf('\n', start);
    const to = next < 0 ? this.#text.length : next;
    throw new UserError(`${this.where(place)}: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      source: this.#text.slice(from, to),
      start: start - from,
      end: Math.min(end, to) - from,
    });
  }

  warn(place: Place, message: string): void {
    this.warnings.push(`${this.where(place)}: ${message}`);
  }

  /** A path of the file: relative ones start from the file's folder. */
  resolvePath(text: string): string {
    return resolve(dirname(this.path), text);
  }

  /** The node itself, or what an alias stands for; null where there is nothing. */
  follow(node: Node | null): Node | null {
    const found = isAlias(node) ? node.resolve(this.#document) : node;
    if (found === undefined) return this.fail(node, 'this alias names no anchor');
    return isScalar(found) && found.value === null ? null : found;
  }

  /** Names and values of a map, merge keys (<<) resolved; none where there is nothing. */
  entries(node: Node | null, what: string, depth = 0): Entry[] {
    const found = this.follow(node);
    if (found === null) return [];
    if (!isMap(found)) return this.fail(found, `${what} must be a map of names and values`);
    if (depth > MERGES_MAX) return this.fail(found, 'merge keys (<<) that never end');
    const own = found.items.map((pair: Pair): Entry => {
      const keyNode = pair.key as Node;
      if (!isScalar(keyNode)) this.fail(keyNode, `a name in ${what} must be plain text`);
      return { key: this.text(keyNode, 'a name'), keyNode, value: pair.value as Node };
    });
    const out = new Map<string, Entry>();
    for (const { key, value } of own) {
      if (key !== '<<') continue;
      const merged = this.follow(value);
      const parts: Node[] = isSeq(merged) ? (merged.items as Node[]) : [merged as Node];
      for (const part of parts) {
        for (const entry of this.entries(part, what, depth + 1)) {
          if (!out.has(entry.key)) out.set(entry.key, entry);
        }
      }
    }
    for (const entry of own) if (entry.key !== '<<') out.set(entry.key, entry);
    return [...out.values()].map((entry) => ({ ...entry, value: this.follow(entry.value) }));
  }

  /** The items of a list; none where there is nothing. */
  items(node: Node | null, what: string): Node[] {
    const found = this.follow(node);
    if (found === null) return [];
    if (!isSeq(found)) return this.fail(found, `${what} must be a list`);
    return found.items.map((item) => {
      return this.follow(item as Node | null) ?? this.fail(found, `${what} holds an empty item`);
    });
  }

  /** The text of a scalar as it is written: numbers and booleans are taken as text too. */
  text(node: Node | null, what: string): string {
    const found = this.follow(node);
    if (!isScalar(found)) return this.fail(found ?? node, `${what} must be text`);
    return typeof found.value === 'string' ? found.value : String(found.source ?? found.value);
  }
}

/** One map of the file whose names are all known. */
export class Section {
  readonly file: ConfigFile;
  readonly node: Node | null;
  readonly what: string;
  readonly #entries: ReadonlyMap<string, { keyNode: Node; value: Node | null }>;

  /** @throws UserError for a name that is not in `known`, with the nearest one. */
  constructor(file: ConfigFile, node: Node | null, what: string, known: readonly string[]) {
    this.file = file;
    this.node = node;
    this.what = what;
    const found = new Map<string, { keyNode: Node; value: Node | null }>();
    for (const { key, keyNode, value } of file.entries(node, what)) {
      if (!known.includes(key)) {
        const near = nearestName(key, known);
        const hint =
          near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`;
        file.fail(keyNode, `unknown field ${JSON.stringify(key)} in ${what}`, hint);
      }
      found.set(key, { keyNode, value });
    }
    this.#entries = found;
  }

  /** The place of a field's value, or of its name, or of the section. */
  place(name: string): Place {
    const entry = this.#entries.get(name);
    return entry?.value ?? entry?.keyNode ?? this.node;
  }

  has(name: string): boolean {
    return this.value(name) !== null;
  }

  /** @throws UserError at the field. */
  fail(name: string, message: string, hint?: string): never {
    return this.file.fail(this.place(name), message, hint);
  }

  /** Warns for each of the fields that is given. */
  notUsed(names: readonly string[], why = 'is not used yet'): void {
    for (const name of names) {
      if (this.has(name)) this.file.warn(this.#entries.get(name)?.keyNode, `${name} ${why}`);
    }
  }

  value(name: string): Node | null {
    return this.#entries.get(name)?.value ?? null;
  }

  text(name: string): string | undefined {
    return this.has(name) ? this.file.text(this.value(name), name) : undefined;
  }

  duration(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const hint = 'write a number and a unit, as in 500ms, 15s, 1m30s, 2h, 15d';
    return durationOf(text) ?? this.fail(name, `${name} is not a duration`, hint);
  }

  bool(name: string): boolean | undefined {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined) return undefined;
    if (['true', 'yes', 'on'].includes(text)) return true;
    if (['false', 'no', 'off'].includes(text)) return false;
    return this.fail(name, `${name} must be true or false`);
  }

  /** A whole number between the bounds, both included. */
  integer(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    return this.fail(name, `${name} must be a whole number from ${min} to ${max}`);
  }

  /** Bytes; units are powers of 1024 with or without the i, as Prometheus reads them. */
  bytes(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:iB|B)?$/.exec(text);
    if (found === null)
      this.fail(name, `${name} is not a size`, 'as in 512KB, 16MB, 1GiB; 0 for none');
    return Math.floor(Number(found[1]) * 1024 ** ' KMGT'.indexOf(found[2] || ' '));
  }

  oneOf<T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined || words.includes(text as T)) return text as T | undefined;
    const near = nearestName(text, words);
    const hint = near === undefined ? undefined : `did you mean ${near}?`;
    return this.fail(name, `${name} must be one of ${words.join(', ')}`, hint);
  }

  items(name: string): Node[] {
    return this.file.items(this.value(name), name);
  }

  isList(name: string): boolean {
    return isSeq(this.file.follow(this.value(name)));
  }

  texts(name: string): string[] {
    return this.items(name).map((item) => this.file.text(item, `an item of ${name}`));
  }

  section(name: string, known: readonly string[]): Section {
    return new Section(this.file, this.value(name), name, known);
  }

  path(name: string): string | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.file.resolvePath(text);
  }
}
