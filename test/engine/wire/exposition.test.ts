// Holds the exposition parser to the two formats: tables of bodies with what they mean or why they
// are refused, numbers against Number() bit by bit, the recorded node_exporter bodies, and a fuzz
// loop.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { MonError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { ParsedExposition } from '../../../src/engine/wire/exposition-columns.ts';
import type { ExpositionFormat } from '../../../src/engine/wire/exposition-metadata.ts';
import { parseFloatText } from '../../../src/engine/wire/exposition-number.ts';
import { formatOf, parseExposition } from '../../../src/engine/wire/exposition.ts';
import { parseSeriesPairs, parseSeriesText } from '../../../src/engine/wire/series-text.ts';

const encoder = new TextEncoder();
const into = new ParsedExposition();

function parse(text: string, format: ExpositionFormat = 'text') {
  const bytes = encoder.encode(text);
  parseExposition(bytes, format, into);
  const rows = [];
  for (let i = 0; i < into.count; i++) {
    const labels = parseSeriesText(bytes, into.starts[i], into.ends[i]);
    rows.push([labels.join('|'), into.values[i], into.timestamps[i]] as const);
  }
  return { rows, metadata: into.metadata(bytes) };
}

function refusal(text: string, format: ExpositionFormat = 'text'): string {
  try {
    parse(text, format);
  } catch (thrown) {
    assert.ok(thrown instanceof MonError && thrown.code === 'MON_BODY_MALFORMED', String(thrown));
    assert.equal(into.count, 0, 'nothing is half-taken');
    return thrown.message;
  }
  return 'taken';
}

test('samples of the text format', () => {
  const table: [string, string, number, number][] = [
    ['a 1\n', '__name__|a', 1, NaN],
    ['a 1', '__name__|a', 1, NaN],
    ['a 1 -1234\n', '__name__|a', 1, -1234],
    ['  a\t 1.5e3  1395066363000 \n', '__name__|a', 1500, 1395066363000],
    ['a:b_9{} -0\n', '__name__|a:b_9', -0, NaN],
    ['a{x="1",y="2"} 3\n', '__name__|a|x|1|y|2', 3, NaN],
    ['a { y = "2" , x = "1" , } 3 7\r\n', '__name__|a|x|1|y|2', 3, 7],
    ['a{x="\\\\ \\" \\n \\t {},#"}5\n', '__name__|a|x|\\ " \n \\t {},#', 5, NaN],
    ['a{x=""} 3\n', '__name__|a', 3, NaN],
    ['{"my.metric",a="b"} 3\n', '__name__|my.metric|a|b', 3, NaN],
    ['{a="b", "my\\"metric"} 3\n', '__name__|my"metric|a|b', 3, NaN],
    ['a{"é.b"="ü"} 3\n', '__name__|a|é.b|ü', 3, NaN],
    ['a{__proto__="x"} 3\n', '__name__|a|__proto__|x', 3, NaN],
    ['a +Inf\n', '__name__|a', Infinity, NaN],
    ['a -inf\n', '__name__|a', -Infinity, NaN],
    ['a nAn\n', '__name__|a', NaN, NaN],
    ['a 0x1.8p1\n', '__name__|a', 3, NaN],
  ];
  for (const [text, labels, value, time] of table) {
    assert.deepEqual(parse(text).rows, [[labels, value, time]], JSON.stringify(text));
  }
  assert.deepEqual(parse('\n\n# a comment\n#\n#x HELP\n').rows, []);
});

test('NaN has the bits that Prometheus gives it', () => {
  parse('a NaN\n');
  assert.deepEqual([into.words[1], into.words[0]], [0x7ff80000, 1]);
});

test('metadata lines', () => {
  const text =
    '# HELP a  A \\"b\\" \\\\n \\n c\n# TYPE a counter\n# TYPE b untyped\n# HELP "my.m" x\n' +
    '# HELP c\n# UNIT c seconds\na 1\n';
  assert.deepEqual(parse(text).metadata, [
    { family: 'a', type: 'counter', help: 'A "b" \\n \n c', unit: '' },
    { family: 'b', type: 'unknown', help: '', unit: '' },
    { family: 'my.m', type: 'unknown', help: 'x', unit: '' },
    { family: 'c', type: 'unknown', help: '', unit: '' },
  ]);
  const bytes = encoder.encode(text);
  const changed = encoder.encode(text.replace('counter', 'gauge'));
  parseExposition(bytes, 'text', into);
  const hash = into.metadataHash(bytes);
  parseExposition(changed, 'text', into);
  assert.notEqual(into.metadataHash(changed), hash);
});

test('bodies of the text format that are refused, with line and reason', () => {
  const table: [string, RegExp][] = [
    ['a 1\nb x\n', /^line 2, column 3: the value 'x' is no number$/],
    ['a\n', /^line 1, column 2: the value is missing/],
    ['a{x="1" 1\n', /column 9: expected ',' or '}'/],
    ['a{x="1\nb 1\n', /^line 1, column 5: this quote is not closed/],
    ['a{x="1"\nb 1\n', /column 2: this brace is not closed/],
    ['a{x=1} 1\n', /column 5: expected a quoted label value/],
    ['a{x} 1\n', /column 4: expected '='/],
    ['a{9="1"} 1\n', /column 3: expected a label name/],
    ['{a="b"} 1\n', /column 1: a series without a metric name/],
    ['a{"b"} 1\n', /column 3: a second metric name/],
    ['a{""="b"} 1\n', /an empty name/],
    ['é 1\n', /column 1: expected a metric name/],
    ['a-b 1\n', /column 2: this byte cannot stand in a metric name/],
    ['a 1 2 3\n', /column 7: expected the end of the line/],
    ['a 1 2.5\n', /column 6: expected the end of the line/],
    ['a 1 x\n', /column 5: expected a timestamp/],
    ['a 1 99999999999999999999\n', /column 5: the timestamp is out of range/],
    ['a 1e400\n', /'1e400' lies outside of float64/],
    ['a 0x10\n', /'0x10' is no number/],
    ['a 1_000\n', /'1_000' is no number/],
    ['a +nan\n', /is no number/],
    ['a .\n', /is no number/],
    ['# TYPE a b\n', /column 10: the metric type 'b' is none of counter/],
    ['# HELP 9 b\n', /column 8: expected a metric name/],
  ];
  for (const [text, want] of table) assert.match(refusal(text), want, JSON.stringify(text));
  assert.throws(
    () => parse('a{x="1",x="2"} 1\n'),
    /column 9: a label name that stands there twice/,
  );
  const bad = new Uint8Array([97, 123, 120, 61, 34, 0xff, 34, 125, 32, 49, 10]);
  parseExposition(bad, 'text', into);
  assert.throws(() => parseSeriesText(bad, into.starts[0], into.ends[0]), /column 6: .*not UTF-8/);
});

test('OpenMetrics', () => {
  const text =
    '# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds Help.\n' +
    'a_seconds_total{x="# {"} 17.0 1520879607.789 # {trace_id="K"} 0.67 1.5\n' +
    'a_seconds_created 1520872607.123\na_seconds_total 3 # {} 1\n{"b.c"} 1 -0.5\n# EOF\n';
  const { rows, metadata } = parse(text, 'openmetrics');
  assert.deepEqual(rows, [
    ['__name__|a_seconds_total|x|# {', 17, 1520879607789],
    ['__name__|a_seconds_created', 1520872607.123, NaN],
    ['__name__|a_seconds_total', 3, NaN],
    ['__name__|b.c', 1, -500],
  ]);
  assert.equal(into.exemplars, 2);
  assert.deepEqual(metadata, [
    { family: 'a_seconds', type: 'counter', help: 'Help.', unit: 'seconds' },
  ]);
  assert.deepEqual(parse('# EOF', 'openmetrics').rows, []);
  const table: [string, RegExp][] = [
    ['a 1\n', /^line 2, column 1: the body ends without # EOF/],
    ['', /without # EOF/],
    ['a 1\n# EOF\nb 1\n', /^line 3, column 1: there is more after # EOF/],
    ['\n# EOF\n', /expected a metric name/],
    ['a  1\n# EOF\n', /the value is missing/],
    ['a 1 \n# EOF\n', /the timestamp is missing/],
    ['# a comment\n# EOF\n', /expected HELP, TYPE, UNIT or EOF/],
    ['# TYPE a untyped\n# EOF\n', /'untyped' is none of/],
    ['# UNIT a_s seconds\n# EOF\n', /the unit is not the end/],
    ['a 1 NaN\n# EOF\n', /the timestamp is out of range/],
    ['a 1 # x\n# EOF\n', /expected '{'/],
    [`a 1 # {x="${'y'.repeat(600)}"} 1\n# EOF\n`, /too long/],
    ['a 1 # {x="y"} z\n# EOF\n', /the number of the exemplar 'z' is no number/],
  ];
  for (const [body, want] of table) {
    assert.match(refusal(body, 'openmetrics'), want, JSON.stringify(body));
  }
});

test('the format follows the content type', () => {
  assert.equal(
    formatOf('application/openmetrics-text; version=1.0.0; charset=utf-8'),
    'openmetrics',
  );
  assert.equal(formatOf('text/plain; version=0.0.4'), 'text');
  assert.equal(formatOf(''), 'text');
});

test('an empty value is still seen among the pairs', () => {
  const bytes = encoder.encode('a{b="",c="d"}');
  const pairs = [...parseSeriesPairs(bytes, 0, bytes.length)];
  assert.deepEqual(pairs, [
    ['__name__', 'a'],
    ['b', ''],
    ['c', 'd'],
  ]);
});

function randomNumber(random: () => number, scratch: DataView): string {
  const pick = random();
  if (pick < 0.3) return String(Math.floor(random() * 2 ** Math.floor(random() * 64)));
  if (pick < 0.5) return (random() * 10 ** Math.floor(random() * 40 - 20)).toString();
  if (pick < 0.6) return (random() * 1000).toFixed(Math.floor(random() * 20));
  if (pick < 0.7) return (random() * 1e9).toExponential(Math.floor(random() * 20));
  if (pick < 0.8) {
    const digits = () => String(Math.floor(random() * 1e9));
    const exponent = Math.floor(random() * 700 - 350);
    return `${digits()}${digits()}.${digits()}${digits()}E${exponent}`;
  }
  scratch.setUint32(0, random() * 2 ** 32);
  scratch.setUint32(4, random() * 2 ** 32);
  const value = scratch.getFloat64(0);
  return Number.isFinite(value) ? String(value) : '0';
}

test('decimals come out with the bits of Number()', () => {
  const seed = 20260101;
  const random = seededRandom(seed);
  const scratch = new DataView(new ArrayBuffer(8));
  for (let round = 0; round < 40; round++) {
    const texts = Array.from({ length: 1000 }, () => {
      const text = randomNumber(random, scratch);
      return random() < 0.2 ? `-${text.replace(/^-/, '')}` : text;
    }).filter((text) => Number.isFinite(Number(text)));
    const { rows } = parse(texts.map((text) => `a ${text}\n`).join(''));
    texts.forEach((text, i) => {
      assert.ok(Object.is(rows[i][1], Number(text)), `seed ${seed}: ${text} became ${rows[i][1]}`);
    });
  }
});

test('hexadecimal floats are rounded once', () => {
  const table: [string, number | undefined][] = [
    ['0x1p-1074', 5e-324],
    ['0x1p-1075', 0],
    ['0x1.8p-1075', 5e-324],
    ['0x1.fffffffffffffp1023', Number.MAX_VALUE],
    ['0x1.fffffffffffff8p1023', undefined],
    ['0x1.00000000000008p0', 1],
    ['0x1.00000000000018p0', 1 + 2 * Number.EPSILON],
    ['-0X.8P+1', -1],
    ['0x0p0', 0],
    ['0xp1', undefined],
    ['0x1', undefined],
    ['0x1p99999', undefined],
    ['0x1p-99999', 0],
  ];
  for (const [text, want] of table) assert.equal(parseFloatText(text), want, text);
});

const shared = process.env.MON_SHARED ?? join(import.meta.dirname, '../../../../../shared');
const recorded = join(shared, 'data/exposition/node_exporter_1s.txt.br');

test('the recorded node_exporter bodies', { skip: !existsSync(recorded) && 'no data' }, () => {
  const all = brotliDecompressSync(readFileSync(recorded));
  const body = all.subarray(0, all.indexOf('# scrape ', 10_000));
  parseExposition(body, 'text', into);
  const lines = body.toString().split('\n');
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(into.count, samples.length);
  samples.forEach((line, i) => {
    const cut = line.lastIndexOf(' ');
    assert.equal(body.toString('utf8', into.starts[i], into.ends[i]), line.slice(0, cut));
    assert.ok(Object.is(into.values[i], Number(line.slice(cut + 1))), line);
  });
  const families = lines.filter((line) => line.startsWith('# TYPE')).length;
  assert.equal(into.metadata(body).length, families);
});

test('random and mutated bodies are taken or refused, never anything else', () => {
  const seed = 7;
  const random = seededRandom(seed);
  const valid = encoder.encode(
    '# HELP a x\n# TYPE a counter\na{b="c\\n",d="é"} 1.5e3 123\n{"x.y",z="1"} NaN\n' +
      'a_total 2 1.5 # {t="i"} 3\n# EOF\n',
  );
  const alphabet = encoder.encode('a{}="\\ \n\t#,.0159eE+-NaInfx');
  for (let round = 0; round < 30_000; round++) {
    let bytes: Uint8Array;
    if (round % 3 === 0) {
      bytes = Uint8Array.from({ length: random() * 60 }, () => {
        return random() < 0.1 ? random() * 256 : alphabet[Math.floor(random() * alphabet.length)];
      });
    } else {
      bytes = valid.slice(0, random() < 0.3 ? random() * valid.length : valid.length);
      for (let n = random() * 4; n > 0 && bytes.length > 0; n--) {
        const fresh = random() < 0.5 ? random() * 256 : alphabet[Math.floor(random() * 20)];
        bytes[Math.floor(random() * bytes.length)] = fresh;
      }
    }
    for (const format of ['text', 'openmetrics'] as const) {
      try {
        parseExposition(bytes, format, into);
        for (let i = 0; i < into.count; i++) {
          assert.ok(into.ends[i] <= bytes.length && into.starts[i] < into.ends[i]);
          parseSeriesText(bytes, into.starts[i], into.ends[i]);
        }
        into.metadata(bytes);
      } catch (thrown) {
        const fine = thrown instanceof MonError && thrown.code === 'MON_BODY_MALFORMED';
        assert.ok(fine, `seed ${seed}, round ${round}: ${String(thrown)}`);
      }
    }
  }
});
