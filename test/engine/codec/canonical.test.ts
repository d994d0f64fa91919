// Identity: the frozen vectors of docs/format/identity.md, the way there and back, and that
// corrupt bytes are refused by name.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  canonicalBound,
  canonicalOf,
  compareUtf8,
  labelsOf,
  metricNameIn,
} from '../../../src/engine/codec/canonical.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { labelValue, makeLabels, NAME } from '../../../src/engine/model/labels.ts';
import { partitionOf, shardOf } from '../../support/partition.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { projectRoot } from '../../support/project.ts';
import { below, mutated, randomBytes, randomLabels } from '../../support/random-labels.ts';

/** One vector of the page: labels as JSON, canonical bytes and hash in hex, virtual shard. */
const VECTOR = new RegExp(
  String.raw`^labels {4}(?<labels>\[.*\])\nbytes {5}(?<bytes>[0-9a-f]*)\n` +
    String.raw`hash {6}(?<hash>[0-9a-f]{16})\nshard {5}(?<shard>\d+)$`,
  'gm',
);

test('the vectors of docs/format/identity.md', () => {
  const page = readFileSync(join(projectRoot, 'docs/format/identity.md'), 'utf8');
  const kernels = new Kernels();
  let count = 0;
  for (const { groups } of page.matchAll(VECTOR)) {
    assert.ok(groups);
    const labels = JSON.parse(groups['labels']) as string[];
    const bytes = canonicalOf(labels);
    assert.equal(Buffer.from(bytes).toString('hex'), groups['bytes']);
    assert.deepEqual(labelsOf(bytes), labels);
    const at = kernels.put(bytes);
    const high = kernels.exports.hashHigh(at, bytes.length) >>> 0;
    const low = kernels.exports.hashLow(at, bytes.length) >>> 0;
    const hash = high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
    assert.equal(hash, groups['hash']);
    assert.equal(shardOf(high), Number(groups['shard']));
    assert.equal(partitionOf(shardOf(high), 24), Number(groups['shard']) % 24);
    count++;
  }
  assert.ok(count >= 5, `${count} vectors on the page`);
});

test('label sets come back as they were', () => {
  const random = seededRandom(6);
  for (let i = 0; i < 5000; i++) {
    const labels = randomLabels(random);
    const bytes = canonicalOf(labels);
    assert.ok(bytes.length <= canonicalBound(labels));
    assert.deepEqual(labelsOf(bytes), labels);
  }
});

test('the name of the metric is found without reading the other labels', () => {
  const random = seededRandom(8);
  for (let i = 0; i < 3000; i++) {
    const all = randomLabels(random);
    const at = all.indexOf(NAME);
    const labels = random() < 0.2 ? all.toSpliced(at, 2) : all;
    const name = metricNameIn(canonicalOf(labels));
    const text = name === undefined ? undefined : Buffer.from(name).toString();
    assert.equal(text, labelValue(labels, NAME) || undefined);
  }
});

test('names are sorted by their UTF-8 bytes, not by UTF-16 units', () => {
  const labels = makeLabels([
    ['__name__', 'm'],
    ['\uffee', 'behind as a unit, before as bytes'],
    ['𝔘', 'before as a unit, behind as bytes'],
  ]);
  assert.deepEqual([labels[2], labels[4]], ['𝔘', '\uffee']);
  const text = Buffer.from(canonicalOf(labels));
  assert.ok(text.indexOf('\uffee') < text.indexOf('𝔘'));
  assert.deepEqual(labelsOf(text), labels);
});

test('compareUtf8 is the order of the encoded bytes', () => {
  const random = seededRandom(7);
  const units = ['', 'a', 'b', 'é', '\ud7ff', '\ue000', '\uffff', '𝔘', '👩'];
  const text = (): string => Array.from({ length: 3 }, () => units[below(random, 9)]).join('');
  for (let i = 0; i < 3000; i++) {
    const [a, b] = [text(), text()];
    const byBytes = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.equal(Math.sign(compareUtf8(a, b)), byBytes, `${a} ${b}`);
  }
});

test('empty values are left out', () => {
  assert.deepEqual(
    canonicalOf(['__name__', 'm', 'a', '', 'b', '1']),
    canonicalOf(['__name__', 'm', 'b', '1']),
  );
});

test('corrupt bytes are decoded or refused, nothing else', () => {
  const random = seededRandom(8);
  for (let i = 0; i < 20_000; i++) {
    const bytes =
      random() < 0.3
        ? randomBytes(random, below(random, 30))
        : mutated(random, canonicalOf(randomLabels(random)));
    try {
      labelsOf(bytes);
    } catch (failure) {
      assert.ok(failure instanceof MonError && failure.code === 'MON_RECORD_MALFORMED');
    }
  }
});
