// What `mon test rules` does: run the files one after another, tell what failed, and count tests.
// Easy to get wrong: a test file that cannot be read, or whose rules have a mistake, is a failed
// test here, as promtool has it, and the other files still run.
import { resolve } from 'node:path';
import { UserError, messageOf } from '../engine/errors.ts';
import { findRuleFiles, readRuleFile } from '../engine/daemons/rule-files.ts';
import { parseRuleTests } from '../engine/daemons/rule-test-file.ts';
import { orderGroups, runRuleTest } from '../engine/daemons/rule-tests.ts';
import { findPattern } from '../engine/promql/regexp.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import { EXIT } from './exit-codes.ts';
import { readInput } from './input.ts';
import { junitReport } from './junit.ts';
import type { JunitCase, JunitSuite } from './junit.ts';
import { safeChunks } from './listing.ts';
import type { Stage } from './stage.ts';

export interface TestRulesOptions {
  readonly junit?: string | undefined;
  /** Only tests whose names this matches. */
  readonly run?: string | undefined;
}

/** Runs all files; 0 when all tests pass, 3 when not. */
export async function runRuleTests(
  files: readonly string[],
  options: TestRulesOptions,
  stage: Stage,
): Promise<number> {
  const suites: JunitSuite[] = [];
  const total = { passed: 0, failed: 0 };
  for (const file of files) {
    if (stage.signal.aborted) break;
    const begin = stage.clock.monotonic();
    const cases = await runFile(file, options.run, stage);
    suites.push({ name: file, seconds: (stage.clock.monotonic() - begin) / 1000, cases });
    const lines: string[] = [];
    for (const { name, failure } of cases) {
      if (failure === undefined) total.passed++;
      else total.failed++;
      if (failure !== undefined) lines.push(`${file}: ${name}: failed\n${indented(failure)}\n`);
    }
    await stage.print(await safeChunks(() => lines, stage.surface));
  }
  if (options.junit !== undefined) {
    await systemDisk.replaceFile(options.junit, [Buffer.from(junitReport(suites))]);
  }
  await stage.print([`${total.passed} passed, ${total.failed} failed\n`]);
  return total.failed > 0 ? EXIT.checkFailed : EXIT.ok;
}

/** A name that is no glob is one all the same for promtool: what is not there does not match. */
async function thoseThere(paths: readonly string[]): Promise<string[]> {
  const out: string[] = [];
  for (const path of paths) if (await systemDisk.exists(path)) out.push(path);
  return out;
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

async function runFile(file: string, run: string | undefined, stage: Stage): Promise<JunitCase[]> {
  const cases: JunitCase[] = [];
  try {
    const path = file === '-' ? resolve('stdin') : resolve(file);
    const text = Buffer.from(await readInput(file, stage)).toString('utf8');
    const parsed = parseRuleTests(text, path);
    const groups = [];
    for (const glob of parsed.ruleFiles) {
      const found = await thoseThere(await findRuleFiles(systemDisk, [glob]));
      if (found.length === 0) await stage.note(`warning: no file matches ${glob}`);
      for (const one of found) groups.push(...(await readRuleFile(systemDisk, one)));
    }
    const ordered = orderGroups(groups, parsed.groupOrder);
    for (const test of parsed.tests) {
      if (run !== undefined && !findPattern(run, test.name)) continue;
      const failures = await runRuleTest(parsed, test, ordered);
      const failure = failures.length === 0 ? {} : { failure: failures.join('\n') };
      cases.push({ name: test.name, ...failure });
    }
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    cases.push({ name: 'the file', failure: messageOf(thrown) });
  }
  return cases;
}
