// Pushed text by the kernel against the parser, which is its oracle: the same rows to the last bit
// or the same complaint, over bodies that repeat series, spell numbers and times in every way, and
// have bytes changed. Easy to get wrong: a series is read by JavaScript the first time only, so
// each body is walked twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { walkText } from '../../../src/engine/collector/text-rows.ts';
import type { WalkingDoor } from '../../../src/engine/collector/text-rows.ts';
import { pushedLabels } from '../../../src/engine/collector/text-rows.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';
import { ParsedExposition } from '../../../src/engine/wire/exposition-columns.ts';
import { parseExposition } from '../../../src/engine/wire/exposition.ts';

const NOW = 1_700_000_000_000;
const encoder = new TextEncoder();
const ROUNDS = Number(process.env['MON_FUZZ_ROUNDS'] ?? 1500);

function door(): WalkingDoor {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, 4);
  const size = 1 << 16;
  const at = kernels.exports.alloc(size) >>> 0;
  const scratch = (bytes: Uint8Array): number => {
    // What an earlier body left stands behind this one.
    kernels.bytes.set(bytes, at);
    return at;
  };
  return { kernels, book, scratch };
}

/** Labels, time and bits of each row, or the complaint. */
function walked(into: WalkingDoor, body: Uint8Array): string[] | string {
  const parsed = new ParsedExposition();
  try {
    const { columns, refusals } = walkText(into, body, NOW, parsed);
    assert.equal(refusals.count, 0);
    const bits = new BigUint64Array(columns.values.slice().buffer);
    return Array.from({ length: columns.count }, (_, i) => {
      const labels = into.book.labels(columns.refs[i]);
      return `${labels.join('\u0001')} ${columns.timestamps[i]} ${bits[i].toString(16)}`;
    });
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

function parsedOnly(body: Uint8Array): string[] | string {
  const into = new ParsedExposition();
  try {
    parseExposition(body, 'text', into);
    const bits = new BigUint64Array(into.values.slice(0, into.count).buffer);
    return Array.from({ length: into.count }, (_, i) => {
      const labels = pushedLabels(body, into.starts[i], into.ends[i]);
      const time = Number.isNaN(into.timestamps[i]) ? NOW : into.timestamps[i];
      return `${labels.join('\u0001')} ${time} ${bits[i].toString(16)}`;
    });
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

const SERIES = [
  ...['a', 'a_b:c', 'up', '__proto__', 'a{}', 'a {x="1"}', 'a{x="1"}', 'a{x="1",}', 'ab{x="1"}'],
  ...['a{x="}"}', 'a{x="\\"}"}', 'a{x="\\\\"}', 'a{x="{",y="é"}', 'a{ x = "1" , z="" }'],
  ...['{"a.b",x="1"}', 'a{"x.y"="1"}', 'a{x="#"}', 'a{x="a\\nb"}', 'a{__proto__="1"}'],
];
const NUMBERS = [
  ...['0', '-0', '+1', '1.', '.5', '-.5e1', '1e5', '1E-7', '1e22', '1e23', '1e-22', '1e-23'],
  ...['9007199254740991', '9007199254740992', '9007199254740993', '0.1234567890123456789'],
  ...['123456789012345678', '1234567890123456789', '0000000000000000000001', '1e+3', '1e400'],
  ...[
    'NaN',
    'nan',
    '+Inf',
    '-Inf',
    'Infinity',
    '0x1p3',
    '1_0',
    '1e',
    '.',
    '-',
    '',
    '1.7e+09',
    '5e-324',
  ],
];
const TIMES = [
  '',
  '',
  ' 0',
  ' 1700000000000',
  ' 1700000000001',
  ' -5',
  '\t17',
  ' 99999999999999999',
];

function randomBody(random: Random): Uint8Array {
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const lines: string[] = [];
  const wild = random() < 0.3;
  for (let i = Math.floor(random() * 12); i >= 0; i--) {
    if (random() < 0.1) lines.push(one(['# HELP a b', '# TYPE a gauge', '#', '', '  ', '# x']));
    const number = wild ? one(NUMBERS) : String(Math.floor(random() * 1e6) / 100);
    const space = one([' ', ' ', ' ', '  ', '\t', wild ? '' : ' ']);
    const time = wild
      ? one(TIMES)
      : one(['', ' 1700000000000', ' 1700000000000', ' 1700000010000']);
    lines.push(one(SERIES) + space + number + time + one(['', '', '', ' ', '\r']));
  }
  const body = encoder.encode(lines.join('\n') + (random() < 0.8 ? '\n' : ''));
  if (random() < 0.3 && body.length > 0) {
    const odd = [0, 9, 10, 13, 32, 34, 35, 44, 46, 48, 61, 92, 123, 125, 255];
    body[Math.floor(random() * body.length)] = one(odd);
  }
  return random() < 0.1 ? body.subarray(0, Math.floor(random() * body.length)) : body;
}

test('the kernel reads what the parser reads', () => {
  const seed = Number(process.env['MON_SEED'] ?? 20_261_121);
  const random = seededRandom(seed);
  const into = door();
  let taken = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const body = randomBody(random);
    const want = parsedOnly(body);
    const say = `seed ${seed}, round ${round}: ${JSON.stringify(new TextDecoder().decode(body))}`;
    for (const time of ['first', 'again']) {
      const before = into.book.series;
      assert.deepEqual(walked(into, body), want, `${say} ${time}`);
      if (typeof want === 'string') assert.equal(into.book.series, before, `${say}: numbered`);
    }
    if (typeof want !== 'string') taken += want.length;
    if (random() < 0.01) {
      for (let i = 0; i < 3; i++) into.book.turn();
      into.book.forget(2);
    }
  }
  assert.ok(taken > ROUNDS, `${taken} samples were taken at all`);
});

/** A decimal of up to 21 digits at any scale that stands in texts, or half way between two. */
function decimalText(random: Random): string {
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const sign = random() < 0.2 ? '-' : '';
  if (random() < 0.3) {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setUint32(0, ((1023 + upTo(240) - 120) << 20) | upTo(0xfffff));
    bits.setUint32(4, upTo(0xffffffff));
    const value = bits.getFloat64(0);
    // Large whole numbers and their middles are ties to the last bit.
    const whole = 2n ** 53n + BigInt(upTo(0xfffffff)) * 2n + 1n;
    return sign + (random() < 0.5 ? String(value) : String(whole << BigInt(upTo(10))));
  }
  let digits = '';
  for (let i = upTo(20); i >= 0; i--) digits += upTo(9);
  const point = upTo(digits.length);
  const zeros = random() < 0.1 ? '0'.repeat(upTo(80)) : '';
  const text = `${sign}${zeros}${digits.slice(0, point)}.${digits.slice(point)}`;
  return random() < 0.5 ? text : `${text}e${upTo(90) - 45}`;
}

test('the kernel rounds decimals as the parser does', () => {
  const seed = Number(process.env['MON_SEED'] ?? 20_261_122);
  const random = seededRandom(seed);
  const into = door();
  let inside = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const texts = Array.from({ length: 20 }, () => decimalText(random));
    const body = encoder.encode(texts.map((text, i) => `m{i="${i}"} ${text}\n`).join(''));
    const want = parsedOnly(body);
    for (const time of ['first', 'again']) {
      assert.deepEqual(walked(into, body), want, `seed ${seed}, round ${round} ${time}: ${texts}`);
    }
    const x = into.kernels.exports;
    const base = into.scratch(body);
    x.textBegin(base, body.length, NOW);
    x.textWalk(base);
    inside += x.columnsCount();
  }
  assert.ok(inside > ROUNDS, `${inside} of ${ROUNDS * 20} numbers came up to the first odd one`);
});

test('numbers of 17 to 19 digits never leave the kernel', () => {
  const into = door();
  const texts = ['1.7952057335535274e+09', '25.772000000000002', '0.036000000000000004'];
  texts.push('9007199254740993', '1.2345678901234567e-21', '0.00000000012345678901234567');
  const body = encoder.encode(texts.map((text, i) => `m{i="${i}"} ${text}\n`).join(''));
  walkText(into, body, NOW, new ParsedExposition());
  const base = into.scratch(body);
  into.kernels.exports.textBegin(base, body.length, NOW);
  assert.equal(into.kernels.exports.textWalk(base) >>> 0, base + body.length);
});

test('a whole body of known series never leaves the kernel', () => {
  const into = door();
  const lines = Array.from({ length: 500 }, (_, i) => `m{i="${i}"} ${i}.25 ${NOW + i}\n`);
  const body = encoder.encode(lines.join(''));
  walkText(into, body, NOW, new ParsedExposition());
  const x = into.kernels.exports;
  x.textBegin(into.scratch(body), body.length, NOW);
  const base = into.scratch(body);
  assert.equal(x.textWalk(base) >>> 0, base + body.length);
  assert.equal(x.columnsCount(), 500);
  assert.equal(x.notesCount(), 0);
});

test('what is refused stays behind, the rest goes', () => {
  const into = door();
  into.book.limitSeries(1);
  const parsed = new ParsedExposition();
  const body = encoder.encode('# TYPE a gauge\na 1\nb 2\na 3\nb 4\n');
  const { columns, refusals } = walkText(into, body, NOW, parsed);
  assert.equal(columns.count, 4);
  assert.deepEqual([...refusals.reasons], [['tooManySeries', 2]]);
  assert.deepEqual(
    [...columns.refs].map((ref) => ref === 0xffffffff),
    [false, true, false, true],
  );
  assert.equal(parsed.metadataCount, 1);
});
