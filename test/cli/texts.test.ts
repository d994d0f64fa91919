// The small pure rooms of the command line: colour, nearest names, lists, series, failures. Each
// case is an input and what it has to become.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wantsColor } from '../../src/cli/color.ts';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { failureText } from '../../src/cli/failure-text.ts';
import { jsonLine } from '../../src/cli/json-text.ts';
import { csvLine, listingChunks } from '../../src/cli/listing.ts';
import { nearest } from '../../src/cli/nearest.ts';
import { seriesText, valueText } from '../../src/cli/series-text.ts';
import { FAILURES, MonError, UserError, assert as demand } from '../../src/engine/errors.ts';
import { editDistance } from '../../src/engine/promql/suggest.ts';
import type { FailureCode } from '../../src/engine/errors.ts';

describe('colour', () => {
  it('flag, NO_COLOR, FORCE_COLOR, TERM, terminal', () => {
    for (const [choice, env, isTerminal, want] of [
      ['auto', {}, true, true],
      ['auto', {}, false, false],
      ['auto', { TERM: 'dumb' }, true, false],
      ['auto', { NO_COLOR: '1' }, true, false],
      ['auto', { NO_COLOR: '' }, true, true],
      ['auto', { FORCE_COLOR: '1' }, false, true],
      ['auto', { FORCE_COLOR: '' }, false, false],
      ['auto', { FORCE_COLOR: '0' }, true, false],
      ['auto', { CLICOLOR_FORCE: '1' }, false, true],
      ['auto', { CLICOLOR_FORCE: '0' }, false, false],
      ['auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
      ['always', { NO_COLOR: '1', TERM: 'dumb' }, false, true],
      ['never', { FORCE_COLOR: '1' }, true, false],
    ] as const) {
      const words = JSON.stringify([choice, env, isTerminal]);
      assert.equal(wantsColor(choice, env, isTerminal), want, words);
    }
  });
});

describe('nearest names', () => {
  it('counts slips', () => {
    for (const [a, b, want] of [
      ['', '', 0],
      ['', 'abc', 3],
      ['query', 'qurey', 1],
      ['kitten', 'sitting', 3],
      ['ab', 'ba', 1],
    ] as const) {
      assert.equal(editDistance(a, b), want);
      assert.equal(editDistance(b, a), want);
    }
  });

  it('answers only what may be meant', () => {
    const names = ['query', 'push', 'version', 'up'];
    assert.equal(nearest('qery', names), 'query');
    assert.equal(nearest('verison', names), 'version');
    assert.equal(nearest('uo', names), 'up');
    assert.equal(nearest('sun', ['sgn', 'sum', 'run']), 'sum');
    assert.equal(nearest('xyz', names), undefined);
    assert.equal(nearest('', names), undefined);
  });
});

describe('lists', () => {
  const listing = {
    kind: 'Things',
    columns: [{ name: 'a' }, { name: 'n', align: 'right' as const }],
    rows: [
      ['日本', 1],
      ['x\u001b[2J\n', -0.5],
    ],
    valueColumn: 0,
  };
  const text = async (format: 'table' | 'value', isTerminal: boolean): Promise<string> =>
    [...(await listingChunks(listing, format, { isTerminal, color: false }))].join('');

  it('a table is aligned by cells and never holds a control character', async () => {
    const lines = (await text('table', false)).split('\n');
    assert.equal(lines[1], '日本       1');
    assert.equal(lines[2].includes('\u001b'), false);
    assert.equal(lines.length, 4);
  });

  it('values are data for a pipe and escaped for a terminal', async () => {
    assert.equal(await text('value', false), '日本\nx\u001b[2J\n\n');
    assert.equal((await text('value', true)).includes('\u001b'), false);
  });

  it('CSV as in RFC 4180', () => {
    assert.equal(
      csvLine(['a', 'b,c', 'd"e', 'f\ng', 1.5, true]),
      'a,"b,c","d""e","f\ng",1.5,true\n',
    );
  });

  it('JSON reads back the same and shows nothing hidden', () => {
    const value = { text: '\u0000\u001b\u007f\u0085\u200b\u202e\u2066\ufeff日"\\' };
    assert.deepEqual(JSON.parse(jsonLine(value)), value);
    assert.match(jsonLine(value), /^[\u0020-\u007e日]+$/);
  });
});

it('series as exposition formats write them', () => {
  for (const [labels, want] of [
    [[], '{}'],
    [['__name__', 'up'], 'up'],
    [['__name__', 'up', 'a', 'b"\\\n'], 'up{a="b\\"\\\\\\n"}'],
    [['a', 'b'], '{a="b"}'],
    [['__name__', 'my.up', 'a.b', 'c'], '{"my.up","a.b"="c"}'],
    [['__name__', 'job:up:sum', 'a:b', 'c'], 'job:up:sum{"a:b"="c"}'],
  ] as const) {
    assert.equal(seriesText(labels), want);
  }
  for (const value of [0, -0, 1e21, 1e-7, Infinity, -Infinity, Number.MAX_VALUE, 5e-324]) {
    const text = valueText(value);
    const back = /Inf/.test(text) ? Number(`${text}inity`) : Number(text);
    assert.ok(Object.is(back, value), text);
  }
});

describe('failures', () => {
  it('every code has an exit code, and a bug is one', () => {
    const codes = Object.keys(FAILURES) as FailureCode[];
    for (const code of codes)
      assert.ok([1, 2, 4, 5, 124].includes(exitCodeOf(new MonError(code, ''))));
    assert.equal(exitCodeOf(new UserError('')), 2);
    assert.equal(exitCodeOf(new TypeError('')), 70);
    assert.equal(exitCodeOf('text'), 70);
    const system = Object.assign(new Error('no'), { errno: -13, syscall: 'open' });
    assert.equal(exitCodeOf(system), 1);
    assert.throws(
      () => demand(false, 'never so'),
      (thrown) => exitCodeOf(thrown) === 70,
    );
  });

  it('are one line whatever the message holds', async () => {
    const text = await failureText(new MonError('MON_TIMEOUT', 'a\n b\u001b[2J\r\n c'), false);
    assert.equal(text, 'error: a b\u241b[2J c\n');
  });

  it('the caret stands under the place', async () => {
    const at = async (source: string, start: number, end: number): Promise<string[]> => {
      const mistake = new UserError('no', { source, start, end });
      return (await failureText(mistake, false)).split('\n').slice(1, 3);
    };
    assert.deepEqual(await at('abc', 1, 2), ['  abc', '   ^']);
    assert.deepEqual(await at('abc', 3, 3), ['  abc', '     ^']);
    assert.deepEqual(await at('', 0, 0), ['  ', '  ^']);
    assert.deepEqual(await at('a\nbcd', 3, 99), ['2 | bcd', '     ^^']);
    assert.deepEqual(await at('日本 x', 3, 4), ['  日本 x', '       ^']);
    assert.deepEqual(await at('\u001b[2J', 1, 2), ['  \u241b[2J', '   ^']);
  });

  it('a long line is cut around the caret', async () => {
    const source = `${'a'.repeat(60_000)}!${'b'.repeat(60_000)}`;
    const mistake = new UserError('no', { source, start: 60_000, end: 60_001 });
    const [, line, caret] = (await failureText(mistake, false)).split('\n');
    assert.ok(line.length < 110);
    assert.equal(line[caret.indexOf('^')], '!');
  });
});
