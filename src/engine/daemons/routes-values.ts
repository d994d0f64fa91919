// Values of an alertmanager.yml by a table of fields: each field of a section names its type, and
// this file reads and checks it. It stands under the receivers and the global section. Easy to get
// wrong: Go's YAML reader takes a number where text is wanted, but never text where a number or a
// boolean is, and a URL must be one unless it is the blank that Alertmanager prints for secrets.
import type { Node } from 'yaml';
import { isMap, isScalar, isSeq } from 'yaml';
import type { Settings } from '../notify/routing.ts';
import { Section } from './config-reader.ts';
import type { ConfigFile } from './config-reader.ts';

/**
 * Types of fields. text; path (made absolute); bool; int; count (an int, not below 0); span (a
 * Prometheus duration); goSpan (a Go duration); url; templateUrl; address (host:port); texts; map;
 * any; http; tls. A table is a section of its own, a table in a list is a list of them.
 */
export type FieldType =
  | 'text'
  | 'path'
  | 'bool'
  | 'int'
  | 'count'
  | 'span'
  | 'goSpan'
  | 'url'
  | 'templateUrl'
  | 'address'
  | 'texts'
  | 'map'
  | 'any'
  | FieldTable
  | readonly [FieldTable];

export interface FieldTable {
  readonly [field: string]: FieldType;
}

/** What Alertmanager prints for a secret, and takes back. */
export const SECRET = '<secret>';
const GO_SPAN = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)/;
const GO_UNITS: Readonly<Record<string, number>> = {
  ...{ ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 },
};

/** Milliseconds of a duration as Go writes it (1h30m, 1.5s); undefined when it is none. */
export function goSpan(text: string): number | undefined {
  if (text === '0') return 0;
  let rest = text.replace(/^[+-]/, '');
  let ms = 0;
  if (rest === '') return undefined;
  while (rest !== '') {
    const part = GO_SPAN.exec(rest)?.[0];
    if (part === undefined || /^[+-]/.test(part)) return undefined;
    const unit = /[^\d.]+$/.exec(part)?.[0] ?? '';
    ms += parseFloat(part) * GO_UNITS[unit];
    rest = rest.slice(part.length);
  }
  return text.startsWith('-') ? -ms : ms;
}

/** Why a text is no URL that can be asked; undefined when it is one. */
function urlFault(text: string): string | undefined {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase() ?? '';
  if (scheme !== 'http' && scheme !== 'https') return 'must begin with http:// or https://';
  if (!/^[a-zA-Z]+:\/\/[^/?#]/.test(text)) return 'names no host';
  return URL.canParse(text) ? undefined : 'is no URL';
}

/** The fields of a section that the file gives, by the table. @throws UserError. */
export function readSettings(section: Section, table: FieldTable): Record<string, unknown> {
  const out = Object.create(null) as Record<string, unknown>;
  for (const [name, type] of Object.entries(table)) {
    if (section.has(name)) out[name] = readField(section, name, type);
  }
  return out;
}

function readField(section: Section, name: string, type: FieldType): unknown {
  const { file } = section;
  const node = section.value(name);
  if (typeof type === 'object') {
    if (!Array.isArray(type)) return readTable(file, node, name, type as FieldTable);
    return section.items(name).map((item) => readTable(file, item, name, type[0] as FieldTable));
  }
  switch (type) {
    case 'text':
      return section.text(name);
    case 'path':
      return section.text(name) === '' ? '' : section.path(name);
    case 'bool':
      return plainBool(section, name);
    case 'int':
      return plainInt(section, name);
    case 'count':
      if (/^\d/.test(section.text(name) ?? '')) return plainInt(section, name);
      return section.fail(name, `${name} must be a whole number, not below 0`);
    case 'span':
      return section.duration(name);
    case 'goSpan':
      return readGoSpan(section, name);
    case 'url':
    case 'templateUrl':
      return readUrl(section, name, type);
    case 'address':
      return readAddress(section, name);
    case 'texts':
      return section.texts(name);
    case 'map':
      return readMap(section, name);
    default:
      return plainValue(file, node);
  }
}

function readTable(
  file: ConfigFile,
  node: Node | null,
  what: string,
  table: FieldTable,
): Record<string, unknown> {
  return readSettings(new Section(file, node, what, Object.keys(table)), table);
}

function isPlain(node: Node | null): boolean {
  return isScalar(node) && (node.type === 'PLAIN' || node.type === undefined);
}

/** A boolean that stands without quotes. @throws UserError. */
export function plainBool(section: Section, name: string): boolean | undefined {
  if (!isPlain(section.value(name))) {
    section.fail(name, `${name} must be true or false`, 'write it without quotes');
  }
  return section.bool(name);
}

function plainInt(section: Section, name: string): number {
  const text = section.text(name) ?? '';
  if (isPlain(section.value(name)) && /^-?\d{1,16}$/.test(text)) return Number(text);
  return section.fail(name, `${name} must be a whole number`);
}

function readGoSpan(section: Section, name: string): number {
  const text = section.text(name) ?? '';
  const hint = 'write a number and a unit, as in 500ms, 15s, 1m30s, 2h';
  return goSpan(text) ?? section.fail(name, `${name} is not a duration`, hint);
}

function readUrl(section: Section, name: string, type: 'url' | 'templateUrl'): string {
  const text = section.text(name) ?? '';
  if (text === SECRET || (type === 'templateUrl' && (text === '' || text.includes('{{')))) {
    return text;
  }
  const fault = urlFault(text);
  if (fault === undefined) return text;
  return section.fail(name, `${name} ${fault}`, 'as in https://example.com/hook');
}

function readAddress(section: Section, name: string): string {
  const text = section.text(name) ?? '';
  if (text === '' || /^(?:\[[^\]]*\]|[^:[\]]*):[^:]+$/.test(text)) return text;
  return section.fail(name, `${name} is no address`, 'write HOST:PORT, as in mail.example.com:587');
}

function readMap(section: Section, name: string): Record<string, string> {
  const out = Object.create(null) as Record<string, string>;
  const { file } = section;
  for (const { key, value } of file.entries(section.value(name), name)) {
    out[key] = value === null ? '' : file.text(value, key);
  }
  return out;
}

/** Any value as JSON has it: for payloads that the file makes up itself. */
function plainValue(file: ConfigFile, node: Node | null, depth = 0): unknown {
  const found = file.follow(node);
  if (found === null) return null;
  if (depth > 20) file.fail(found, 'this value is nested too deep');
  if (isSeq(found)) return found.items.map((item) => plainValue(file, item as Node, depth + 1));
  if (isMap(found)) {
    const out = Object.create(null) as Record<string, unknown>;
    for (const { key, value } of file.entries(found, 'the value')) {
      out[key] = plainValue(file, value, depth + 1);
    }
    return out;
  }
  return isScalar(found) ? found.value : file.fail(found, 'this value is not understood');
}

/** Ends with an error at the second of the fields when more than one is given. */
export function atMostOne(section: Section, given: Settings, ...names: readonly string[]): void {
  const there = names.filter((name) => isGiven(given, name));
  if (there.length < 2) return;
  const hint = 'a secret stands in the file or in another one, never in both';
  section.fail(there[1], `at most one of ${names.join(' & ')} must be configured`, hint);
}

/** True when a field says something; empty text says nothing, as in Go. */
export function isGiven(settings: Settings, name: string): boolean {
  const value = settings[name];
  return value !== undefined && value !== '';
}
