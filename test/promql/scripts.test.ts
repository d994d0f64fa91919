// Prometheus' own test scripts, read in place. No eval may fail, and the number that pass is
// pinned for each file, so that it can only grow; what is skipped says why.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { sharedData } from '../support/project.ts';
import { runScript } from './promqltest.ts';

/** File -> evals that pass today, and variants of them (by @, as a range) that hold too. */
const PASSED: Readonly<Record<string, readonly [number, number]>> = {
  'aggregators.test': [125, 667],
  'collision.test': [2, 10],
  'duration_expression.test': [59, 209],
  'extended_vectors.test': [30, 170],
  'functions.test': [323, 1483],
  'histograms.test': [93, 546],
  'info.test': [0, 0],
  'literals.test': [25, 150],
  'name_label_dropping.test': [30, 175],
  'native_histograms.test': [3, 18],
  'operators.test': [142, 643],
  'start_timestamps.test': [0, 0],
  'type_and_unit.test': [58, 348],
};

const data = sharedData();
const skip = data === undefined ? 'no shared test data beside this checkout' : false;

for (const [file, [passed, variants]] of Object.entries(PASSED)) {
  test(`promqltest ${file}`, { skip }, async (t) => {
    const text = readFileSync(join(data as string, 'promqltest', file), 'utf8');
    const report = await runScript(text);
    const skipped = [...report.skipped].map(([why, count]) => `${count} ${why}`).join(', ');
    t.diagnostic(
      `${report.passed} and ${report.variants} variants passed; skipped: ${skipped || 'none'}`,
    );
    const failures = report.failed.map((f) => `line ${f.line}: ${f.command}\n    ${f.why}`);
    assert.deepEqual(failures, []);
    assert.ok(report.passed >= passed, `${report.passed} passed, ${passed} did before`);
    assert.ok(report.variants >= variants, `${report.variants} variants, ${variants} before`);
  });
}
