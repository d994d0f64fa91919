// Blocks of our snappy writer read by the native library: random bytes, text, runs, remote-write
// bodies, lengths around the edges of its forms; and that it makes them small.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compressSync, uncompressSync } from 'snappy';
import { snappyBound, SnappyWriter } from '../../../src/engine/codec/snappy-write.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { fleetBodies } from '../../support/rwload.ts';

function check(writer: SnappyWriter, bytes: Uint8Array, what: string): number {
  const block = writer.compress(bytes);
  assert.ok(block.length <= snappyBound(bytes.length), what);
  const back = uncompressSync(Buffer.from(block)) as Buffer;
  assert.equal(Buffer.compare(back, bytes), 0, what);
  return block.length;
}

test('what was written is read again, whatever it is', () => {
  const writer = new SnappyWriter();
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const length = Math.floor(random() ** 3 * 200_000);
    const letters = 1 + Math.floor(random() ** 2 * 255);
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length;) {
      // Now and then a piece of what was there before, near or far, also over itself.
      const back = i === 0 || random() < 0.7 ? 0 : 1 + Math.floor(random() * Math.min(i, 70_000));
      const run = 1 + Math.floor(random() ** 4 * 300);
      for (let left = run; left > 0 && i < length; left--, i++) {
        bytes[i] = back > 0 ? bytes[i - back] : Math.floor(random() * letters);
      }
    }
    check(writer, bytes, `seed ${seed}`);
  }
});

test('lengths around the edges of the forms', () => {
  const writer = new SnappyWriter();
  for (const length of [0, 1, 14, 15, 16, 59, 60, 61, 255, 256, 257, 65_535, 65_536, 65_537]) {
    const same = new Uint8Array(length).fill(7);
    const different = Uint8Array.from({ length }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
    check(writer, same, `${length} alike`);
    check(writer, different, `${length} different`);
  }
});

test('remote-write bodies come out as small as from the library', () => {
  const writer = new SnappyWriter();
  for (const body of fleetBodies({ hosts: 20, steps: 1, per: 500, endMs: 1_700_000_000_000 })) {
    const ours = check(writer, body, 'a body');
    const theirs = (compressSync(body) as Buffer).length;
    assert.ok(ours < theirs * 1.1, `${ours} bytes, the library needs ${theirs}`);
  }
});
