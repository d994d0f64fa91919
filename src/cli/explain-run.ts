// What `mon query --explain` does: asks the server how it would answer and prints the plan as a
// tree, the deepest steps last, with what each should cost and, after a run, what it did. Easy to
// get wrong: the text of a query comes back from outside, and is made safe before a terminal sees
// it.
import { MonError, UserError } from '../engine/errors.ts';
import type { Explanation, PlanStep } from '../engine/model/explanation.ts';
import type { Ask, Explain } from '../engine/ports.ts';
import { jsonText } from './json-text.ts';
import { costOption } from './query-run.ts';
import type { QueryRun } from './query-run.ts';
import { safeLine } from './terminal-text.ts';
import { windowOf } from './times.ts';

/** Prints the explanation; the exit code is 0. @throws UserError, MonError. */
export async function runExplain(run: QueryRun): Promise<number> {
  const { flags, stage, query } = run;
  const { explain: how = 'plan', output } = flags;
  if (how !== 'plan' && how !== 'analyze') {
    const hint = 'write --explain, or --explain=analyze';
    throw new UserError(`--explain ${JSON.stringify(how)} is not known`, { hint });
  }
  if (output !== 'table' && output !== 'json') {
    throw new UserError(`-o ${output} cannot hold a plan`, { hint: 'use -o json' });
  }
  const { kind: _, ...times } = windowOf(flags, stage.clock.now());
  const told = await explainerOf(run.ask).explain(query, times, {
    signal: stage.signal,
    ...costOption(flags['max-cost']),
    analyze: how === 'analyze',
  });
  const document = { apiVersion: 'mon/v1', kind: 'QueryPlan', ...told };
  await stage.print(output === 'json' ? [jsonText(document)] : await explanationLines(told));
  for (const warning of told.warnings) await stage.note(`warning: ${warning}`);
  return 0;
}

function explainerOf(ask: Ask): Explain {
  if ('explain' in ask && typeof ask.explain === 'function') return ask as Ask & Explain;
  throw new MonError('MON_SERVER_FAILED', 'this server explains no queries');
}

/** The tree as lines, each with its line break. */
export async function explanationLines(told: Explanation): Promise<string[]> {
  const lines = [...treeLines(told.plan, '', '')];
  const cost = `cost ${count(told.cost)} of at most ${count(told.maxCost)}`;
  const ran = told.ms === undefined ? '' : `, ran in ${duration(told.ms)}`;
  const steps = told.steps === 1 ? 'one instant' : `${told.steps} steps`;
  lines.push(`${cost}, ${steps}${ran}`);
  lines.push(told.cacheable ? 'results are kept' : `results are not kept: ${told.whyNot}`);
  return await Promise.all(lines.map(async (line) => `${await safeLine(line)}\n`));
}

function* treeLines(step: PlanStep, first: string, rest: string): Generator<string> {
  const { series, samples, cost } = step.estimate;
  const sizes = [`${count(series)} series`];
  if (samples > 0) sizes.push(`${count(samples)} samples`);
  sizes.push(`cost ${count(cost)}`);
  yield `${first}${step.what}  (at most ${sizes.join(', ')})`;
  const { actual, children } = step;
  const bar = children.length > 0 ? '│ ' : '  ';
  if (step.text !== '') yield `${rest}${bar}${step.text.replaceAll(/\s+/g, ' ')}`;
  if (actual !== undefined) {
    const read = actual.samples > 0 ? `, ${count(actual.samples)} samples read` : '';
    const made = `${count(actual.rows)} rows${read}, ${count(actual.bytes)} bytes`;
    yield `${rest}${bar}ran: ${made}, ${duration(actual.ms)}`;
  }
  for (const [i, child] of children.entries()) {
    const last = i === children.length - 1;
    yield* treeLines(child, `${rest}${last ? '└ ' : '├ '}`, `${rest}${last ? '  ' : '│ '}`);
  }
}

function count(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  let unit = 0;
  let rest = value;
  while (rest >= 10_000 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${Number(rest.toPrecision(unit === 0 ? 4 : 3))}${units[unit]}`;
}

function duration(ms: number): string {
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`;
}
