// Blocks whose bytes were altered behind right checksums, as a fault of the writer or an enemy
// would make them: every decoder of every section refuses or answers, within bounds, and nothing
// else.
// Rerun one seed with BLOCK_SEED=number.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockCache } from '../../../src/engine/codec/block-cache.ts';
import { BlockDirectory } from '../../../src/engine/codec/block-directory.ts';
import {
  CRC_BYTES,
  placedCrc,
  SECTION,
  SECTION_TAIL,
  TRAILER_BYTES,
  viewOf,
  type SectionKind,
} from '../../../src/engine/codec/block-layout.ts';
import { BlockReader } from '../../../src/engine/codec/block-reader.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import type { Matcher } from '../../../src/engine/model/matcher.ts';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { below, pick } from '../../support/random-labels.ts';
import { blockOf, newBuffer, randomSeries, sourceOf } from './naive-block.ts';

const SEEDS = process.env['BLOCK_SEED']
  ? [Number(process.env['BLOCK_SEED'])]
  : Array.from({ length: 1500 }, (_, i) => i + 1);
const ID = new Uint8Array(16).fill(1);

interface Section {
  readonly kind: SectionKind;
  readonly position: number;
  readonly length: number;
}

const kernels = new Kernels();
const series = randomSeries(seededRandom(33), 9, 60);
// Nothing is squeezed, so that what is altered is what the decoders see.
const { file } = blockOf(kernels, series, { pageBytes: 1500, level: 0 });

/** Where the sections lie, the directory among them. */
function sectionsOf(bytes: Uint8Array): Section[] {
  const directory = new BlockDirectory(sourceOf(bytes));
  const out: Section[] = [];
  for (const kind of Object.values(SECTION)) {
    const { count, positions, lengths } = directory.list(kind);
    for (let i = 0; i < count; i++) out.push({ kind, position: positions[i], length: lengths[i] });
  }
  const trailer = viewOf(bytes.subarray(bytes.length - TRAILER_BYTES));
  const [position, length] = [trailer.getFloat64(0, true), trailer.getUint32(8, true)];
  return [...out, { kind: SECTION.directory, position, length }];
}

const sections = sectionsOf(file);

/** Some bytes of one section altered, its checksum made right again. */
function altered(random: Random, kind?: SectionKind): Uint8Array {
  const bytes = Uint8Array.from(file);
  const of = kind === undefined ? sections : sections.filter((one) => one.kind === kind);
  const { kind: section, position, length } = pick(random, of);
  const room = length - SECTION_TAIL;
  for (let n = 1 + below(random, 4); n > 0; n--) {
    const at = position + below(random, room);
    bytes[at] = below(random, 3) === 0 ? pick(random, [0, 0x7f, 0x80, 0xff]) : below(random, 256);
  }
  const end = position + length - CRC_BYTES;
  const crc = placedCrc(ID, { section, position }, bytes.subarray(position, end));
  viewOf(bytes).setUint32(end, crc, true);
  return bytes;
}

const MATCHERS: readonly (readonly Matcher[])[] = [
  [],
  [{ name: '__name__', op: '=~', value: '.+' }],
  [{ name: 'job', op: '!=', value: 'a' }],
];

/** Asks for everything; answers how often that was refused. */
function readAll(bytes: Uint8Array): number {
  let refused = 0;
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.code !== 'MON_BLOCK_CORRUPT') throw thrown;
      refused++;
    }
  };
  attempt(() => {
    const cache = new BlockCache(1 << 22);
    const block = new BlockReader(sourceOf(bytes), { kernels, cache });
    attempt(() => void block.verify());
    for (const matchers of MATCHERS) {
      attempt(() => void block.match(matchers, -Infinity, Infinity));
      attempt(() => void block.labelNames(matchers, -Infinity, Infinity));
      attempt(() => void block.labelValues('job', matchers, -Infinity, Infinity));
    }
    for (let id = 0; id < Math.min(block.series, 100); id++) {
      attempt(() => void block.labels(id));
      attempt(() => void block.read(id, -Infinity, Infinity, newBuffer()));
      attempt(() => void block.readRows(id, -Infinity, Infinity));
      attempt(() => void block.room(id, -Infinity, Infinity));
    }
    block.close();
  });
  return refused;
}

test('altered sections with right checksums are refused or read', (t) => {
  assert.equal(readAll(file), 0);
  const used = kernels.exports.arenaUsedBytes();
  let refused = 0;
  for (const seed of SEEDS) {
    const random = seededRandom(seed);
    try {
      if (readAll(altered(random)) > 0) refused++;
    } catch (thrown) {
      throw new Error(`BLOCK_SEED=${seed}: ${String(thrown)}`, { cause: thrown });
    }
  }
  t.diagnostic(`${refused} of ${SEEDS.length} were refused somewhere`);
  assert.equal(readAll(file), 0, 'the kernels are as before');
  const grown = kernels.exports.arenaUsedBytes() - used;
  assert.ok(grown < 64 << 20, `${grown} bytes of kernel memory were asked for`);
});

test('each kind of section was altered', () => {
  const kinds = new Set(sections.map(({ kind }) => kind));
  for (const kind of kinds) {
    for (let seed = 1; seed <= 40; seed++) readAll(altered(seededRandom(seed * 100 + kind), kind));
  }
  assert.ok(kinds.size >= 9, `${kinds.size} kinds of sections`);
});
