// JSON with keys of a sender's choice: what V8's own parser gets wrong, and the same answers and
// refusals everywhere else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { parseJson } from '../../../src/engine/wire/json-text.ts';

/** The keys of a text, in order, by the letters of the text itself. */
const KEYS = ['a\\', 'a"', 'a\n', '\\', '"', '\u0001', 'ab', '__proto__', 'é\\', 'é"', '0', ''];

test('a key is what the text says, whatever was read before', () => {
  for (let round = 0; round < 50; round++) {
    for (const key of KEYS) {
      const text = JSON.stringify({ x: 1, ...Object.fromEntries([[key, round]]) });
      assert.deepEqual(Object.keys(parseJson(text) as object).toSorted(), ['x', key].toSorted());
    }
  }
});

test('letters that are spelled by their number are what they are', () => {
  parseJson('{"\\\\":1}');
  assert.deepEqual(parseJson('{"\\u0061":1}'), { a: 1 });
  assert.deepEqual(parseJson('{"\\u0061":1,"a":2,"b":{"\\"":[]}}'), { a: 2, b: { '"': [] } });
});

test('other texts are read or refused as JSON.parse does', () => {
  const random = seededRandom(7);
  const parts = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"a\\""',
    '"\\u00e9"',
    '1',
    '-0',
    '1e3',
    '01',
  ];
  parts.push('true', 'null', 'nul', ' ', '\n', '"', '\\', '"\\x"', '"\t"', '1.', '-', '\u00a0');
  const shapes = ['{"k\\"":X,"b":[X]}', '[{"k\\\\":X},X]', 'X', '{"a\\n" :X}X'];
  let read = 0;
  for (let round = 0; round < 20_000; round++) {
    const shape = shapes[Math.floor(random() * shapes.length)];
    const text = shape.replaceAll('X', () => {
      let out = '';
      for (let n = Math.floor(random() * 4); n >= 0; n--) {
        out += parts[Math.floor(random() * parts.length)];
      }
      return out;
    });
    let want: unknown;
    try {
      want = JSON.parse(text);
    } catch {
      assert.throws(() => parseJson(text), SyntaxError, text);
      continue;
    }
    read++;
    // Values only: the keys are what the other parser may get wrong.
    const got = JSON.stringify(parseJson(text));
    assert.equal(got.length, JSON.stringify(want).length, text);
  }
  assert.ok(read > 500, `${read} texts could be read`);
});

test('a text of escapes alone takes no longer than its length', () => {
  const escapes = '\\"'.repeat(500_000);
  assert.deepEqual(parseJson(`["${escapes}"]`), ['"'.repeat(500_000)]);
  assert.deepEqual(parseJson(`{"\\"":"${escapes}"}`), { '"': '"'.repeat(500_000) });
});

test('depth has a bound, and a __proto__ changes nothing', () => {
  const deep = '['.repeat(100_000);
  assert.throws(() => parseJson(`{"\\"":${deep}`), /nested too deeply/);
  const made = parseJson('{"\\"":1,"__proto__":{"polluted":1}}') as Record<string, unknown>;
  assert.equal(Object.getPrototypeOf(made), Object.prototype);
  assert.ok(Object.hasOwn(made, '__proto__'));
});
