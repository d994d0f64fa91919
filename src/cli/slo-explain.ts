// One SLO told in full: what is asked, what came back, and how the verdict follows from it, so that
// anybody can do the sum again. Easy to get wrong: the queries shown are those that are asked, to
// the letter, so that they can be pasted into `mon query`.
import { planOf } from '../engine/daemons/slo-gate.ts';
import type { SloCheck, SloPlan } from '../engine/daemons/slo-gate.ts';
import { formatDuration } from '../engine/model/duration.ts';
import type { PairFinding, Slo, SloCount, SloFinding } from '../engine/model/slo.ts';
import { OUTCOME_WORDS, countText, leftText, percentText, rateText } from './slo-text.ts';

const SIGNS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** The lines; without a check only what would be asked. */
export function explainLines(slo: Slo, timeMs: number, check: SloCheck | undefined): string[] {
  const plan = planOf(slo, timeMs, check?.mode ?? 'anchored');
  const finding = check?.findings[0];
  return [
    ...headLines(slo, timeMs, plan),
    '',
    ...queryLines(plan),
    '',
    ...pairLines(plan, slo),
    ...(finding === undefined ? [] : ['', ...findingLines(finding)]),
  ];
}

function headLines(slo: Slo, timeMs: number, { span }: SloPlan): string[] {
  const { file, line } = slo.place;
  const text = (ms: number): string => new Date(ms).toISOString();
  const period =
    slo.period.kind === 'rolling'
      ? `rolling ${formatDuration(slo.period.ms)}`
      : `calendar, ${slo.period.zone}`;
  return [
    `SLO         ${slo.id}   (${file}:${line}, ${slo.spec})`,
    `objective   ${slo.objective}%: of all events ${slo.budget} may be bad`,
    `period      ${period}: ${text(span.startMs)} to ${text(span.endMs)}`,
    `asked at    ${text(timeMs)}`,
    ...(slo.slices === undefined ? [] : [sliceLine(slo)]),
  ];
}

function sliceLine({ slices }: Slo): string {
  const length = formatDuration(slices?.windowMs ?? 0);
  const how = slices?.target === undefined ? 'by its own share' : `good from ${slices.target} on`;
  return `slices      of ${length}, each ${how}`;
}

function queryLines({ windows }: SloPlan): string[] {
  return windows.flatMap(({ windowMs, agoMs, queries }) => {
    const ago = agoMs === 0 ? '' : `, ${formatDuration(agoMs)} ago`;
    const lines = [
      `window ${formatDuration(windowMs)}${ago}`,
      `  ${queries.part}: ${queries.over}`,
    ];
    return queries.total === undefined ? lines : [...lines, `  total: ${queries.total}`];
  });
}

function pairLines({ pairs }: SloPlan, slo: Slo): string[] {
  return pairs.map(({ severity, shortMs, longMs, factor, op, afterMs }) => {
    const both = shortMs === longMs ? formatDuration(longMs) : names(longMs, shortMs);
    const share = Number((factor * slo.budget).toPrecision(6));
    const after = afterMs === 0 ? '' : `, for ${formatDuration(afterMs)}`;
    const limit = `${SIGNS[op]} ${rateText(factor)} (error ratio ${share})`;
    return `${severity}: burn rate in ${both} ${limit}${after}`;
  });
}

function names(longMs: number, shortMs: number): string {
  return `${formatDuration(longMs)} and ${formatDuration(shortMs)}`;
}

function findingLines(finding: SloFinding): string[] {
  const { slo, period, budgetLeft, outcome, why } = finding;
  if (outcome === 'failed') return [`verdict     failed: ${why}`];
  const counted = Number.isNaN(period.total)
    ? [`error ratio ${period.ratio}`]
    : [
        `events      ${countText(period.total)}, of them ${countText(period.bad)} bad`,
        `allowed     ${countText(period.total)} * ${slo.budget} = ${countText(finding.allowed)}`,
        `error ratio ${countText(period.bad)} / ${countText(period.total)} = ${period.ratio}`,
      ];
  return [
    ...counted,
    `budget left 1 - ${period.ratio} / ${slo.budget} = ${percentText(budgetLeft)}`,
    ...finding.pairs.map(pairSum),
    `spent in    ${leftText(finding.exhaustedInMs)} at ${rateText(finding.burnRate)}`,
    `verdict     ${OUTCOME_WORDS[outcome]}: ${why}`,
  ];
}

function pairSum({ pair, short, long, shortBurn, longBurn, burning, lowTraffic }: PairFinding) {
  const word = burning ? 'burning' : lowTraffic ? 'too few events' : 'fine';
  const sides = [sideText(long, longBurn)];
  if (pair.shortMs !== pair.longMs) sides.push(sideText(short, shortBurn));
  const limit = `${SIGNS[pair.op]} ${rateText(pair.factor)}`;
  return `${pair.severity}: ${sides.join('; ')} ${limit}: ${word}`;
}

function sideText({ windowMs, bad, total, ratio }: SloCount, burn: number): string {
  const events = Number.isNaN(total) ? String(ratio) : `${countText(bad)}/${countText(total)}`;
  return `${formatDuration(windowMs)} ${events} burns ${rateText(burn)}`;
}
