// Warnings and infos of a query, each once, worded as Prometheus' API prints them. A leaf does not
// know the query's text, so its notes carry no place; the root adds it.
import { lineColumn } from './parse-error.ts';
import { formatShort, quote } from './literals.ts';
import type { Span } from './ast.ts';

/** Where notes are collected. */
export interface Notes {
  warn(text: string): void;
  info(text: string): void;
}

/** Notes without places. */
export class PlainNotes implements Notes {
  readonly warnings = new Set<string>();
  readonly infos = new Set<string>();

  warn(text: string): void {
    this.warnings.add(`PromQL warning: ${text}`);
  }

  info(text: string): void {
    this.infos.add(`PromQL info: ${text}`);
  }
}

/** The notes of one query; `at` gives a view that adds a place. */
export class QueryNotes {
  readonly warnings = new Set<string>();
  readonly infos = new Set<string>();
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  place(span: Span): string {
    return ` (${lineColumn(this.source, span.start)})`;
  }

  at(span: Span): Notes {
    const place = this.place(span);
    return {
      warn: (text) => this.warnings.add(`PromQL warning: ${text}${place}`),
      info: (text) => this.infos.add(`PromQL info: ${text}${place}`),
    };
  }

  /** Takes over what a fragment said. Notes of Prometheus' kind get their place. */
  take(warnings: readonly string[], infos: readonly string[], span: Span): void {
    const place = this.place(span);
    const placed = (text: string): string => (text.startsWith('PromQL ') ? text + place : text);
    for (const text of warnings) this.warnings.add(placed(text));
    for (const text of infos) this.infos.add(placed(text));
  }
}

/** The warning about a quantile outside 0 to 1. */
export function badQuantile(q: number): string {
  return `quantile value should be between 0 and 1, got ${formatShort(q)}`;
}

/** The info about a rate over something that does not look like a counter, or nothing. */
export function perhapsNoCounter(name: string): string | undefined {
  if (name === '' || /_(?:total|sum|count|bucket)$/.test(name)) return undefined;
  const rule = 'name does not end in _total/_sum/_count/_bucket';
  return `metric might not be a counter, ${rule}: ${quote(name)}`;
}
