// Addresses to listen on: what is understood, what counts as public, and that public needs a
// token.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { UserError } from '../../../src/engine/errors.ts';
import {
  checkPublic,
  isLoopback,
  parseListen,
  urlOf,
} from '../../../src/engine/daemons/listen-address.ts';

test('addresses are read', () => {
  const f = (text: string, host: string, port: number): void =>
    assert.deepEqual(parseListen(text), { host, port });
  f('127.0.0.1:9590', '127.0.0.1', 9590);
  f('localhost:0', 'localhost', 0);
  f('[::1]:80', '::1', 80);
  f(':9590', '0.0.0.0', 9590);
  for (const bad of ['', '9590', 'a:b', 'a:70000', '::1:80', '[::1]', 'a:1:2']) {
    assert.throws(() => parseListen(bad), UserError, bad);
  }
});

test('only loopback goes without a token', () => {
  for (const host of ['127.0.0.1', '127.8.8.8', 'localhost', '::1']) {
    assert.equal(isLoopback(host), true, host);
    checkPublic({ host, port: 1 }, undefined);
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.evil.example']) {
    assert.equal(isLoopback(host), false, host);
    assert.throws(() => checkPublic({ host, port: 1 }, undefined), UserError, host);
    checkPublic({ host, port: 1 }, 'secret');
  }
});

test('an address becomes a URL for this machine', () => {
  assert.equal(urlOf({ host: '0.0.0.0', port: 1 }), 'http://127.0.0.1:1');
  assert.equal(urlOf({ host: '::1', port: 1 }), 'http://[::1]:1');
});
