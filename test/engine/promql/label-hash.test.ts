// XXH64 against published vectors, and the share of a label set: what limit_ratio chooses by has
// to be what Prometheus chooses by.
import assert from 'node:assert/strict';
import test from 'node:test';
import { labelShare, xxh64 } from '../../../src/engine/promql/label-hash.ts';

const VECTORS: readonly (readonly [string, bigint])[] = [
  ['', 0xef46db3751d8e999n],
  ['a', 0xd24ec4f1a98c6e5bn],
  ['abc', 0x44bc2cf5ad770999n],
  ['123456789', 0x8cb841db40e6ae83n],
  ['The quick brown fox jumps over the lazy dog', 0x0b242d361fda71bcn],
];

test('published vectors of XXH64', () => {
  for (const [text, hash] of VECTORS) assert.equal(xxh64(Buffer.from(text)), hash, text);
});

test('shares are spread evenly and belong to the set', () => {
  let low = 0;
  for (let i = 0; i < 2000; i++) {
    const share = labelShare(['__name__', 'm', 'i', String(i)]);
    assert.ok(share >= 0 && share <= 1);
    if (share < 0.25) low++;
  }
  assert.ok(low > 430 && low < 570, `${low} of 2000 in the first quarter`);
  const long = 'x'.repeat(300);
  assert.equal(labelShare(['a', long]), labelShare(['a', long]));
  assert.notEqual(labelShare(['a', long]), labelShare(['a', `${long}x`]));
});
