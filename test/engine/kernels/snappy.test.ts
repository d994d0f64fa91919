// The snappy kernel against the library of that name: whatever it compresses comes out again, and
// damaged or random blocks are refused or make the told number of bytes, within their piece.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import snappy from 'snappy';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SnappyBlocks } from '../../../src/engine/kernels/snappy.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';

/** Where the elements begin: behind a varint. */
function elementsAt(block: Uint8Array): number {
  let i = 0;
  while (block[i] >= 0x80) i++;
  return i + 1;
}

/** Bytes with runs, repeats near and far, and noise. */
function someBytes(random: Random, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const run = Math.min(size - at, 1 + Math.floor(random() * 200));
    const kind = random();
    if (kind < 0.3) {
      for (let i = 0; i < run; i++) out[at + i] = Math.floor(random() * 256);
    } else if (kind < 0.5) {
      out.fill(Math.floor(random() * 256), at, at + run);
    } else if (at > 0) {
      const back = 1 + Math.floor(random() * Math.min(at, random() < 0.5 ? 20 : at));
      for (let i = 0; i < run; i++) out[at + i] = out[at + i - back];
    }
    at += run;
  }
  return out;
}

function inflate(blocks: SnappyBlocks, kernels: Kernels, block: Uint8Array, size: number) {
  const at = blocks.inflate(block, elementsAt(block), size);
  return at < 0 ? undefined : kernels.bytes.slice(at, at + size);
}

test('what the library compressed comes out again', () => {
  const kernels = new Kernels();
  const blocks = new SnappyBlocks(kernels);
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed);
    const bytes = someBytes(random, Math.floor(random() ** 3 * 300_000));
    const block = snappy.compressSync(Buffer.from(bytes)) as Buffer;
    assert.deepEqual(inflate(blocks, kernels, block, bytes.length), bytes, `seed ${seed}`);
    if (bytes.length > 0) {
      assert.equal(inflate(blocks, kernels, block, bytes.length - 1), undefined, `seed ${seed}`);
    }
    assert.equal(inflate(blocks, kernels, block, bytes.length + 1), undefined, `seed ${seed}`);
  }
});

test('damaged blocks never write outside their piece', () => {
  const kernels = new Kernels();
  const blocks = new SnappyBlocks(kernels);
  const size = 4000;
  const guards: { at: number; bytes: Uint8Array }[] = [];
  for (let seed = 0; seed < 3000; seed++) {
    const random = seededRandom(seed);
    const block =
      seed % 3 === 0
        ? Uint8Array.from({ length: Math.floor(random() * 300) }, () => random() * 256)
        : new Uint8Array(snappy.compressSync(Buffer.from(someBytes(random, size))) as Buffer);
    for (let i = 0; i < 5 && block.length > 3; i++) {
      block[3 + Math.floor(random() * (block.length - 3))] = Math.floor(random() * 256);
    }
    if (seed === 0) {
      blocks.inflate(new Uint8Array(1 << 17), 0, 1 << 17);
      const at = kernels.put(new Uint8Array(4096).fill(0xa5));
      guards.push({ at, bytes: kernels.bytes.slice(at, at + 4096) });
    }
    const at = blocks.inflate(block, 0, size);
    assert.ok(at === -1 || at > 0);
    for (const guard of guards) {
      const now = kernels.bytes.subarray(guard.at, guard.at + 4096);
      assert.ok(
        now.every((b) => b === 0xa5),
        `seed ${seed}`,
      );
    }
  }
});
