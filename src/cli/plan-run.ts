// What `mon plan` prints: the plan, what breaks first, and the design documents' tables beside
// ours, as tables for people, Markdown for a page, CSV for a sheet, or JSON of everything. Easy to
// get wrong: sections have columns of their own, so each row of the CSV begins with its section.
import { planFor } from '../engine/daemons/plan/plan.ts';
import type { PlanAsked, PlanReport } from '../engine/daemons/plan/plan.ts';
import { sectionsOf } from '../engine/daemons/plan/sections.ts';
import type { Section } from '../engine/daemons/plan/sections.ts';
import { jsonText } from './json-text.ts';
import { listingChunks, safeChunks } from './listing.ts';
import type { Listing, Surface } from './listing.ts';
import type { Stage } from './stage.ts';

const PLAN_FORMATS = ['table', 'json', 'markdown', 'csv'] as const;
export type PlanFormat = (typeof PLAN_FORMATS)[number];

/** Computes and prints. @throws UserError. */
export async function runPlan(asked: PlanAsked, output: PlanFormat, stage: Stage): Promise<void> {
  const report = await planFor(asked);
  const { surface } = stage;
  if (output === 'json') {
    return await stage.print(await safeChunks(() => [jsonText(documentOf(report))], surface));
  }
  const sections = sectionsOf(report);
  if (output === 'table') return await stage.print(await tables(sections, surface));
  const text = output === 'csv' ? csv(sections) : markdown(sections);
  await stage.print(await safeChunks(() => [text], surface));
}

function documentOf(report: PlanReport): object {
  return { apiVersion: 'mon/v1', kind: 'Plan', ...report };
}

async function tables(sections: readonly Section[], surface: Surface): Promise<string[]> {
  const out: string[] = [];
  for (const { title, words, columns, rows } of sections) {
    const listing: Listing = {
      kind: 'Plan',
      columns: columns.map(({ name, right }) => ({ name, ...(right ? { align: 'right' } : {}) })),
      rows,
      valueColumn: 0,
    };
    out.push(out.length === 0 ? `${title}\n` : `\n${title}\n`);
    for (const line of words) out.push(`  ${line}\n`);
    out.push(...(await listingChunks(listing, 'table', surface)));
  }
  return out;
}

function markdown(sections: readonly Section[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |\n`;
  return sections
    .map(({ title, words, columns, rows }) => {
      const head = line(columns.map(({ name }) => name));
      const rule = line(columns.map(({ right }) => (right ? '---:' : '---')));
      const said = words.length === 0 ? '' : `${words.join('\n')}\n\n`;
      return `## ${title}\n\n${said}${head}${rule}${rows.map(line).join('')}`;
    })
    .join('\n');
}

function csv(sections: readonly Section[]): string {
  const cell = (text: string): string =>
    /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const line = (cells: readonly string[]): string => `${cells.map(cell).join(',')}\r\n`;
  return sections
    .flatMap(({ title, columns, rows }) => [
      line(['section', ...columns.map(({ name }) => name)]),
      ...rows.map((row) => line([title, ...row])),
    ])
    .join('');
}
