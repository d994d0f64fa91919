// A word for a shell is one word for a real shell too, whatever stands in it: screens show commands
// that people copy, and labels come from outside.
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { shellQuote } from '../../../src/tui/draw/shell-word.ts';

const TEXTS = ['', 'plain', 'a b', "it's", '$(id)', '`id`', '"', '\\', '*', '~', 'a\nb', '#x', ';'];

test('a shell gives back what was quoted', () => {
  const script = `printf '%s\\0' ${TEXTS.map(shellQuote).join(' ')}`;
  const told = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
  assert.deepEqual(told.split('\0').slice(0, -1), TEXTS);
});

test('what needs no quotes gets none', () => {
  assert.equal(
    shellQuote('http://127.0.0.1:9090/a-b_c@d=e,f'),
    "'http://127.0.0.1:9090/a-b_c@d=e,f'",
  );
  assert.equal(
    shellQuote('http://127.0.0.1:9090/a-b_c@d=e%2+x'),
    'http://127.0.0.1:9090/a-b_c@d=e%2+x',
  );
});
