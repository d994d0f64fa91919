// Text on the way to the screen: nothing that a terminal could obey, no width that terminals
// disagree on. The widths are checked against two counters for every code point, not for a few
// examples.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import xterm from '@xterm/headless';
import stringWidth from 'string-width';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { asciiText, cellWidth, fit, safeText, shorten } from '../../../src/tui/draw/text.ts';

const HOSTILE = [
  ['\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
  ['a\u001b]0;title\u0007b', 'a␛]0;title␇b'],
  ['\u009b31m', '\ufffd31m'],
  ['line\nline\r\ttab', 'line␊line␍␉tab'],
  ['abc\u202edcba', 'abc\ufffddcba'],
  ['\u200fعربى', '\ufffd\ufffd\ufffd\ufffd\ufffd'],
  ['👩‍👩‍👧 family', '\ufffd family'],
  ['\u2764\ufe0f', '\ufffd'],
  ['🇩🇪', '\ufffd'],
  ['zero\u200bwidth', 'zero\ufffdwidth'],
  ['e\u0301', 'é'],
  ['Z\u0351\u0352\u0353', '\ufffd'],
  ['\ud800 lone', '\ufffd lone'],
  ['กำ', '\ufffd'],
  ['日本語', '日本語'],
  ['naïve Ωμέγα Привет', 'naïve Ωμέγα Привет'],
  ['\u00a0nbsp', ' nbsp'],
] as const;

test('what is hostile or uncertain is replaced, what is harmless stays', () => {
  for (const [input, want] of HOSTILE) {
    assert.equal(safeText(input), want, JSON.stringify(input));
    assert.equal(safeText(safeText(input)), safeText(input), 'a second pass changes nothing');
  }
  assert.equal(safeText('\u001b[2J'), '␛[2J');
  assert.equal(safeText('👩‍👩‍👧'), '\ufffd');
});

test('every code point that passes has one width for both counters and joins no neighbour', () => {
  const { unicodeService } = (
    new xterm.Terminal({ allowProposedApi: true }) as unknown as {
      _core: { unicodeService: { wcwidth(code: number): number } };
    }
  )._core;
  const graphemes = new Intl.Segmenter();
  let kept = 0;
  for (let code = 0x20; code <= 0x2ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const safe = safeText(String.fromCodePoint(code));
    assert.equal([...safe].length, 1, code.toString(16));
    kept++;
    const width = unicodeService.wcwidth(safe.codePointAt(0) as number);
    if (stringWidth(safe) !== width || cellWidth(safe) !== width || width < 1) {
      assert.fail(`U+${code.toString(16)} is ${stringWidth(safe)} or ${width} cells wide`);
    }
    if ([...graphemes.segment(`a${safe}a`)].length !== 3) {
      assert.fail(`U+${code.toString(16)} joins its neighbours`);
    }
  }
  assert.ok(kept > 190_000);
});

test('random text fits into exactly the width asked for', () => {
  const seed = 20_261_120;
  const random = seededRandom(seed);
  for (let round = 0; round < 3000; round++) {
    const length = Math.floor(random() * 12);
    const text = Array.from({ length }, () => randomCharacter(random)).join('');
    const safe = safeText(text);
    const width = Math.floor(random() * 20);
    const align = (['left', 'right', 'center'] as const)[round % 3];
    const where = `seed ${seed} round ${round}`;
    assert.equal(stringWidth(fit(safe, width, align)), width, where);
    assert.ok(stringWidth(shorten(safe, width)) <= width, where);
    assert.ok(!/\p{Cc}|\p{Cf}|\p{M}/u.test(safe), where);
    assert.match(asciiText(safe), /^[ -~]*$/, where);
    assert.equal(asciiText(safe).length, stringWidth(safe), where);
  }
});

function randomCharacter(random: () => number): string {
  const ranges = [0x7f, 0x2ff, 0xffff, 0x1faff];
  const code = Math.floor(random() * ranges[Math.floor(random() * ranges.length)]);
  const marks = ['\u200d', '\ufe0f', '\u001b[', '\u202e', '\u0301', '日', '👩'];
  if (random() < 0.2) return marks[Math.floor(random() * marks.length)];
  return String.fromCodePoint(code);
}

test('cutting ends with an ellipsis and never splits a wide character', () => {
  assert.equal(fit('abcdef', 4), 'abc…');
  assert.equal(fit('ab', 4), 'ab  ');
  assert.equal(fit('ab', 4, 'right'), '  ab');
  assert.equal(fit('ab', 5, 'center'), ' ab  ');
  assert.equal(fit('日本語', 5), '日本…');
  assert.equal(fit('日本語', 4), '日… ');
  assert.equal(fit('x', 0), '');
});
