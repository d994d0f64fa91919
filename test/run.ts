// Runs the test files that were compiled: `node dist/test/run.js [--long] [filter…]`. Each file in
// a process of its own, two at a time. Shows failures and slow tests in full, everything else as a
// count. Easy to get wrong: a test that skips because the machine lacks something is a hole; what
// MON_TEST_REQUIRE lists (`prometheus,shared` or `all`) must be there, and such a skip is a
// failure.
import { existsSync, globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Tally } from './support/tally.ts';
import { killTestFiles, runTestFile } from './support/test-process.ts';

const CONCURRENCY = 2;
/** A file that hangs is killed then, with all it has started; the long suite has an hour. */
const FILE_MS_MAX = 5 * 60_000;
const LONG_FILE_MS_MAX = 60 * 60_000;

const here = fileURLToPath(new URL('.', import.meta.url));
const given = process.argv.slice(2);
const long = given.includes('--long');
const unknown = given.find((word) => word.startsWith('-') && word !== '--long');
if (unknown !== undefined) {
  process.stderr.write(`unknown flag ${unknown}; usage: run.js [--long] [filter…]\n`);
  process.exit(2);
}
const filters = given.filter((word) => !word.startsWith('-'));

// A test whose source is gone may still lie compiled in dist.
const sourceOf = (file: string): string => `${here}../../test/${file.replace(/\.js$/, '.ts')}`;
const files = globSync('**/*.test.js', { cwd: here })
  .filter((file) => existsSync(sourceOf(file)))
  .filter((file) => long || !file.endsWith('.long.test.js'))
  .filter((file) => filters.length === 0 || filters.some((f) => file.includes(f)))
  .toSorted();

if (files.length === 0) {
  process.stderr.write(`no test file matches ${filters.join(' ') || here}\n`);
  process.exit(1);
}

const tally = new Tally({
  required: (process.env['MON_TEST_REQUIRE'] ?? '').split(',').filter((word) => word !== ''),
  write: (text) => process.stdout.write(text),
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    killTestFiles();
    process.exit(130);
  });
}

const waiting = files.values();
async function runSome(): Promise<void> {
  for (const name of waiting) {
    const file = here + name;
    const why = await runTestFile({
      file,
      ms: long ? LONG_FILE_MS_MAX : FILE_MS_MAX,
      report: (report) => tally.take(file, report),
      output: (text) => tally.output(file, text),
    });
    tally.fileEnded(file, why);
  }
}
await Promise.all(Array.from({ length: CONCURRENCY }, runSome));
process.exitCode = tally.finish() ? 0 : 1;
