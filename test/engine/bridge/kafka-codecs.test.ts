// The checksum and the compressions of record batches: against kafkajs' own checksum, there and
// back at many lengths, both framings of snappy, and bytes that are nobody's.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import snappy from 'snappy';
import { crc32c } from '../../../src/engine/bridge/crc32c.ts';
import { CODEC, COMPRESSIONS } from '../../../src/engine/bridge/kafka-codecs.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const require = createRequire(import.meta.url);
const theirs = require('kafkajs/src/protocol/recordBatch/crc32C/crc32C') as (b: Buffer) => number;
const SEED = 7;
const random = seededRandom(SEED);

function someBytes(length: number): Buffer {
  const words = Math.floor(random() * 200) + 1;
  return Buffer.from(Array.from({ length }, (_, i) => ((i % words) * 37) & 0xff));
}

test('crc32c: the check value of its definition, and what kafkajs says', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  for (let length = 0; length < 300; length++) {
    const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
    assert.equal(crc32c(bytes), theirs(bytes) >>> 0, `seed ${SEED}, ${length} bytes`);
  }
});

for (const [name, number] of Object.entries(CODEC)) {
  const make = COMPRESSIONS.get(number);
  if (make === undefined) continue;
  test(`${name}: there and back`, async () => {
    const codec = make();
    for (const length of [1, 2, 100, 32_767, 32_768, 32_769, 65_536, 300_000]) {
      const bytes = someBytes(length);
      const packed = await codec.compress({ buffer: bytes });
      assert.ok(bytes.equals(await codec.decompress(packed)), `seed ${SEED}, ${length} bytes`);
    }
  });

  test(`${name}: damaged bytes are the data’s fault and nothing worse`, async () => {
    const codec = make();
    const packed = await codec.compress({ buffer: someBytes(5000) });
    for (let i = 0; i < 500; i++) {
      const bad = Buffer.from(packed.subarray(0, 1 + Math.floor(random() * packed.length)));
      for (let k = 0; k < 3; k++) {
        bad[Math.floor(random() * bad.length)] = Math.floor(random() * 256);
      }
      try {
        await codec.decompress(bad);
      } catch (thrown) {
        const words = `seed ${SEED}, try ${i}: ${String(thrown)}`;
        assert.ok(thrown instanceof MonError && thrown.code === 'MON_RECORD_MALFORMED', words);
      }
    }
  });
}

test('snappy: a bare block, as librdkafka writes it', async () => {
  const bytes = someBytes(70_000);
  const codec = COMPRESSIONS.get(CODEC.snappy)?.();
  const block = snappy.compressSync(bytes) as Buffer;
  assert.ok(bytes.equals((await codec?.decompress(block)) ?? Buffer.alloc(0)));
});

test('snappy: a block that claims gigabytes is refused unread', async () => {
  const codec = COMPRESSIONS.get(CODEC.snappy)?.();
  const bomb = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
  await assert.rejects(async () => codec?.decompress(bomb), /not valid snappy/);
});
