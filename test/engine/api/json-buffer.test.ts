// Numbers as Prometheus prints them. The expected texts of special values were taken from
// Prometheus
// 2.42 itself; any other float has to read back with the same bits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JSON_CHUNK_BYTES, JsonBuffer, sampleText } from '../../../src/engine/api/json-buffer.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

function written(write: (out: JsonBuffer) => void): string {
  const out = new JsonBuffer();
  write(out);
  return out.take().toString();
}

test('values read as Prometheus prints samples', () => {
  const f = (value: number, want: string): void => {
    assert.equal(
      written((out) => out.value(value)),
      `"${want}"`,
    );
  };
  f(0, '0');
  f(-0, '-0');
  f(1, '1');
  f(-1, '-1');
  f(10, '10');
  f(999_999_999, '999999999');
  f(1_000_000_000, '1000000000');
  f(-1_000_000_001, '-1000000001');
  f(Number.MAX_SAFE_INTEGER, '9007199254740991');
  f(123456789012345680000, '123456789012345680000');
  f(1e21, '1e+21');
  f(-1.5e22, '-1.5e+22');
  f(1e-6, '0.000001');
  f(1e-7, '1e-07');
  f(1.5e-300, '1.5e-300');
  f(5e-324, '5e-324');
  f(Number.MAX_VALUE, '1.7976931348623157e+308');
  f(0.1, '0.1');
  f(0.1 + 0.2, '0.30000000000000004');
  f(-12.25, '-12.25');
  f(100.05, '100.05');
  f(0.000125, '0.000125');
  f(1 / 3, '0.3333333333333333');
  f(NaN, 'NaN');
  f(Infinity, '+Inf');
  f(-Infinity, '-Inf');
});

test('times are seconds with three decimals or none', () => {
  const f = (ms: number, want: string): void => {
    assert.equal(
      written((out) => out.time(ms)),
      want,
    );
  };
  f(0, '0');
  f(1, '0.001');
  f(1435781430781, '1435781430.781');
  f(1435781430700, '1435781430.700');
  f(1435781430000, '1435781430');
  f(-1500, '-1.500');
  f(8.64e15, '8640000000000');
});

test('any float reads back with the same bits, in the shortest digits', () => {
  const seed = 20261120;
  const random = seededRandom(seed);
  const words = new Uint32Array(2);
  const floats = new Float64Array(words.buffer);
  for (let i = 0; i < 50_000; i++) {
    let value = (random() - 0.5) * 10 ** Math.floor(random() * 24 - 8);
    if (i % 3 === 1) value = Math.round(value * 1000) / 1000;
    if (i % 3 === 2) {
      words[0] = random() * 2 ** 32;
      words[1] = random() * 2 ** 32;
      value = floats[0];
    }
    const text = JSON.parse(written((out) => out.value(value))) as string;
    assert.equal(text, sampleText(value), `seed ${seed}`);
    const back = text.endsWith('Inf') ? Number(`${text[0]}Infinity`) : Number(text);
    assert.ok(Object.is(back, value), `${text} is not ${value}, seed ${seed}`);
  }
});

test('strings are JSON strings', () => {
  const texts = [
    '',
    'plain',
    'a"b\\c',
    'tab\tnew\nline',
    '\u0000\u001b[2J',
    'ä€😀',
    'é'.repeat(70_000),
  ];
  for (const text of texts) {
    assert.equal(JSON.parse(written((out) => out.string(text))), text);
  }
  assert.equal(
    written((out) => out.string('lone \ud800')),
    '"lone \\ud800"',
  );
});

test('a taken page is never written again', () => {
  const out = new JsonBuffer();
  let text = '';
  const pages: Buffer[] = [];
  for (let i = 0; i < 120_000; i++) {
    out.value(i);
    text += `"${i}"`;
    if (out.full) pages.push(out.take());
  }
  pages.push(out.take());
  assert.ok(pages.length > 2 && pages[0].length >= JSON_CHUNK_BYTES);
  assert.equal(Buffer.concat(pages).toString(), text);
});
