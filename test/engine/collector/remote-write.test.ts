// The walk over remote-write bodies, held against protobufjs: the same samples of the same series
// come out of the log, from valid, odd and mutated bodies; and what is refused leaves nothing
// behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import snappy from 'snappy';
import {
  checkBlock,
  readMetadata,
  snappyLength,
} from '../../../src/engine/collector/remote-write.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { labelsKey } from '../../../src/engine/model/labels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { doorSet, NOW_MS } from '../../support/door-set.ts';
import { sampleLines } from '../../support/log-double.ts';
import { below, mutated, randomBytes, randomLabels } from '../../support/random-labels.ts';
import { oracle, randomBody, type ExpectedSeries } from '../../support/remote-write-oracle.ts';
import { field } from '../../support/write-request.ts';

const RETENTION_MS = 1000 * 3600 * 1000;
const bits = new DataView(new ArrayBuffer(8));

/** The lines that the log must hold for a body, in the form of sampleLines. */
function expectedLines(series: readonly ExpectedSeries[]): string[] {
  const lines: string[] = [];
  for (const { labels, samples } of series) {
    if (labels === undefined) continue;
    for (const { timestampMs, value } of samples) {
      const inside = timestampMs >= NOW_MS - RETENTION_MS && timestampMs <= NOW_MS + 600_000;
      bits.setFloat64(0, value);
      const hex = bits.getBigUint64(0).toString(16);
      if (inside) lines.push(`${labelsKey(labels)} ${timestampMs} ${hex}`);
    }
  }
  return lines.sort();
}

function set() {
  return doorSet({ limits: { retentionMs: RETENTION_MS } });
}

test('valid bodies, plain and odd, say to the log what they say to protobufjs', async () => {
  const seed = 41;
  const random = seededRandom(seed);
  const pool = Array.from({ length: 40 }, () => randomLabels(random));
  const { door, log } = set();
  const all: string[] = [];
  for (let i = 0; i < 2000; i++) {
    const body = randomBody(random, NOW_MS, pool);
    const expected = oracle(body);
    assert.ok(expected, `seed ${seed} body ${i}: ${body.toString('hex')}`);
    const lines = expectedLines(expected);
    const outcome = await door.remoteWrite(snappy.compressSync(body) as Buffer);
    const where = `seed ${seed} body ${i}: ${body.toString('hex')}`;
    assert.equal(outcome.accepted, lines.length, where);
    all.push(...lines);
  }
  assert.deepEqual(sampleLines(log.samples()), all.sort());
});

test('mutated bodies are taken as protobufjs takes them, or refused whole', async () => {
  const seed = 42;
  const random = seededRandom(seed);
  const pool = Array.from({ length: 40 }, () => randomLabels(random));
  const { door, log, book } = set();
  const all: string[] = [];
  const counts = { taken: 0, refused: 0 };
  for (let i = 0; i < 6000; i++) {
    const body = Buffer.from(
      random() < 0.05
        ? randomBytes(random, below(random, 60))
        : mutated(random, randomBody(random, NOW_MS, pool)),
    );
    const where = `seed ${seed} body ${i}: ${body.toString('hex')}`;
    const before = [log.appends, book.series];
    try {
      const outcome = await door.remoteWrite(snappy.compressSync(body) as Buffer);
      const expected = oracle(body);
      assert.ok(expected, `protobufjs refuses: ${where}`);
      const lines = expectedLines(expected);
      assert.equal(outcome.accepted, lines.length, where);
      all.push(...lines);
      counts.taken++;
    } catch (failure) {
      if (!(failure instanceof MonError) || failure.code !== 'MON_BODY_MALFORMED') {
        throw new Error(where, { cause: failure });
      }
      assert.deepEqual([log.appends, book.series], before, where);
      counts.refused++;
    }
  }
  assert.ok(counts.taken > 600 && counts.refused > 1500, JSON.stringify(counts));
  assert.deepEqual(sampleLines(log.samples()), all.sort());
});

const refused: Record<string, string> = {
  'a group': '0b0c',
  'a series that is a varint': '0801',
  'a field number of 0': '0200',
  'an unknown wire type': '0e00',
  'a length past the end': '0a7f',
  'a label past its series': '0a040a7f0a00',
  'a sample past its series': '0a041209 0900'.replace(' ', ''),
  'a varint of eleven bytes': `0a0e120c10${'ff'.repeat(10)}01`,
  'a varint that does not end': '0a0412021080',
  'a label name that is a varint': '0a040a020801',
  'metadata that is a varint': '1801',
};

for (const [what, hex] of Object.entries(refused)) {
  test(`refused whole: ${what}`, async () => {
    const { door, log, book } = set();
    const good = '0a21 0a0d0a085f5f6e616d655f5f12016d 121009 000000000000f03f 1080d095ffbc31';
    const body = Buffer.from(good.replaceAll(' ', '') + hex, 'hex');
    await assert.rejects(
      door.remoteWrite(snappy.compressSync(body) as Buffer),
      (failure) =>
        failure instanceof MonError &&
        failure.code === 'MON_BODY_MALFORMED' &&
        Number(failure.fields['byte']) >= 35,
    );
    assert.deepEqual([log.appends, book.series], [0, 0]);
  });
}

test('what is no snappy block, and what pretends to be a huge one', async () => {
  const { door, log } = set();
  const malformed = [
    [],
    [0x80],
    [5],
    [5, 1, 2],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [3, 0xf0, 0],
  ];
  for (const bytes of malformed) {
    await assert.rejects(
      door.remoteWrite(Uint8Array.from(bytes)),
      (failure) => failure instanceof MonError && failure.code === 'MON_BODY_MALFORMED',
      JSON.stringify(bytes),
    );
  }
  const bomb = snappy.compressSync(Buffer.alloc(65 * 2 ** 20)) as Buffer;
  const large = [bomb, Buffer.alloc(17 * 2 ** 20), Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0)];
  for (const bytes of large) {
    await assert.rejects(
      door.remoteWrite(bytes),
      (failure) => failure instanceof MonError && failure.code === 'MON_BODY_TOO_LARGE',
    );
  }
  assert.equal(log.appends, 0);
});

test('random snappy blocks are refused or tell where they begin and what they make', () => {
  const random = seededRandom(43);
  const text = Buffer.from('label value label value label '.repeat(20));
  for (let i = 0; i < 5000; i++) {
    const block = mutated(random, snappy.compressSync(text) as Buffer);
    try {
      const { elements, size } = checkBlock(block, 1 << 20);
      assert.equal(size, snappyLength(block));
      assert.ok(elements >= 1 && elements <= 5 && block[elements - 1] < 0x80);
    } catch (failure) {
      assert.ok(failure instanceof MonError);
    }
  }
});

test('metadata messages', () => {
  const body = Buffer.concat([
    Buffer.from([8, 1]),
    field(2, Buffer.from('requests_total')),
    field(4, Buffer.from('Requests.')),
    field(5, Buffer.from('')),
  ]);
  const entry = { family: 'requests_total', type: 'counter', help: 'Requests.', unit: '' };
  assert.deepEqual(readMetadata(body, 0, body.length), entry);
  assert.equal(readMetadata(Buffer.from([8, 1]), 0, 2), undefined);
  const odd = Buffer.concat([Buffer.from([8, 99]), field(2, Buffer.from([0x61, 0xff]))]);
  const unknown = { family: 'a\ufffd', type: 'unknown', help: '', unit: '' };
  assert.deepEqual(readMetadata(odd, 0, odd.length), unknown);
});
