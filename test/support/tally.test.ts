// The closing line of the test runner and its exit: what counts as passed, failed and skipped. A
// runner that miscounts would make every other test worthless.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from './tally.ts';
import type { TestEnd, TestReport } from './test-report.ts';

const FILE = '/p/dist/test/a.test.js';

function ended(more: Partial<TestEnd>): TestEnd {
  return { kind: 'end', nesting: 0, name: 'x', suite: false, ms: 1, ...more };
}

interface Told {
  readonly reports: readonly TestReport[];
  readonly required?: readonly string[];
  readonly output?: string;
  /** Why the file failed beyond its tests. */
  readonly why?: string;
}

function tally({ reports, required = [], output, why }: Told): { well: boolean; text: string } {
  let text = '';
  const one = new Tally({ required, write: (more) => (text += more) });
  if (output !== undefined) one.output(FILE, output);
  for (const report of reports) one.take(FILE, report);
  one.fileEnded(FILE, why);
  return { well: one.finish(), text };
}

test('passes are counted, suites are not', () => {
  const reports = [ended({ nesting: 1 }), ended({ name: 'suite', suite: true })];
  assert.deepEqual(tally({ reports }), { well: true, text: '1 passed, 0 failed\n' });
});

test('a failure is told once, with its path, its cause and the output of its file', () => {
  const { well, text } = tally({
    reports: [
      { kind: 'start', name: 'suite', nesting: 0 },
      ended({ name: 'inner', nesting: 1, failure: { inner: false, text: 'it broke' } }),
      ended({ name: 'suite', suite: true, failure: { inner: true, text: '1 failed' } }),
    ],
    output: 'seed 7\n',
  });
  assert.equal(well, false);
  assert.match(text, /FAILED {2}dist\/test\/a\.test\.js\n +suite > inner\n +it broke\n/);
  assert.match(text, /seed 7/);
  assert.match(text, /\n0 passed, 1 failed\n$/);
});

test('a file that crashes, hangs, or runs no test, has failed', () => {
  const begun: TestReport = { kind: 'start', name: 'waits', nesting: 0 };
  const { text } = tally({ reports: [ended({}), begun], why: 'killed' });
  assert.match(text, /the file itself\n +killed\n +begun last: waits\n[^]*\n1 passed, 1 failed\n$/);
  const empty = tally({ reports: [] });
  assert.match(empty.text, /no test ran in this file[^]*\n0 passed, 1 failed\n$/);
});

test('a skip is counted with its reason; where things are required it fails', () => {
  const lacks = ended({ name: 'peer', skip: 'needs prometheus' });
  const reports = [ended({}), lacks, ended({ name: 'later', skip: 'not on this platform' })];
  assert.deepEqual(tally({ reports }), {
    well: true,
    text:
      'skipped 1: needs prometheus\nskipped 1: not on this platform\n' +
      '1 passed, 0 failed, 2 skipped\n',
  });
  assert.equal(tally({ reports, required: ['shared'] }).well, true);
  assert.equal(tally({ reports, required: ['all'] }).well, false);
  const strict = tally({ reports, required: ['shared', 'prometheus'] });
  assert.equal(strict.well, false);
  assert.match(strict.text, /MON_TEST_REQUIRE forbids it[^]*\n1 passed, 1 failed, 1 skipped\n$/);
});

test('nothing at all is not well', () => {
  const one = new Tally({ required: [], write: () => undefined });
  assert.equal(one.finish(), false);
});
