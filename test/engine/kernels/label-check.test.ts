// The kernel's yes or no about canonical bytes: it must say yes to exactly what canonicalOf
// writes, for a yes lets bytes become an identity without a second look.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalOf, labelsOf } from '../../../src/engine/codec/canonical.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { labelsKey, NAME } from '../../../src/engine/model/labels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { below, mutated, pick, randomBytes, randomLabels } from '../../support/random-labels.ts';

function withBytes<T>(kernels: Kernels, bytes: Uint8Array, call: (at: number) => T): T {
  const padded = new Uint8Array(bytes.length + 8).fill(0xff);
  padded.set(bytes);
  const at = kernels.put(padded);
  const answer = call(at);
  kernels.exports.free(at, padded.length);
  return answer;
}

function isUtf8(kernels: Kernels, bytes: Uint8Array): boolean {
  return withBytes(kernels, bytes, (at) => kernels.exports.isUtf8(at, bytes.length) !== 0);
}

function isCanonical(kernels: Kernels, bytes: Uint8Array): boolean {
  return withBytes(kernels, bytes, (at) => kernels.exports.isCanonical(at, bytes.length) !== 0);
}

test('UTF-8 is judged as TextDecoder judges it', () => {
  const kernels = new Kernels();
  const random = seededRandom(3);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const leads = [0x41, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0x80, 0x9f, 0xa0, 0xbf];
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: below(random, 24) }, () =>
      random() < 0.7 ? pick(random, leads) : below(random, 256),
    );
    let valid = true;
    try {
      decoder.decode(bytes);
    } catch {
      valid = false;
    }
    assert.equal(isUtf8(kernels, bytes), valid, Buffer.from(bytes).toString('hex'));
  }
});

test('what canonicalOf writes is canonical', () => {
  const kernels = new Kernels();
  const random = seededRandom(4);
  for (let i = 0; i < 3000; i++) {
    const labels = randomLabels(random);
    assert.ok(isCanonical(kernels, canonicalOf(labels)), JSON.stringify(labels));
  }
});

test('what is canonical is what canonicalOf writes', () => {
  const kernels = new Kernels();
  const random = seededRandom(5);
  let yes = 0;
  for (let i = 0; i < 40_000; i++) {
    const bytes =
      random() < 0.1
        ? randomBytes(random, below(random, 40))
        : mutated(random, canonicalOf(randomLabels(random)));
    if (!isCanonical(kernels, bytes)) continue;
    yes++;
    const labels = labelsOf(bytes);
    assert.deepEqual(canonicalOf(labels), bytes, labelsKey(labels));
    assert.ok(labels.includes(NAME));
  }
  assert.ok(yes > 100, `only ${yes} mutations were canonical: the test tests nothing`);
});

test('spellings that mean the same but are not canonical', () => {
  const kernels = new Kernels();
  const hex = (text: string): Uint8Array =>
    Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
  const name = '0a0d 0a08 5f5f6e616d655f5f 1201 6d';
  assert.ok(isCanonical(kernels, hex(name)));
  const odd = {
    'nothing at all': '',
    'no name': '0a06 0a0161 120162',
    'an empty value': `${name} 0a05 0a0161 1200`,
    'no value': `${name} 0a03 0a0161`,
    'value before name': '0a0d 1201 6d 0a08 5f5f6e616d655f5f',
    'a long length': '0a8d00 0a08 5f5f6e616d655f5f 1201 6d',
    'names twice': `${name} ${name}`,
    'names out of order': `${name} 0a06 0a0141 120162`,
    'more in the label': '0a0f 0a08 5f5f6e616d655f5f 1201 6d 1801',
    'cut off': '0a0d 0a08 5f5f6e616d655f5f 1201',
    'a value that is not UTF-8': '0a0d 0a08 5f5f6e616d655f5f 1201 ff',
    'an empty name': `0a05 0a00 120162 ${name}`,
  };
  for (const [what, text] of Object.entries(odd)) {
    assert.ok(!isCanonical(kernels, hex(text)), what);
  }
});
