// A plain value as YAML: maps, lists, texts, numbers. Written here because the YAML library costs
// more to load than a query takes. Easy to get wrong: a text that YAML would read as something else
// (yes, 1e3, a date, null) has to be quoted, so only what is surely a text stands bare.
import { escapeInvisible } from './json-text.ts';

const BARE = /^[A-Za-z_/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*$/;
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf|infinity)$/i;

/** The document with its last line break. */
export function yamlText(value: unknown): string {
  return `${block(value, 0).trimStart()}\n`;
}

/** The value as it stands behind `key:` or `-`, with its leading space or line break. */
function block(value: unknown, depth: number): string {
  if (Array.isArray(value)) return list(value, depth);
  if (typeof value === 'object' && value !== null) return map(value, depth);
  return ` ${scalar(value)}`;
}

function list(items: readonly unknown[], depth: number): string {
  if (items.length === 0) return ' []';
  const indent = '  '.repeat(depth);
  return items.map((item) => `\n${indent}-${nested(item, depth)}`).join('');
}

// A map or list in a list begins on the line of its dash.
function nested(item: unknown, depth: number): string {
  const text = block(item, depth + 1);
  return text.startsWith('\n') ? ` ${text.trimStart()}` : text;
}

function map(value: object, depth: number): string {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  if (entries.length === 0) return ' {}';
  const indent = '  '.repeat(depth);
  return entries
    .map(([key, field]) => `\n${indent}${scalar(key)}:${block(field, childDepth(field, depth))}`)
    .join('');
}

// Lists stand at the depth of their key, as everybody writes them.
function childDepth(field: unknown, depth: number): number {
  return Array.isArray(field) ? depth : depth + 1;
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const bare = BARE.test(value) && !RESERVED.test(value);
  return bare ? value : escapeInvisible(JSON.stringify(value));
}
