// Findings of the SLO gate as tables, JSON and GitHub annotations. Easy to get wrong: what is not
// known is null in JSON and a dash for people, never a zero; and an annotation is a command to
// GitHub, so that nothing from a file or a server may end its line.
import type { SloCheck } from '../engine/daemons/slo-gate.ts';
import { formatDuration } from '../engine/model/duration.ts';
import type { PairFinding, SloCount, SloFinding } from '../engine/model/slo.ts';
import { API_VERSION } from './listing.ts';
import type { Column, Listing } from './listing.ts';

const DASH = '-';
const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;

/** Outcomes as people read them. */
export const OUTCOME_WORDS: Readonly<Record<SloFinding['outcome'], string>> = {
  ok: 'ok',
  'no-data': 'no data',
  failed: 'failed',
  spent: 'budget spent',
  burning: 'burning',
};

/** The gate as a table. */
export function checkListing(findings: readonly SloFinding[]): Listing {
  const columns: Column[] = [
    { name: 'status' },
    { name: 'slo' },
    { name: 'objective', align: 'right' },
    { name: 'budgetLeft', title: 'BUDGET LEFT', align: 'right' },
    { name: 'burnRate', title: 'BURN RATE', align: 'right' },
    { name: 'exhaustedIn', title: 'SPENT IN', align: 'right' },
    { name: 'why' },
  ];
  const rows = findings.map((finding) => [
    OUTCOME_WORDS[finding.outcome],
    finding.slo.id,
    `${finding.slo.objective}%`,
    percentText(finding.budgetLeft),
    rateText(finding.burnRate),
    leftText(finding.exhaustedInMs),
    finding.why,
  ]);
  return { kind: 'SloCheck', columns, rows, valueColumn: 0 };
}

/** Budgets of the period for people. */
export function reportListing(findings: readonly SloFinding[]): Listing {
  const right = { align: 'right' } as const;
  const columns: Column[] = [
    { name: 'slo' },
    { name: 'objective', ...right },
    { name: 'sli', ...right },
    { name: 'events', ...right },
    { name: 'bad', ...right },
    { name: 'allowed', ...right },
    { name: 'left', title: 'BUDGET LEFT', ...right },
    { name: 'burn', title: 'BURN RATE', ...right },
    { name: 'spent', title: 'SPENT IN', ...right },
    { name: 'period' },
  ];
  const rows = findings.map((finding) => [
    finding.slo.id,
    `${finding.slo.objective}%`,
    percentText(1 - finding.period.ratio, 4),
    countText(finding.period.total),
    countText(finding.period.bad),
    countText(finding.allowed),
    percentText(finding.budgetLeft),
    rateText(finding.burnRate),
    leftText(finding.exhaustedInMs),
    periodText(finding),
  ]);
  return { kind: 'SloReport', columns, rows, valueColumn: 6 };
}

/** The same for programs: plain numbers, NaN where nothing is known. */
export function reportRows(findings: readonly SloFinding[]): Listing {
  const columns = [
    ...['id', 'service', 'slo', 'file', 'line', 'outcome', 'objective', 'periodStart', 'periodEnd'],
    ...['events', 'bad', 'allowed', 'sli', 'budgetLeft', 'burnRate', 'spentInSeconds'],
  ].map((name) => ({ name }));
  const rows = findings.map((finding) => {
    const { slo, period } = finding;
    return [
      ...[slo.id, slo.service, slo.name, slo.place.file, slo.place.line, finding.outcome],
      slo.objective,
      new Date(finding.periodStartMs).toISOString(),
      new Date(finding.periodEndMs).toISOString(),
      ...[period.total, period.bad, finding.allowed, 1 - period.ratio, finding.budgetLeft],
      ...[finding.burnRate, finding.exhaustedInMs / 1000],
    ];
  });
  return { kind: 'SloReport', columns, rows, valueColumn: 13 };
}

/** The gate as one JSON document. */
export function checkDocument(check: SloCheck, exitCode: number): object {
  return {
    apiVersion: API_VERSION,
    kind: 'SloCheck',
    counting: check.mode,
    exitCode,
    items: check.findings.map(findingDocument),
  };
}

function findingDocument(finding: SloFinding): object {
  const { slo } = finding;
  return {
    id: slo.id,
    service: slo.service,
    slo: slo.name,
    file: slo.place.file,
    line: slo.place.line,
    outcome: finding.outcome,
    why: finding.why,
    time: new Date(finding.timeMs).toISOString(),
    objective: slo.objective,
    errorBudget: slo.budget,
    periodStart: new Date(finding.periodStartMs).toISOString(),
    periodEnd: new Date(finding.periodEndMs).toISOString(),
    ...countDocument(finding.period),
    allowed: known(finding.allowed),
    budgetLeft: known(finding.budgetLeft),
    burnRate: known(finding.burnRate),
    spentInSeconds: known(finding.exhaustedInMs / 1000),
    lowTraffic: finding.lowTraffic,
    windows: finding.pairs.map(pairDocument),
  };
}

function countDocument({ total, bad, ratio }: SloCount): object {
  return { events: known(total), bad: known(bad), errorRatio: known(ratio) };
}

function pairDocument({ pair, short, long, ...found }: PairFinding): object {
  return {
    severity: pair.severity,
    threshold: pair.factor,
    short: { window: formatDuration(pair.shortMs), ...countDocument(short) },
    long: { window: formatDuration(pair.longMs), ...countDocument(long) },
    shortBurnRate: known(found.shortBurn),
    longBurnRate: known(found.longBurn),
    burning: found.burning,
    lowTraffic: found.lowTraffic,
  };
}

/** Neither NaN nor infinity is JSON; both are null, and `why` tells which. */
function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** One command to GitHub for each SLO that is not fine: an error, or a warning without data. */
export function* annotations(findings: readonly SloFinding[]): Generator<string, void, void> {
  for (const { slo, outcome, why, lowTraffic } of findings) {
    if (outcome === 'ok' && !lowTraffic) continue;
    const level = outcome === 'ok' ? 'notice' : outcome === 'no-data' ? 'warning' : 'error';
    const { file, line, column } = slo.place;
    const place = `file=${property(file)},line=${line},col=${column}`;
    const title = property(`SLO ${slo.id}: ${OUTCOME_WORDS[outcome]}`);
    yield `::${level} ${place},title=${title}::${message(why)}\n`;
  }
}

function message(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

export function percentText(share: number, digits = 2): string {
  if (Number.isNaN(share)) return DASH;
  if (!Number.isFinite(share)) return share < 0 ? '-inf' : 'inf';
  return `${Number((share * 100).toFixed(digits))}%`;
}

export function rateText(rate: number): string {
  if (Number.isNaN(rate)) return DASH;
  return Number.isFinite(rate) ? `${Number(rate.toPrecision(4))}x` : 'infinite';
}

export function countText(count: number): string {
  return Number.isNaN(count) ? DASH : String(Number(count.toFixed(3)));
}

/** The two largest units of a time that is left. */
export function leftText(ms: number): string {
  if (Number.isNaN(ms)) return DASH;
  if (!Number.isFinite(ms)) return 'never';
  if (ms === 0) return 'spent';
  const grain = ms >= DAY ? HOUR : ms >= HOUR ? MINUTE : 1000;
  return formatDuration(Math.max(grain, Math.floor(ms / grain) * grain));
}

function periodText({ slo, periodStartMs, periodEndMs }: SloFinding): string {
  if (slo.period.kind === 'rolling') return `last ${formatDuration(slo.period.ms)}`;
  const text = (ms: number): string => new Date(ms).toISOString().replace(':00.000Z', 'Z');
  return `${text(periodStartMs)} to ${text(periodEndMs)}`;
}
