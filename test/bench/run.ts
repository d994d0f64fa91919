// Runs the benchmarks one after the other, each in a process of its own so that none warms or
// starves another: `node dist/test/bench/run.js [filter…]`. They print figures and judge nothing: a
// timing is no test.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const filters = process.argv.slice(2);
const sourceOf = (file: string): string =>
  `${here}../../../test/bench/${file.replace(/\.js$/, '.ts')}`;
const files = globSync('**/*.bench.js', { cwd: here })
  .filter((file) => existsSync(sourceOf(file)))
  .filter((file) => filters.length === 0 || filters.some((f) => file.includes(f)))
  .toSorted();

let failed = 0;
for (const file of files) {
  process.stdout.write(`== ${file.replace(/\.bench\.js$/, '')}\n`);
  const done = spawnSync(process.execPath, [here + file], { stdio: 'inherit' });
  if (done.status !== 0) failed++;
}
process.stdout.write(`${files.length - failed} benchmarks ran, ${failed} failed\n`);
process.exitCode = failed === 0 && files.length > 0 ? 0 : 1;
