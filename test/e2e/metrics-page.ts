// docs/metrics.md and the figures of real processes, side by side: reads the page, asks processes,
// and writes the page's tables anew when MON_GOLDEN=write. Easy to get wrong: what appears only
// when something has happened (a refusal, Kafka, a Redis) is not there in a process that has just
// begun.
import { strict as assert } from 'node:assert';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project.ts';

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

export interface PageRow extends Family {
  /** Processes that have it: `up`, `log`, `store`, … */
  readonly where: readonly string[];
}

export const PAGE = join(projectRoot, 'docs/metrics.md');
const BEGIN = '<!-- figures -->\n';
const END = '<!-- end of figures -->\n';

/** Families of an exposition text that are mon's own or the process's. */
export function familiesOf(text: string): Family[] {
  const helps = new Map<string, string>();
  const found: Family[] = [];
  for (const line of text.split('\n')) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') helps.set(name, rest);
    if (kind === 'TYPE') found.push({ name, type: rest, help: helps.get(name) ?? '' });
  }
  return found;
}

/** Every name that the source gives to a figure, with its words where they stand beside it. */
export function namesInSource(): Map<string, string> {
  const names = new Map<string, string>();
  const files = globSync('src/engine/**/*.ts', { cwd: projectRoot });
  for (const path of files) {
    const text = readFileSync(join(projectRoot, path), 'utf8');
    if (!/counters|Counters/.test(text)) continue;
    for (const found of text.matchAll(/'(mon_[a-z0-9_]+)'/g)) {
      const [, name] = found;
      const beside = /^,\s*'([^']+)'/.exec(text.slice(found.index + found[0].length))?.[1];
      const before = text.slice(0, found.index);
      const above = [...before.matchAll(/=\s*'([A-Z0-9][^']+\.)';/g)].at(-1)?.[1];
      names.set(name, beside ?? above ?? '');
    }
  }
  return names;
}

/** The type that a name says, where only the source knows the figure. */
export function typeOf(name: string): string {
  return name.endsWith('_total') ? 'counter' : 'gauge';
}

export function readPage(): PageRow[] {
  const text = readFileSync(PAGE, 'utf8');
  const tables = text.slice(text.indexOf(BEGIN), text.indexOf(END));
  return [...tables.matchAll(/^\| `([a-z0-9_]+)` +\| (\w+) +\| (.*?) +\| (.*?) +\|$/gm)].map(
    ([, name, type, help, where]) => ({
      ...{ name, type, help: help.replaceAll('\\|', '|') },
      where: where.split(', ').filter((one) => one !== ''),
    }),
  );
}

/** The page with its tables made anew. */
export function pageWith(rows: readonly PageRow[]): string {
  const text = readFileSync(PAGE, 'utf8');
  const before = text.slice(0, text.indexOf(BEGIN) + BEGIN.length);
  const cells = rows.map(({ name, type, help, where }) => [
    ...[`\`${name}\``, type, help.replaceAll('|', '\\|'), where.join(', ')],
  ]);
  const heads = ['figure', 'type', 'what it says', 'where'];
  const widths = heads.map((head, c) =>
    Math.max(head.length, ...cells.map((row) => row[c].length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, c) => cell.padEnd(widths[c])).join(' | ')} |\n`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`;
  const table = [line(heads), rule, ...cells.map(line)].join('');
  return `${before}\n${table}\n${text.slice(text.indexOf(END))}`;
}

/** Names and units as Prometheus' guide wants them. */
export function assertNamed({ name, type, help }: Family): void {
  assert.match(name, /^(?:mon|process|nodejs)_[a-z][a-z0-9_]*$/);
  assert.notEqual(help, '', `${name} has a HELP`);
  assert.match(help, /^[A-Z0-9].*\.$/, `the HELP of ${name} is a sentence`);
  assert.equal(type === 'counter', name.endsWith('_total'), `${name}: counters end in _total`);
  assert.doesNotMatch(name, /_(?:ms|millis|kb|mb|minutes)(?:_total)?$/, `${name}: base units`);
}
