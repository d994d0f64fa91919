// The names of pressed keys, alone and several at once: what tables of keys are looked up with, so
// a name that changes here silently takes a key from every screen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyName, keyNames } from '../../src/tui/keys.ts';

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
