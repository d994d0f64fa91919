// What `mon test promql` does: run the scripts one after another, tell each failure with its
// place, and count. Easy to get wrong: a script that cannot be read is a wrong usage, not a
// failed check.
import { UserError } from '../engine/errors.ts';
import { runScript } from '../engine/promql/script-run.ts';
import { EXIT } from './exit-codes.ts';
import { readInput } from './input.ts';
import { junitReport } from './junit.ts';
import { safeChunks } from './listing.ts';
import type { JunitSuite } from './junit.ts';
import type { ScriptReport } from '../engine/promql/script-run.ts';
import type { Stage } from './stage.ts';

/**
 * Runs the scripts and prints what became of them. @throws UserError for a script with a mistake.
 */
export async function runScripts(
  files: readonly string[],
  junit: string | undefined,
  stage: Stage,
): Promise<number> {
  const suites: JunitSuite[] = [];
  const total = { passed: 0, failed: 0, variants: 0 };
  for (const file of files) {
    if (stage.signal.aborted) break;
    const text = Buffer.from(await readInput(file, stage)).toString('utf8');
    const begin = stage.clock.monotonic();
    const report = await runNamed(file, text);
    total.passed += report.passed;
    total.failed += report.failed;
    total.variants += report.variants;
    suites.push(suiteOf(file, report, stage.clock.monotonic() - begin));
    const lines = failuresOf(file, report);
    await stage.print(await safeChunks(() => lines, stage.surface));
  }
  if (junit !== undefined) {
    const { systemDisk } = await import('../engine/runtime/system-disk.ts');
    await systemDisk.replaceFile(junit, [Buffer.from(junitReport(suites))]);
  }
  await stage.print([`${total.passed} passed, ${total.failed} failed\n`]);
  return total.failed > 0 ? EXIT.checkFailed : EXIT.ok;
}

async function runNamed(file: string, text: string): Promise<ScriptReport> {
  try {
    return await runScript(text);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    const place = /^line (\d+): (.*)$/s.exec(thrown.message);
    const words =
      place === null ? `${file}: ${thrown.message}` : `${file}:${place[1]}: ${place[2]}`;
    throw new UserError(words, { cause: thrown });
  }
}

function* failuresOf(file: string, { outcomes }: ScriptReport): Generator<string, void, void> {
  for (const { line, command, why } of outcomes) {
    if (why !== undefined) yield `${file}:${line}: ${command}\n    ${why}\n`;
  }
}

function suiteOf(name: string, { outcomes }: ScriptReport, ms: number): JunitSuite {
  const cases = outcomes.map(({ line, command, why }) => ({
    name: `line ${line}: ${command}`,
    ...(why === undefined ? {} : { failure: why }),
  }));
  return { name, seconds: ms / 1000, cases };
}
