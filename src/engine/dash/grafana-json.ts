// Grafana's JSON, looked at without trusting it: every field may be missing or of another kind.
// And a list of what was read and is not used, told once each with the panels it concerns. Easy to
// get wrong: a text of the file ends up on a terminal, so lengths are cut here already.
import { UserError } from '../errors.ts';
import { DASH_FILE_BYTES_MAX, DASH_TITLE_UNITS_MAX } from '../limits-dash.ts';
import { jsonFaultAt } from './json-fault.ts';

export type Json = Readonly<Record<string, unknown>>;

const NOTHING: Json = Object.freeze(Object.create(null) as Record<string, unknown>);
/** Titles of panels that one warning names. */
const NAMED_MAX = 3;

/** Whether a text looks like a JSON file rather than YAML. */
export function looksLikeJson(text: string): boolean {
  return /^\uFEFF?\s*\{\s*["}]/.test(text);
}

/** The file as a map. @throws UserError with line and column where it is no JSON. */
export function parseJson(text: string, path: string): Json {
  if (text.length > DASH_FILE_BYTES_MAX) throw new UserError(`${path} is larger than 4 MiB`);
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (thrown) {
    throw new UserError(`${path}${placeOf(text)}: not JSON`, {
      hint: 'export the dashboard in Grafana: Share, Export, Save to file',
      cause: thrown,
    });
  }
  if (isMap(value)) return value;
  throw new UserError(`${path}: a dashboard is a JSON object`, {
    hint: 'export the dashboard in Grafana: Share, Export, Save to file',
  });
}

/** `:line:column` of where the text stops being JSON. */
function placeOf(text: string): string {
  const before = text.slice(0, jsonFaultAt(text));
  return `:${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`;
}

export function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that is a map; an empty one where it is not. */
export function mapOf(from: Json, name: string): Json {
  const value = own(from, name);
  return isMap(value) ? value : NOTHING;
}

/** The maps of a field that is a list. */
export function mapsOf(from: Json, name: string): Json[] {
  const value = own(from, name);
  return Array.isArray(value) ? value.filter(isMap) : [];
}

export function listOf(from: Json, name: string): readonly unknown[] {
  const value = own(from, name);
  return Array.isArray(value) ? value : [];
}

/** A field that is a text; empty where it is not. */
export function textOf(from: Json, name: string, most = DASH_TITLE_UNITS_MAX): string {
  const value = own(from, name);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.slice(0, most) : '';
}

/** A field that is a finite number, or a text of one. */
export function numberOf(from: Json, name: string): number | undefined {
  const value = own(from, name);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

export function isTrue(from: Json, name: string): boolean {
  return own(from, name) === true;
}

export function own(from: Json, name: string): unknown {
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

/** What was read and is not used, or only nearly: a sentence each, with the panels. */
export class ImportNotes {
  readonly #notes = new Map<string, string[]>();

  /** Notes a sentence, about a panel or the whole file. */
  add(words: string, panel?: string): void {
    const panels = this.#notes.get(words) ?? [];
    if (panel !== undefined && !panels.includes(panel)) panels.push(panel);
    this.#notes.set(words, panels);
  }

  sentences(): string[] {
    return [...this.#notes].map(([words, panels]) => {
      if (panels.length === 0) return words;
      const named = panels.slice(0, NAMED_MAX).map((title) => JSON.stringify(title));
      const more = panels.length - named.length;
      const list = named.join(', ') + (more > 0 ? ` and ${more} more` : '');
      return `${words} (${panels.length === 1 ? 'panel' : 'panels'} ${list})`;
    });
  }
}
