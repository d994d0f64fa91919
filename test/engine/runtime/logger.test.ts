// Lines for the operator: form, levels, and that neither secrets nor control characters get
// through.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { LogFile } from '../../../src/engine/runtime/log-file.ts';
import { makeLogger, withoutSecrets } from '../../../src/engine/runtime/logger.ts';
import type { LoggerOptions } from '../../../src/engine/runtime/logger.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function lines(options: Partial<LoggerOptions> = {}) {
  const out: string[] = [];
  const clock = new VirtualClock(1_700_000_000_123);
  const write = (line: string): void => void out.push(line);
  return { out, logger: makeLogger({ write, clock, ...options }) };
}

test('writes text lines from its level on', () => {
  const { out, logger } = lines({ level: 'warn' });
  logger.info('not this');
  logger.warn('disk is slow', { ms: 12, path: '/a b', ok: false, none: undefined });
  assert.deepEqual(out, [
    '2023-11-14T22:13:20.123Z warn  disk is slow ms=12 path="/a b" ok=false\n',
  ]);
});

test('writes JSON lines with the fields of its parents', () => {
  const { out, logger } = lines({ format: 'json' });
  logger.child({ part: 'log' }).child({ partition: 3 }).info('hello', { __proto__x: 'y' });
  assert.deepEqual(JSON.parse(out[0]), {
    time: '2023-11-14T22:13:20.123Z',
    level: 'info',
    words: 'hello',
    part: 'log',
    partition: 3,
    __proto__x: 'y',
  });
});

test('tells a failure with its code and hint', () => {
  const { out, logger } = lines();
  logger.failure('cannot start', new MonError('MON_PORT_IN_USE', 'taken', { hint: 'try 0' }));
  assert.match(out[0], /error cannot start: taken code=MON_PORT_IN_USE hint="try 0"\n$/);
});

test('lets no secret through', () => {
  const { out, logger } = lines();
  logger.info('GET http://me:pa55@host/x with Bearer abcdef.123', {
    token: 'pa55',
    Authorization: 'pa55',
    user_password: 'pa55',
    apiKey: 'pa55',
    url: 'https://u:pa55@h/?token=pa55&x=1',
    tokens_seen: 3,
  });
  assert.ok(!out[0].includes('pa55') && !out[0].includes('abcdef'), out[0]);
  assert.equal(withoutSecrets('https://h/?a=1&token=xyz&b=2'), 'https://h/?a=1&token=***&b=2');
  assert.equal(withoutSecrets('the passwordless way: a=b'), 'the passwordless way: a=b');
});

test('escapes what could forge a line or move a terminal', () => {
  for (const format of ['text', 'json'] as const) {
    const { out, logger } = lines({ format });
    logger.info('a\nb\u001b[2J', { 'k\r': 'v\u202e\u0000' });
    assert.equal(out[0].split('\n').length, 2);
    // oxlint-disable-next-line no-control-regex
    assert.ok(!/[\u0000-\u0009\u000b-\u001f\u202e]/.test(out[0]), JSON.stringify(out[0]));
  }
});

test('cuts what is too long', () => {
  const { out, logger } = lines();
  logger.info('long', { value: 'x'.repeat(100_000) });
  assert.ok(out[0].length < 3000);
});

test('the file rotates by size and keeps as many as it should', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mon-logger-'));
  const path = join(folder, 'logs', 'mon.log');
  const file = new LogFile({ path, bytesMax: 100, keep: 2 });
  for (let i = 0; i < 30; i++) file.write(`line ${String(i).padStart(2, '0')} of many\n`);
  file.close();
  file.write('after close\n');
  assert.deepEqual((await readdir(join(folder, 'logs'))).sort(), [
    'mon.log',
    'mon.log.1',
    'mon.log.2',
  ]);
  const all = await Promise.all(
    [`${path}.2`, `${path}.1`, path].map((name) => readFile(name, 'utf8')),
  );
  const kept = all.join('').trim().split('\n');
  assert.equal(kept.at(-1), 'line 29 of many');
  assert.ok(all.every((text) => text.length <= 100));
  const again = new LogFile({ path, bytesMax: 1000, keep: 2 });
  again.write('more\n');
  again.close();
  assert.ok((await readFile(path, 'utf8')).endsWith('line 29 of many\nmore\n'));
  assert.equal(again.dropped, 0);
  await rm(folder, { recursive: true });
});
