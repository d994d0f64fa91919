// Prometheus' own test scripts, read in place and run as `mon test promql` runs them. Every eval
// has to pass, none can be skipped, and the number of them is pinned so that none is lost in
// reading.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { runScript } from '../../src/engine/promql/script-run.ts';
import { sharedData } from '../support/project.ts';

/** File -> evals in it. */
const EVALS: Readonly<Record<string, number>> = {
  'aggregators.test': 160,
  'collision.test': 2,
  'duration_expression.test': 59,
  'extended_vectors.test': 169,
  'functions.test': 431,
  'histograms.test': 185,
  'info.test': 53,
  'literals.test': 25,
  'name_label_dropping.test': 30,
  'native_histograms.test': 522,
  'operators.test': 214,
  'start_timestamps.test': 26,
  'type_and_unit.test': 58,
};

const data = sharedData();
const skip = data === undefined ? 'no shared test data beside this checkout' : false;

for (const [file, evals] of Object.entries(EVALS)) {
  test(`promqltest ${file}`, { skip }, async (t) => {
    const text = readFileSync(join(data as string, 'promqltest', file), 'utf8');
    const { outcomes, passed, variants } = await runScript(text);
    t.diagnostic(`${passed} passed with ${variants} variants`);
    const failures = outcomes.filter(({ why }) => why !== undefined);
    assert.deepEqual(
      failures.map(({ line, command, why }) => `line ${line}: ${command}\n    ${why}`),
      [],
    );
    assert.equal(passed, evals);
    assert.ok(variants > 2 * passed || passed < 60, `only ${variants} variants`);
  });
}
