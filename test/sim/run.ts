// Runs seeds of the simulation: `node dist/test/sim/run.js SEED [COUNT]`. Prints what each run
// saw, and for a failing seed what was found; the exit code says whether all were well.
import { simulate } from './simulation.ts';

const [first = 1, count = 1] = process.argv.slice(2).map(Number);
let failed = 0;
const sum: Record<string, number> = {};
for (let seed = first; seed < first + count; seed++) {
  try {
    const tally = await simulate(seed);
    for (const [what, by] of Object.entries(tally)) sum[what] = (sum[what] ?? 0) + by;
  } catch (thrown) {
    failed++;
    process.stdout.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  }
}
for (const what of Object.keys(sum).toSorted()) process.stdout.write(`${what}: ${sum[what]}\n`);
process.stdout.write(`${count} seeds from ${first}, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
