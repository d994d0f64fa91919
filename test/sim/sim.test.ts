// The first hundred seeds of the simulation: collector, log, stores and queries on virtual time
// over a bad disk, against the model. A failing seed prints itself and how to run it alone.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { holdsFor } from './seeds.ts';
import { simulate } from './simulation.ts';

const FIRST = Number(process.env['MON_SEED'] ?? 1);
const SEEDS = Number(process.env['MON_SEEDS'] ?? 100);

describe('the simulation', () => {
  holdsFor(FIRST, SEEDS);

  it('runs the same way each time', async () => {
    assert.deepEqual(await simulate(FIRST + 1), await simulate(FIRST + 1));
  });
});
