// What the `mon slo` commands do: read the files, ask, print, and answer the exit code. Easy to get
// wrong: the worst outcome decides, and an SLO that certainly burns is worse than one that could
// not be asked; a file with a mistake ends everything before the server is asked.
import { parseSloFiles, checkSlos, rulesOf } from '../engine/daemons/slo-gate.ts';
import type { SloCheck } from '../engine/daemons/slo-gate.ts';
import { VERSION } from '../engine/daemons/version.ts';
import { UserError } from '../engine/errors.ts';
import type { Slo, SloFinding, SloOutcome, SloPairs } from '../engine/model/slo.ts';
import type { Ask } from '../engine/ports.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import { EXIT } from './exit-codes.ts';
import { readInput } from './input.ts';
import { jsonText } from './json-text.ts';
import { listingChunks, safeChunks } from './listing.ts';
import type { ListFormat } from './listing.ts';
import { explainLines } from './slo-explain.ts';
import { annotations, checkDocument, checkListing, reportListing, reportRows } from './slo-text.ts';
import { junitOf, rulesText, stepSummary, tallyLine } from './slo-reports.ts';
import type { Stage } from './stage.ts';
import { durationFlag, timeFlag } from './times.ts';

/** From best to worst; the exit code is that of the worst. */
const ORDER: readonly SloOutcome[] = ['ok', 'no-data', 'failed', 'spent', 'burning'];
const EXITS: Readonly<Record<SloOutcome, number>> = {
  ok: EXIT.ok,
  'no-data': EXIT.nothing,
  failed: EXIT.failed,
  spent: EXIT.checkFailed,
  burning: EXIT.checkFailed,
};

export interface SloFlags {
  readonly at?: string;
  readonly period: string;
  readonly guard?: boolean;
}

export interface SloRun<F extends SloFlags = SloFlags> {
  readonly files: readonly string[];
  readonly flags: F;
  readonly stage: Stage;
  readonly ask: () => Promise<Ask>;
}

/** The SLOs of the files. @throws UserError with file, line, column and field of a mistake. */
async function readSlos(run: Pick<SloRun, 'files' | 'flags' | 'stage'>): Promise<Slo[]> {
  const periodMs = durationFlag('--period', run.flags.period);
  const texts: { path: string; text: string }[] = [];
  for (const path of run.files) {
    const text = Buffer.from(await readInput(path, run.stage)).toString('utf8');
    texts.push({ path: path === '-' ? 'stdin' : path, text });
  }
  const slos = parseSloFiles(texts, periodMs);
  if (slos.length === 0) throw new UserError('there is no SLO in these files');
  return slos;
}

async function checked(run: SloRun): Promise<SloCheck> {
  const { flags, stage } = run;
  const slos = await readSlos(run);
  const now = stage.clock.now();
  const timeMs = flags.at === undefined ? now : timeFlag('--at', flags.at, now);
  const asked = { ask: await run.ask(), signal: stage.signal };
  const check = await checkSlos(slos, asked, { timeMs, guard: flags.guard ?? true });
  if (check.mode === 'extrapolated') {
    await stage.note('note: the server knows no anchored ranges, so that counts are extrapolated');
  }
  for (const words of check.warnings) await stage.note(`warning: ${words}`);
  return check;
}

export interface CheckFlags extends SloFlags {
  readonly output: 'table' | 'json' | 'github';
  readonly junit?: string;
  readonly summary?: string;
}

/** The gate. */
export async function runSloCheck(run: SloRun<CheckFlags>): Promise<number> {
  const { flags, stage } = run;
  const begin = stage.clock.monotonic();
  const check = await checked(run);
  const exitCode = exitOf(check.findings);
  if (flags.junit !== undefined) {
    const seconds = (stage.clock.monotonic() - begin) / 1000;
    await systemDisk.replaceFile(flags.junit, [Buffer.from(junitOf(check.findings, seconds))]);
  }
  const summary = flags.summary ?? stage.env['GITHUB_STEP_SUMMARY'];
  if (summary !== undefined && summary !== '') await append(summary, stepSummary(check.findings));
  await printCheck(check, exitCode, run);
  return exitCode;
}

async function printCheck(
  check: SloCheck,
  exitCode: number,
  { flags, stage }: SloRun<CheckFlags>,
): Promise<void> {
  const { findings } = check;
  if (flags.output === 'json') return await stage.print([jsonText(checkDocument(check, exitCode))]);
  const lines = annotations(findings);
  if (flags.output === 'table') {
    await stage.print(await listingChunks(checkListing(findings), 'table', stage.surface));
    await stage.print([tallyLine(findings)]);
    if (stage.env['GITHUB_ACTIONS'] !== 'true') return;
  }
  await stage.print(await safeChunks(() => lines, stage.surface));
}

/** The exit code of the worst outcome. */
function exitOf(findings: readonly SloFinding[]): number {
  const worst = findings.reduce((most, { outcome }) => Math.max(most, ORDER.indexOf(outcome)), 0);
  return EXITS[ORDER[worst]];
}

// Other steps of the job have written there too.
async function append(path: string, text: string): Promise<void> {
  const there = await systemDisk.exists(path);
  const file = await systemDisk.open(path, there ? 'r+' : 'w+');
  try {
    await file.write(Buffer.from(text), await file.size());
  } finally {
    await file.close();
  }
}

export interface ReportFlags extends SloFlags {
  readonly output: ListFormat;
}

/** Budgets over the period; fails only when the server does. */
export async function runSloReport(run: SloRun<ReportFlags>): Promise<number> {
  const { flags, stage } = run;
  const { findings } = await checked(run);
  const listing = flags.output === 'table' ? reportListing(findings) : reportRows(findings);
  await stage.print(await listingChunks(listing, flags.output, stage.surface));
  for (const { slo, outcome, why } of findings) {
    if (outcome === 'failed') await stage.note(`error: ${slo.id}: ${why}`);
  }
  return findings.some(({ outcome }) => outcome === 'failed') ? EXIT.failed : EXIT.ok;
}

export interface ExplainFlags extends SloFlags {
  readonly slo?: string;
  readonly 'dry-run': boolean;
}

/** Queries, windows, thresholds and the arithmetic of one SLO. */
export async function runSloExplain(run: SloRun<ExplainFlags>): Promise<number> {
  const { flags, stage } = run;
  const slos = await readSlos(run);
  const slo = chosen(slos, flags.slo);
  const now = stage.clock.now();
  const timeMs = flags.at === undefined ? now : timeFlag('--at', flags.at, now);
  let check: SloCheck | undefined;
  if (!flags['dry-run']) {
    const asked = { ask: await run.ask(), signal: stage.signal };
    check = await checkSlos([slo], asked, { timeMs, guard: flags.guard ?? true });
  }
  const lines = explainLines(slo, timeMs, check);
  await stage.print(await safeChunks(() => lines.map((line) => `${line}\n`), stage.surface));
  return check?.findings[0].outcome === 'failed' ? EXIT.failed : EXIT.ok;
}

function chosen(slos: readonly Slo[], wanted: string | undefined): Slo {
  const ids = slos.map(({ id }) => id);
  const found = slos.filter(
    ({ id, name }) => wanted === undefined || id === wanted || name === wanted,
  );
  if (found.length === 1) return found[0];
  const hint = `one of ${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ', …' : ''}`;
  if (wanted === undefined) throw new UserError('several SLOs: name one with --slo', { hint });
  const count = found.length === 0 ? 'no SLO is' : 'several SLOs are';
  throw new UserError(`${count} named ${JSON.stringify(wanted)}`, { hint });
}

export interface GenerateFlags extends SloFlags {
  readonly 'extra-labels'?: readonly string[];
}

/** Prints the rules as a Prometheus rule file. */
export async function runSloGenerate(run: Omit<SloRun<GenerateFlags>, 'ask'>): Promise<number> {
  const { flags, stage } = run;
  const extraLabels = (flags['extra-labels'] ?? []).map(labelOf);
  const slos = await readSlos(run);
  const groups = rulesOf(slos, { extraLabels, version: `mon-${VERSION.version}` });
  await stage.print(await safeChunks(() => [rulesText(groups)], stage.surface));
  return EXIT.ok;
}

function labelOf(text: string): SloPairs[number] {
  const found = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.*)$/s.exec(text);
  if (found !== null) return [found[1], found[2]];
  throw new UserError(`--extra-labels ${JSON.stringify(text)} is no label`, {
    hint: 'write NAME=VALUE',
  });
}
