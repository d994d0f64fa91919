// What our YAML writer writes, the YAML library reads back the same; for chosen texts and random
// values.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parse } from 'yaml';
import { yamlText } from '../../src/cli/yaml-text.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import type { Random } from '../../src/engine/runtime/random.ts';

it('texts that YAML would read as something else', () => {
  const texts = ['', ' ', 'yes', 'No', 'null', '~', '1', '1e3', '0x1f', '.inf', '-', '- a', 'a: b'];
  texts.push(
    'a #b',
    '#',
    '&a',
    '*a',
    '!x',
    '%x',
    '@x',
    '`x',
    '{a}',
    '[a]',
    'a\nb',
    'a\tb',
    "'",
    '"',
  );
  texts.push(
    '2001-01-01',
    '1:20',
    'on',
    'y',
    '=',
    '<<',
    '__proto__',
    'a b',
    'a:',
    ':a',
    '/x/y',
    'é',
  );
  texts.push('\u0000\u001b[31m\u202e\ufeff', '\u2028', '\\', 'null ', ' a', 'a ', 'NaN', '+Inf');
  for (const text of texts) {
    assert.deepEqual(parse(yamlText({ k: text })), { k: text }, JSON.stringify(text));
    assert.deepEqual(parse(yamlText([text])), [text], JSON.stringify(text));
    const keyed = JSON.parse(`{${JSON.stringify(text)}:1}`);
    assert.equal(JSON.stringify(parse(yamlText(keyed))), JSON.stringify(keyed));
  }
});

it('shapes as people write them', () => {
  const value = {
    a: [],
    b: {},
    c: [{ d: 1, e: [1, [2]] }, 'x'],
    f: { g: { h: true } },
    i: undefined,
  };
  const text = `a: []
b: {}
c:
- d: 1
  e:
  - 1
  - - 2
- x
f:
  g:
    h: true
`;
  assert.equal(yamlText(value), text);
});

it('random values come back as they were', () => {
  const seed = Number(process.env['MON_SEED'] ?? 20_261_120);
  const random = seededRandom(seed);
  for (let n = 0; n < 500; n++) {
    const value = { top: randomValue(random, 4) };
    const want = JSON.stringify(value);
    assert.equal(JSON.stringify(parse(yamlText(value))), want, `seed ${seed}, round ${n}`);
  }
});

function randomValue(random: Random, depth: number): unknown {
  const pick = Math.floor(random() * (depth > 0 ? 7 : 5));
  if (pick === 0) return Math.round(random() * 1000) / 8;
  if (pick === 1) return random() < 0.5;
  if (pick < 5) return randomText(random);
  const size = Math.floor(random() * 4);
  const items = Array.from({ length: size }, () => randomValue(random, depth - 1));
  if (pick === 5) return items;
  return Object.fromEntries(items.map((item, i) => [`${randomText(random)}k${i}`, item]));
}

function randomText(random: Random): string {
  const letters = 'ab Z019:-#"\'\\\n\t{}[]&*!|>%@`,?~=é日\u202e\u0001';
  const size = Math.floor(random() * 8);
  return Array.from({ length: size }, () => letters[Math.floor(random() * letters.length)]).join(
    '',
  );
}
