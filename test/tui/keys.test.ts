// The table of keys: no key means two things at once, and every key has words.
// Help and bottom bar are made from it, so what is wrong here is wrong everywhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEYS, actionFor, keyName, keyNames, keysOf, type Mode } from '../../src/tui/keys.ts';

const MODES: readonly Mode[] = ['overview', 'zoom', 'filter', 'help', 'command'];

test('within a mode a key has one meaning, and one can always leave', () => {
  for (const mode of MODES) {
    const keys = keysOf(mode).flatMap((k) => k.keys);
    assert.equal(new Set(keys).size, keys.length, mode);
    assert.equal(actionFor(mode, 'ctrl-c'), 'quit');
    assert.equal(actionFor(mode, 'ctrl-l'), 'repaint');
  }
});

test('every key has a help text, and what the bar shows is a key of its mode', () => {
  for (const binding of KEYS) {
    assert.ok(binding.help.length > 3);
    assert.ok(binding.shown.length > 0);
  }
});

test('names of pressed keys', () => {
  assert.equal(keyName('c', { ctrl: true }), 'ctrl-c');
  assert.equal(keyName('', { tab: true, shift: true }), 'shift-tab');
  assert.equal(keyName('', { upArrow: true }), 'up');
  assert.equal(keyName('\r', { return: true }), 'return');
  assert.equal(keyName('/', {}), '/');
  assert.equal(keyName('x', { meta: true }), 'meta-x');
  assert.equal(keyName('', { delete: true }), 'delete');
});

test('keys that arrive as one text are several keys', () => {
  assert.deepEqual(keyNames('/a\r', {}), ['/', 'a', 'return']);
  assert.deepEqual(keyNames('日', {}), ['日']);
  assert.deepEqual(keyNames('', { escape: true }), ['escape']);
  assert.deepEqual(keyNames('c', { ctrl: true }), ['ctrl-c']);
});
