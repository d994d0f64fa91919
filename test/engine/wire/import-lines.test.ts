// Lines of CSV and JSON and files of bodies as an import reads them: what an export wrote comes
// back to the bit, and bytes of any kind are told apart, never thrown on. Easy to get wrong: a
// value that prints alike is not the same value.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { csvText, jsonLines, type ExportPage } from '../../../src/engine/wire/export-text.ts';
import { linesToBodies, type LineFaults } from '../../../src/engine/wire/import-lines.ts';
import { framed, framesIn, pageToBodies } from '../../../src/engine/wire/remote-write-frames.ts';

const seed = Number(process.env['MON_TEST_SEED'] ?? 91);
const random = seededRandom(seed);

function below(n: number): number {
  return Math.floor(random() * n);
}

const ODD = [0x7ff0000000000002n, 0xfff8000000000001n, 0x8000000000000000n, 0x7ff0000000000000n];
const TEXTS = ['a', '', 'x,y', '"', '\n', 'ü|\\', '__proto__', '\u0000', 'line\r\nbreak'];

function randomPage(): ExportPage {
  const labels: string[][] = [];
  const from = [0];
  for (let r = 0; r <= below(4); r++) {
    const pairs = new Map<string, string>([['__name__', `m${r}`]]);
    for (let i = 0; i < below(4); i++) {
      const value = TEXTS[below(TEXTS.length)];
      if (value !== '') pairs.set(`l${TEXTS[below(TEXTS.length)]}`, value);
    }
    labels.push([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)).flat());
    from.push(from[r] + 1 + below(5000));
  }
  const total = from[from.length - 1];
  const values = Float64Array.from({ length: total }, () => (random() - 0.5) * 10 ** below(300));
  const bits = new BigUint64Array(values.buffer);
  for (let i = 0; i < total; i += 17) bits[i] = ODD[below(ODD.length)];
  const timestamps = Float64Array.from({ length: total }, (_, i) => 1_700_000_000_000 + i * 7);
  const bodies = Array.from({ length: total }, () =>
    below(50) === 0 ? Uint8Array.from({ length: 1 + below(9) }, () => below(256)) : undefined,
  );
  return { labels, from: Uint32Array.from(from), timestamps, values, bodies };
}

function joined(bodies: Iterable<Uint8Array>): Buffer {
  return Buffer.concat([...bodies]);
}

test('what an export wrote comes back to the bit', () => {
  for (let round = 0; round < 30; round++) {
    const page = randomPage();
    const expected = joined(pageToBodies(page, Infinity));
    for (const [format, write] of [
      ['csv', csvText],
      ['jsonl', jsonLines],
    ] as const) {
      const faults: LineFaults = { lines: 0, examples: [] };
      const text = [...write(page)].join('');
      const found = joined(linesToBodies(text, format, Infinity, faults));
      assert.deepEqual(faults, { lines: 0, examples: [] }, `seed ${seed}, ${format}`);
      assert.ok(found.equals(expected), `seed ${seed}, round ${round}, ${format}`);
    }
  }
});

test('a file of bodies is read as it was written, and nothing else is', () => {
  const bodies = Array.from({ length: 5 }, () =>
    Uint8Array.from({ length: 1 + below(100) }, () => below(256)),
  );
  const file = joined(bodies.map(framed));
  assert.deepEqual(
    [...framesIn(file)].map((one) => Buffer.from(one)),
    bodies.map((one) => Buffer.from(one)),
  );
  for (let cut = 1; cut < file.length; cut++) {
    try {
      for (const one of framesIn(file.subarray(0, cut))) assert.ok(one.length > 0);
    } catch (thrown) {
      assert.ok(thrown instanceof MonError && thrown.code === 'MON_BODY_MALFORMED');
    }
  }
});

test('lines of any kind are taken or told, never thrown on', () => {
  const page = randomPage();
  for (const format of ['csv', 'jsonl'] as const) {
    const good = [...(format === 'csv' ? csvText(page) : jsonLines(page))].join('').slice(0, 3000);
    for (let round = 0; round < 500; round++) {
      const bytes = Buffer.from(good);
      for (let i = 0; i < 1 + below(8); i++) bytes[below(bytes.length)] = below(256);
      const faults: LineFaults = { lines: 0, examples: [] };
      let size = 0;
      for (const body of linesToBodies(bytes.toString('utf8'), format, 100, faults)) {
        size += body.length;
      }
      assert.ok(size >= 0 && faults.examples.length <= 5);
    }
  }
});

test('VictoriaMetrics writes its lines so', () => {
  const line =
    '{"metric":{"__name__":"up","job":"node"},"values":[1,0,null],"timestamps":[1,2,3]}\n';
  const faults: LineFaults = { lines: 0, examples: [] };
  assert.equal([...linesToBodies(line, 'jsonl', 100, faults)].length, 1);
  assert.deepEqual(faults, { lines: 0, examples: [] });
});
