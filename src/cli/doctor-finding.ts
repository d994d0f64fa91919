// What the doctor finds: how bad it is, what it means, and the command that mends it. Each check is
// a function that answers its findings; one that breaks is a finding too. Easy to get wrong: a
// finding without a way out helps nobody at three in the morning.
import { messageOf } from '../engine/errors.ts';
import { paint } from './color.ts';
import type { Listing } from './listing.ts';
import type { Stage } from './stage.ts';
import { textToolsFor } from './terminal-text.ts';

/** `error`: something is lost or will be; `warning`: it may be soon; `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note' | 'ok';

export interface DoctorFinding {
  readonly severity: Severity;
  /** What was looked at: `disk`, `clock`, `blocks`, … */
  readonly check: string;
  /** What was found, a sentence without a full stop. */
  readonly problem: string;
  /** What it means for who uses it; empty when all is well. */
  readonly meaning: string;
  /** What to type, or to change; empty when there is nothing to do. */
  readonly command: string;
}

const ORDER: readonly Severity[] = ['error', 'warning', 'note', 'ok'];

export function well(check: string, problem: string): DoctorFinding {
  return { severity: 'ok', check, problem, meaning: '', command: '' };
}

/** Runs a check; what it throws is told as a warning, because nobody knows then. */
export async function looked(
  check: string,
  look: () => Promise<readonly DoctorFinding[]>,
): Promise<readonly DoctorFinding[]> {
  try {
    return await look();
  } catch (thrown) {
    const meaning = 'this could not be looked at';
    return [{ severity: 'warning', check, problem: messageOf(thrown), meaning, command: '' }];
  }
}

/** The worst first. */
export function sorted(findings: readonly DoctorFinding[]): readonly DoctorFinding[] {
  return findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

export function findingsListing(findings: readonly DoctorFinding[]): Listing {
  return {
    kind: 'Doctor',
    columns: ['severity', 'check', 'problem', 'meaning', 'command'].map((name) => ({ name })),
    rows: findings.map((one) => [
      ...[one.severity, one.check, one.problem, one.meaning, one.command],
    ]),
    valueColumn: 2,
  };
}

const MARKS: Readonly<Record<Severity, string>> = { error: 'x', warning: '!', note: '-', ok: '+' };

/** For people: a finding takes three lines, so that none of it is cut. */
export async function findingLines(
  findings: readonly DoctorFinding[],
  { surface }: Stage,
): Promise<string[]> {
  const texts = findings.flatMap((one) => [one.problem, one.meaning, one.command]);
  const { safe } = await textToolsFor(texts);
  return findings.flatMap(({ severity, check, problem, meaning, command }) => {
    const grave = severity === 'error' || severity === 'warning';
    const head = paint(`${MARKS[severity]} ${severity.padEnd(7)}`, 'bold', surface.color && grave);
    return [
      `${head} ${check}: ${safe(problem)}\n`,
      ...(meaning === '' ? [] : [`    ${safe(meaning)}\n`]),
      ...(command === '' ? [] : [`    -> ${safe(command)}\n`]),
    ];
  });
}
