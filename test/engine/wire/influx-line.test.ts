// Influx line protocol: names, escapes, kinds of values, precisions, lines that are refused alone,
// and a fuzz that may throw nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { fromInfluxLines } from '../../../src/engine/wire/influx-line.ts';
import { WritePen } from '../../../src/engine/wire/write-pen.ts';
import { below } from '../../support/random-histograms.ts';
import { writtenLines } from '../../support/write-request-oracle.ts';

function read(text: string, precision = '', database = '') {
  const pen = new WritePen();
  const options = { precision, database, receivedMs: 42 };
  const counts = fromInfluxLines(Buffer.from(text), pen, options);
  return { ...counts, ...writtenLines(pen.written) };
}

test('fields become samples, tags become labels', () => {
  const text =
    'cpu,host=a,cpu=cpu-total usage_idle=99.5,usage_user=0.25,n=3i,u=4u 1700000000005999999\n' +
    '# a comment\n\nmem free=1e3,ok=t,bad=F,word="x, y=\\"1\\" \\n z"\n';
  const { lines, samples, refused } = read(text);
  assert.deepEqual(lines, [
    'cpu_usage_idle{host="a",cpu="cpu-total"} 99.5 1700000000005',
    'cpu_usage_user{host="a",cpu="cpu-total"} 0.25 1700000000005',
    'cpu_n{host="a",cpu="cpu-total"} 3 1700000000005',
    'cpu_u{host="a",cpu="cpu-total"} 4 1700000000005',
    'mem_free{} 1000 42',
    'mem_ok{} 1 42',
    'mem_bad{} 0 42',
  ]);
  assert.deepEqual([samples, refused], [7, 0]);
});

test('escapes, and names that have to be made plain', () => {
  const { lines } = read('my\\ disk\\,x,mount\\ point=/a\\ b\\=c\\,d,9p=q in.use=5\r\n');
  assert.deepEqual(lines, ['my_disk_x_in_use{mount_point="/a b=c,d",_9p="q"} 5 42']);
});

test('a newline within a string ends no line', () => {
  const { lines, refused } = read('log text="one\ntwo",n=1i\nx v=2');
  assert.deepEqual(lines, ['log_n{} 1 42', 'x_v{} 2 42']);
  assert.equal(refused, 0);
});

test('precisions and the database', () => {
  const timeOf = (precision: string, text: string) => {
    return read(`x v=1 ${text}`, precision).lines[0]?.split(' ').at(-1);
  };
  const nanos = '1700000000123456789';
  assert.equal(timeOf('', nanos), '1700000000123');
  assert.equal(timeOf('ns', nanos), '1700000000123');
  assert.equal(timeOf('us', '1700000000123456'), '1700000000123');
  assert.equal(timeOf('ms', '1700000000123'), '1700000000123');
  assert.equal(timeOf('s', '1700000000'), '1700000000000');
  assert.equal(timeOf('h', '2'), '7200000');
  assert.equal(timeOf('h', nanos), undefined, 'out of range');
  assert.deepEqual(read('x v=1 5', 's', 'telegraf').lines, ['x_v{db="telegraf"} 1 5000']);
  assert.deepEqual(read('x v=1 -5', 'ms').lines, ['x_v{} 1 -5']);
});

test('a malformed line is refused alone, with its place', () => {
  const wrong: [string, RegExp][] = [
    ['x', /column 2: the fields are missing/],
    ['x,host v=1', /expected '=' after the tag's key/],
    ['x v', /expected '=' after the field's key/],
    ['x v=abc', /column 5: this is no value/],
    ['x v=NaN', /no value/],
    ['x v=1.5i', /no value/],
    ['x v="open', /not closed/],
    ['x v=1 12a', /no whole number/],
    [',host=a v=1', /a name is missing/],
    ['x ,v=1', /a key is missing/],
  ];
  for (const [line, why] of wrong) {
    const { lines, refused, examples } = read(`good v=1\n${line}\ngood v=2`);
    assert.deepEqual([lines.length, refused], [2, 1], line);
    assert.match(examples[0], why, line);
    assert.match(examples[0], /^line 2/);
  }
});

test('random and mutated bodies are read or refused', () => {
  const seed = 5150;
  const random = seededRandom(seed);
  const good = Buffer.from(
    'cpu,host=a\\ b,c=d u=99.5,v=3i,w="x\\"y",t=true 1700000000005\n'.repeat(3),
  );
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from(good);
    const letters = ', ="\\\n\r\t0i-\u00ff';
    for (let k = below(random, 6); k >= 0; k--) {
      bytes[below(random, bytes.length)] = letters.charCodeAt(below(random, letters.length));
    }
    const pen = new WritePen();
    const options = { precision: 'ms', database: '', receivedMs: 1 };
    const cut = bytes.subarray(0, below(random, bytes.length));
    try {
      fromInfluxLines(cut, pen, options);
    } catch (thrown) {
      assert.fail(`seed ${seed}, round ${round}: ${String(thrown)}`);
    }
  }
});
