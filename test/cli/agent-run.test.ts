// What is handed from `mon agent` to the process that goes on in its place: all of a configuration
// comes through, and a text that is none is a failure. Mistakes are found before.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { askedOf, askedText, decideAgent } from '../../src/cli/agent-run.ts';
import { parseConfig } from '../../src/engine/daemons/config.ts';
import { projectRoot } from '../support/project.ts';

/** Without fields that are there and undefined, which say the same as none. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  assert.ok(prototype === Object.prototype || prototype === null, 'a plain object');
  const told = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(told.map(([name, one]) => [name, plain(one)]));
}

test('a configuration comes through as it is', () => {
  const path = join(projectRoot, 'fixtures/config/mon.yml');
  const more = `mon: {aggregate: [{match: '{a=~"b.*"}', by: [c], keep: false}]}`;
  for (const text of [readFileSync(path, 'utf8'), '', more]) {
    const { config } = parseConfig(text, path);
    const asked = { to: 'http://x', bufferBytes: 1e9, config };
    assert.deepEqual(plain(askedOf(askedText(asked))), plain(asked));
  }
  assert.throws(() => askedOf('{'), /what the agent is to do cannot be read/);
});

test('mistakes are found before anything is started', async () => {
  const note = (): void => undefined;
  await assert.rejects(decideAgent({ to: 'x' }, note), /no http or https address/);
  await assert.rejects(decideAgent({ to: 'http://x', bufferBytes: 1 }, note), /too small/);
  const missing = { to: 'http://x', configPath: '/nowhere.yml' };
  await assert.rejects(decideAgent(missing, note), /nowhere/);
});
