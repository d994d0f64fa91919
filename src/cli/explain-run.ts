// What `mon query --explain` does: asks the server how it would answer and prints the plan as a
// tree, the deepest steps last, with what each should cost and, after a run, what it did. Easy to
// get wrong: the text of a query comes back from outside, and is made safe before a terminal sees
// it.
import { MonError, UserError } from '../engine/errors.ts';
import type { Explanation } from '../engine/model/explanation.ts';
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
async function explanationLines(told: Explanation): Promise<string[]> {
  const { planRows } = await import('../tui/draw/plan-tree.ts');
  const lines = planRows(told).map(({ lead, words, more }) => {
    return more === '' ? `${lead}${words}` : `${lead}${words}  ${more}`;
  });
  return await Promise.all(lines.map(async (line) => `${await keptBlanks(line)}\n`));
}

// The branches of the tree begin with blanks.
async function keptBlanks(line: string): Promise<string> {
  const lead = /^ */.exec(line)?.[0] ?? '';
  return lead + (await safeLine(line));
}
