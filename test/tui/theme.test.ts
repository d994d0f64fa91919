// What a terminal can show, from its environment.
// Over SSH there is little of it: what is not promised is not used.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { palette } from '../../src/tui/draw/styles.ts';
import { colorDepth, needsAscii, screenTheme } from '../../src/tui/theme.ts';

test('depth of colour: flag before NO_COLOR before what the terminal promises', () => {
  const xterm = { TERM: 'xterm-256color' };
  assert.equal(colorDepth(xterm, 'auto'), '256');
  assert.equal(colorDepth({ ...xterm, COLORTERM: 'truecolor' }, 'auto'), 'truecolor');
  assert.equal(colorDepth({ ...xterm, NO_COLOR: '1' }, 'auto'), 'none');
  assert.equal(colorDepth({ ...xterm, NO_COLOR: '' }, 'auto'), '256');
  assert.equal(colorDepth({ ...xterm, NO_COLOR: '1' }, 'always'), '256');
  assert.equal(colorDepth({ TERM: 'linux' }, 'auto'), '16');
  assert.equal(colorDepth({ TERM: 'dumb' }, 'auto'), 'none');
  assert.equal(colorDepth(xterm, 'never'), 'none');
});

test('ASCII where Unicode cannot be shown', () => {
  assert.equal(needsAscii({ TERM: 'xterm', LANG: 'de_DE.UTF-8' }), false);
  assert.equal(needsAscii({ TERM: 'xterm', LANG: 'C' }), true);
  assert.equal(needsAscii({ TERM: 'xterm', LC_ALL: 'C', LANG: 'C.utf8' }), true);
  assert.equal(needsAscii({ TERM: 'dumb', LANG: 'C.UTF-8' }), true);
});

test('a screen without colour keeps weight, and a light background is seen', () => {
  assert.equal(
    screenTheme({ TERM: 'xterm', NO_COLOR: '1', LANG: 'C.UTF-8' }).palette.depth,
    'mono',
  );
  assert.equal(screenTheme({ COLORFGBG: '0;15' }).name, 'light');
  assert.equal(screenTheme({ COLORFGBG: '15;0' }).name, 'dark');
  assert.equal(screenTheme({}, { theme: 'light' }).name, 'light');
});

test('every style ends what it begins, and without colour says nothing', () => {
  for (const theme of ['dark', 'light'] as const) {
    assert.ok([...palette('none', theme).open, ...palette('none', theme).close].every((s) => !s));
    for (const depth of ['mono', '16', '256', 'truecolor'] as const) {
      const { open, close } = palette(depth, theme);
      open.forEach((sequence, i) => assert.equal(sequence === '', close[i] === ''));
    }
  }
});
