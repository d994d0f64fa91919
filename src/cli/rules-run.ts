// What `mon rules check` and `mon rules explain` do: read rule files as the server reads them, and
// say what they hold. Easy to get wrong: every file is checked and told, also after one with a
// mistake; doubled rules are a warning, not a mistake.
import { resolve } from 'node:path';
import { explainRules } from '../engine/daemons/rule-explain.ts';
import type { ExplainedRule } from '../engine/daemons/rule-explain.ts';
import { findRuleFiles, readRuleFile } from '../engine/daemons/rule-files.ts';
import { parseRuleFile } from '../engine/daemons/rule-file.ts';
import { UserError } from '../engine/errors.ts';
import { formatDuration } from '../engine/model/duration.ts';
import type { Rule, RuleGroup } from '../engine/model/rules.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import { EXIT } from './exit-codes.ts';
import { readInput } from './input.ts';
import { safeChunks } from './listing.ts';
import type { Stage } from './stage.ts';

async function groupsOf(file: string, stage: Stage): Promise<RuleGroup[]> {
  if (file !== '-') return await readRuleFile(systemDisk, file);
  return parseRuleFile(Buffer.from(await readInput('-', stage)).toString('utf8'), 'stdin');
}

async function filesOf(globs: readonly string[]): Promise<string[]> {
  const named = globs.filter((glob) => glob === '-');
  const rest = globs.filter((glob) => glob !== '-').map((glob) => resolve(glob));
  return [...named, ...(await findRuleFiles(systemDisk, rest))];
}

/** Checks files; 0 when all are well, 2 for a mistake, 3 for doubled rules where they count. */
export async function checkRules(
  globs: readonly string[],
  lintFatal: boolean,
  stage: Stage,
): Promise<number> {
  let code: number = EXIT.ok;
  for (const file of await filesOf(globs)) {
    const lines: string[] = [];
    try {
      const groups = await groupsOf(file, stage);
      const rules = groups.flatMap((group) => group.rules);
      lines.push(`${file}: all well, ${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}\n`);
      for (const line of doubled(rules)) {
        await stage.note(`warning: ${line}`);
        if (lintFatal) code ||= EXIT.checkFailed;
      }
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      code = EXIT.usage;
      for (const line of mistake(thrown)) await stage.note(line);
    }
    await stage.print(await safeChunks(() => lines, stage.surface));
  }
  return code;
}

function mistake(error: UserError): string[] {
  const lines = [`error: ${error.message}`];
  if (error.source !== undefined && error.source.length <= 200) {
    const caret = '^'.repeat(Math.max(1, error.end - error.start));
    lines.push(`  ${error.source}`, `  ${' '.repeat(error.start)}${caret}`);
  }
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  return lines;
}

/** Rules of the same name and labels in one file: their results may not differ. */
function doubled(rules: readonly Rule[]): string[] {
  const seen = new Map<string, Rule>();
  const out: string[] = [];
  for (const rule of rules) {
    const key = JSON.stringify([rule.name, rule.labels.toSorted()]);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, rule);
    else out.push(`${rule.where}: ${rule.name} stands at ${first.where} too, with the same labels`);
  }
  return out;
}

/** Shows what rules are and how they run; all of the files or those of a name. */
export async function showRules(
  globs: readonly string[],
  name: string | undefined,
  stage: Stage,
): Promise<number> {
  const groups: RuleGroup[] = [];
  for (const file of await filesOf(globs)) groups.push(...(await groupsOf(file, stage)));
  const explained = explainRules(groups).filter((one) => name === undefined || one.name === name);
  if (explained.length === 0) {
    const known = [...new Set(groups.flatMap(({ rules }) => rules.map((rule) => rule.name)))];
    const hint = known.length === 0 ? 'there are no rules' : `there are ${known.join(', ')}`;
    throw new UserError(`no rule is called ${name}`, { hint });
  }
  await stage.print(await safeChunks(() => explained.map(ruleText), stage.surface));
  return EXIT.ok;
}

function ruleText(one: ExplainedRule): string {
  const times = [
    `every ${formatDuration(one.intervalMs)}`,
    ...(one.forMs > 0 ? [`for ${formatDuration(one.forMs)}`] : []),
    ...(one.keepFiringMs > 0 ? [`keeps firing for ${formatDuration(one.keepFiringMs)}`] : []),
  ];
  const rows: (readonly [string, string])[] = [
    ...(one.sugar === undefined ? [] : [['written', one.sugar] as const]),
    ['promql', one.promql],
    ['runs', `${times.join(', ')}; ${one.path}`],
    ['stage', one.stage === 0 ? 'at once' : `after stage ${one.stage - 1} of its group`],
    ['reads', one.reads],
    ...one.fragments.map((words) => ['leaf', words] as const),
    ...(one.labels === '' ? [] : [['labels', one.labels] as const]),
    ...(one.channels === '' ? [] : [['channels', one.channels] as const]),
  ];
  const lines = rows.map(([title, text]) => `  ${title.padEnd(9)}${text}\n`);
  return `${one.kind} ${one.name}  (${one.where}, group ${one.group})\n${lines.join('')}\n`;
}
