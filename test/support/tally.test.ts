// The closing line of the test runner and its exit: what counts as passed, failed and skipped. A
// runner that miscounts would make every other test worthless.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { Tally } from './tally.ts';

const FILE = '/p/dist/test/a.test.js';

function ended(type: 'test:pass' | 'test:fail', more: object, details: object = {}): TestEvent {
  const data = { file: FILE, nesting: 0, name: 'x', ...more };
  return { type, data: { ...data, details: { duration_ms: 1, ...details } } } as TestEvent;
}

const failure = (type: string, cause: unknown): object => ({
  error: Object.assign(new Error('outer', { cause }), { failureType: type }),
});

function tally(events: TestEvent[], ...required: string[]): { well: boolean; text: string } {
  let text = '';
  const one = new Tally({ required, write: (more) => (text += more) });
  for (const event of events) one.take(event);
  return { well: one.finish(), text };
}

test('passes are counted, suites are not', () => {
  const pass = ended('test:pass', { nesting: 1 });
  const suite = ended('test:pass', { name: 'suite' }, { type: 'suite' });
  const file = ended('test:pass', { name: FILE });
  assert.deepEqual(tally([pass, suite, file]), { well: true, text: '1 passed, 0 failed\n' });
});

test('a failure is told once, with its path, its cause and the output of its file', () => {
  const start = (name: string, nesting: number): TestEvent =>
    ({ type: 'test:start', data: { file: FILE, name, nesting } }) as TestEvent;
  const output = { type: 'test:stdout', data: { file: FILE, message: 'seed 7\n' } } as TestEvent;
  const { well, text } = tally([
    start('suite', 0),
    output,
    ended('test:fail', { name: 'inner', nesting: 1 }, failure('testCodeFailure', 'it broke')),
    ended('test:fail', { name: 'suite' }, failure('subtestsFailed', '1 subtest failed')),
    ended('test:fail', { name: FILE }, failure('subtestsFailed', 'test failed')),
  ]);
  assert.equal(well, false);
  assert.match(text, /FAILED {2}dist\/test\/a\.test\.js\n +suite > inner\n +it broke\n/);
  assert.match(text, /seed 7/);
  assert.match(text, /\n0 passed, 1 failed\n$/);
});

test('a file that crashes, or runs no test, has failed', () => {
  const crash = ended('test:fail', { name: FILE }, failure('testCodeFailure', 'test failed'));
  assert.match(tally([crash]).text, /the file itself[^]*\n0 passed, 1 failed\n$/);
  const empty = ended('test:pass', { name: FILE });
  assert.match(tally([empty]).text, /no test ran in this file[^]*\n0 passed, 1 failed\n$/);
});

test('a skip is counted with its reason; where things are required it fails', () => {
  const pass = ended('test:pass', { nesting: 0 });
  const lacks = ended('test:pass', { name: 'peer', skip: 'needs prometheus' });
  const other = ended('test:pass', { name: 'later', skip: 'not on this platform' });
  assert.deepEqual(tally([pass, lacks, other]), {
    well: true,
    text:
      'skipped 1: needs prometheus\nskipped 1: not on this platform\n' +
      '1 passed, 0 failed, 2 skipped\n',
  });
  assert.equal(tally([pass, lacks, other], 'shared').well, true);
  assert.equal(tally([pass, lacks, other], 'all').well, false);
  const strict = tally([pass, lacks, other], 'shared', 'prometheus');
  assert.equal(strict.well, false);
  assert.match(strict.text, /MON_TEST_REQUIRE forbids it[^]*\n1 passed, 1 failed, 1 skipped\n$/);
});

test('nothing at all is not well', () => {
  assert.deepEqual(tally([]), { well: false, text: '0 passed, 0 failed\n' });
});
