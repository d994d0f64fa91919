// The alerts of one rule as pages of State: which page an alert stands on, what a page looks like,
// and which pages a change touches. Pure; docs/format/rules.md draws it. Easy to get wrong: names
// of labels are values in lists here, never names of fields, so that any label is like any other;
// and what was told of an alert may outlive the alert.
import { crc32 } from 'node:zlib';
import { MonError } from '../errors.ts';
import {
  RULE_PAGES_MAX,
  RULE_PAGE_CHARS_MAX,
  RULE_PAGE_ROWS,
  RULE_PAGE_ROWS_MAX,
} from '../limits-alert.ts';
import { labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Alert, Alerts } from './alert-states.ts';
import type { Published } from './running-rule.ts';

const VERSION = 2;

export type Told = ReadonlyMap<string, Published>;

/** What is kept of a rule. */
export interface RuleRecord {
  readonly alerts: Alerts;
  readonly published: Told;
}

export const NO_RECORD: RuleRecord = { alerts: new Map(), published: new Map() };

type Times = readonly [active: number, fired: number, keepSince: number, resolved: number];
type Row = readonly [labels: Labels, alert: Times | 0, told: readonly [number, Labels] | 0];

/** A page that was read. */
export interface Page {
  readonly rule: string;
  readonly page: number;
  readonly pages: number;
  readonly record: RuleRecord;
}

/** The number of pages for so many alerts: a power of two, and as it is while that is in reason. */
export function pageCount(alerts: number, now: number): number {
  if (now > 0 && alerts <= now * RULE_PAGE_ROWS_MAX && alerts * 8 > now * RULE_PAGE_ROWS) {
    return now;
  }
  let pages = 1;
  while (pages < RULE_PAGES_MAX && alerts > pages * RULE_PAGE_ROWS) pages *= 2;
  return pages;
}

/** Alerts of a rule that are kept, by their keys. */
export function rowCount({ alerts, published }: RuleRecord): number {
  let count = alerts.size;
  for (const key of published.keys()) if (!alerts.has(key)) count++;
  return count;
}

/** The pages that differ between two states of a rule with the same number of pages. */
export function touchedPages(before: RuleRecord, after: RuleRecord, pages: number): Set<number> {
  const touched = new Set<number>();
  const differ = <T>(old: ReadonlyMap<string, T>, now: ReadonlyMap<string, T>): void => {
    if (old === now) return;
    for (const [key, value] of now) if (old.get(key) !== value) touched.add(pageOf(key, pages));
    for (const key of old.keys()) if (!now.has(key)) touched.add(pageOf(key, pages));
  };
  differ(before.alerts, after.alerts);
  differ(before.published, after.published);
  return touched;
}

/** The texts of some pages of a rule; those that would be empty are left out. */
export function encodePages(
  rule: string,
  { alerts, published }: RuleRecord,
  pages: number,
  wanted: ReadonlySet<number>,
): Map<number, string> {
  const rows = new Map<number, Row[]>();
  const put = (key: string, labels: Labels, alert: Alert | undefined): void => {
    const page = pageOf(key, pages);
    if (!wanted.has(page)) return;
    let list = rows.get(page);
    if (list === undefined) rows.set(page, (list = []));
    list.push([labels, timesOf(alert), toldOf(published.get(key))]);
  };
  for (const [key, alert] of alerts) put(key, alert.labels, alert);
  for (const [key, { labels }] of published) if (!alerts.has(key)) put(key, labels, undefined);
  const texts = new Map<number, string>();
  for (const [page, list] of rows) {
    texts.set(page, JSON.stringify({ version: VERSION, rule, page, pages, rows: list }));
  }
  return texts;
}

/** Reads a page. @throws MonError MON_CHECKPOINT_CORRUPT when it is none. */
export function decodePage(text: string): Page {
  const value = parseRecord(text);
  const { rule, page, pages, rows } = value;
  if (typeof rule !== 'string' || !isCount(page) || !isCount(pages) || page >= pages) {
    throw corrupt('its rule or its number is missing');
  }
  if (!Array.isArray(rows)) throw corrupt('it has no rows');
  const alerts = new Map<string, Alert>();
  const published = new Map<string, Published>();
  for (const row of rows as unknown[]) {
    if (!Array.isArray(row) || row.length !== 3) throw corrupt('a row is no row');
    const [names, times, told] = row as unknown[];
    const labels = labelsOf(names);
    const key = labelsKey(labels);
    if (times !== 0) alerts.set(key, { labels, ...alertOf(times) });
    if (told === 0) continue;
    if (!Array.isArray(told) || !isTime(told[0])) throw corrupt('what was told is no time');
    published.set(key, { labels, startsAtMs: told[0], annotations: labelsOf(told[1]) });
  }
  return { rule, page, pages, record: { alerts, published } };
}

/** A value of this version as an object. @throws MonError MON_CHECKPOINT_CORRUPT. */
export function parseRecord(text: string): Record<string, unknown> {
  if (text.length > RULE_PAGE_CHARS_MAX) throw corrupt(`it has ${text.length} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw corrupt('it is no JSON', thrown);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw corrupt('it is no object');
  }
  const { version } = value as { version?: unknown };
  if (version === VERSION) return value as Record<string, unknown>;
  throw corrupt(`its version ${JSON.stringify(version)} is not ${VERSION}`);
}

/** What to say of a value that nobody can read. */
export function corrupt(why: string, cause?: unknown): MonError {
  return new MonError('MON_CHECKPOINT_CORRUPT', `the state of the rules cannot be read: ${why}`, {
    hint: 'start the mon that wrote it, or remove the keys rules/… from state.db',
    cause,
  });
}

function pageOf(key: string, pages: number): number {
  return pages === 1 ? 0 : crc32(key) & (pages - 1);
}

function timesOf(alert: Alert | undefined): Times | 0 {
  if (alert === undefined) return 0;
  const { activeAtMs, firedAtMs, keepSinceMs, resolvedAtMs } = alert;
  return [activeAtMs, firedAtMs, keepSinceMs, resolvedAtMs];
}

function toldOf(told: Published | undefined): readonly [number, Labels] | 0 {
  return told === undefined ? 0 : [told.startsAtMs, told.annotations];
}

function alertOf(times: unknown): Omit<Alert, 'labels'> {
  if (!Array.isArray(times) || times.length !== 4 || !times.every(isTime)) {
    throw corrupt('an alert has no times');
  }
  const [activeAtMs, firedAtMs, keepSinceMs, resolvedAtMs] = times as number[];
  return { activeAtMs, firedAtMs, keepSinceMs, resolvedAtMs };
}

function labelsOf(value: unknown): Labels {
  if (!Array.isArray(value) || value.length % 2 !== 0) throw corrupt('labels are no pairs');
  if (!value.every((one) => typeof one === 'string')) throw corrupt('a label is no text');
  return value as string[];
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= RULE_PAGES_MAX;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
