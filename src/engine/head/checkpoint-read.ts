// Reads a checkpoint into a fresh head. Every section is checked before it is used, the end must be
// there and must agree: a torn or altered file is refused as a whole. Easy to get wrong: the pairs'
// old numbers are not their new ones.
import { MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { MetadataEntry } from '../model/batch.ts';
import {
  END_BODY,
  HEAD_BODY,
  MAGIC,
  MAGIC_BYTES,
  SECTION,
  SECTION_HEADER,
  sectionCrc,
  VERSION,
} from './checkpoint-layout.ts';
import type { Epochs } from './epochs.ts';
import type { HeadHistograms } from './head-histograms.ts';
import { HEAD_SAMPLES, HEAD_SERIES_LIVE } from './head-fields.ts';
import { scratchOf } from './scratch.ts';

/** The fresh head that a checkpoint is read into. */
export interface CheckpointTarget {
  readonly head: number;
  readonly epochs: Epochs;
  readonly metadata: Map<string, MetadataEntry>;
  readonly histograms: HeadHistograms;
}

interface Section {
  readonly kind: number;
  readonly body: Uint8Array;
}

/** More pairs than any head has, so that a wrong number cannot ask for gigabytes. */
const PAIRS_MAX = 1 << 28;

function corrupt(words: string): MonError {
  return new MonError('MON_CHECKPOINT_CORRUPT', `the checkpoint cannot be used: ${words}`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function* sectionsOf(bytes: Uint8Array): Iterable<Section> {
  const view = viewOf(bytes);
  const version = bytes[MAGIC_BYTES - 1];
  const known = version === VERSION.floats || version === VERSION.histograms;
  if (!known || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw corrupt('it does not begin as version 1 or 2 does');
  }
  let at = MAGIC_BYTES;
  while (at < bytes.length) {
    if (bytes.length - at < SECTION_HEADER) throw corrupt('it ends within a section');
    const kind = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    if (length > bytes.length - at - SECTION_HEADER) throw corrupt('it ends within a section');
    const body = bytes.subarray(at + SECTION_HEADER, at + SECTION_HEADER + length);
    if (sectionCrc(bytes.subarray(at, at + 8), body) !== view.getUint32(at + 8, true)) {
      throw corrupt(`the checksum of the section at byte ${at} is wrong`);
    }
    if (kind === SECTION.histograms && version < VERSION.histograms) {
      throw corrupt('it has histograms, which version 1 has not');
    }
    yield { kind, body };
    at += SECTION_HEADER + length;
  }
}

/** Reads one checkpoint; `make` is called with the header and answers the head to be filled. */
export function readCheckpoint(
  kernels: Kernels,
  bytes: Uint8Array,
  make: (partition: number, floorMs: number) => CheckpointTarget,
): void {
  const sections = sectionsOf(bytes)[Symbol.iterator]();
  const first = sections.next();
  if (first.done || first.value.kind !== SECTION.head || first.value.body.length !== HEAD_BODY) {
    throw corrupt('its header is not there');
  }
  const view = viewOf(first.value.body);
  const pairs = view.getUint32(8, true);
  const floorMs = view.getFloat64(16, true);
  if (pairs > PAIRS_MAX) throw corrupt('it has too many label pairs');
  if (floorMs !== -Infinity && !Number.isSafeInteger(floorMs))
    throw corrupt('its floor is no time');
  const target = make(view.getUint32(0, true), floorMs);
  const reader = new CheckpointReader(kernels, target, pairs);
  try {
    reader.readAll({ [Symbol.iterator]: () => sections }, view.getUint32(4, true));
  } finally {
    reader.close();
  }
}

class CheckpointReader {
  readonly #kernels: Kernels;
  readonly #target: CheckpointTarget;
  readonly #pairs: number;
  /** New number + 1 of each old pair. */
  readonly #pairMap: number;

  constructor(kernels: Kernels, target: CheckpointTarget, pairs: number) {
    this.#kernels = kernels;
    this.#target = target;
    this.#pairs = pairs;
    this.#pairMap = kernels.exports.alloc(pairs * 4) >>> 0;
    kernels.bytes.fill(0, this.#pairMap, this.#pairMap + pairs * 4);
    kernels.exports.loadMap(this.#pairMap, pairs);
  }

  close(): void {
    this.#kernels.exports.free(this.#pairMap, this.#pairs * 4);
  }

  readAll(sections: Iterable<Section>, nextId: number): void {
    const { exports } = this.#kernels;
    const { head } = this.#target;
    let count = 1;
    let ended = false;
    let reserved = false;
    for (const { kind, body } of sections) {
      if (ended) throw corrupt('something follows its end');
      if (kind === SECTION.refs && !reserved) {
        reserved = exports.headReserve(head, nextId) !== 0;
        if (!reserved) throw corrupt('its series have numbers that were not given');
      }
      if (kind === SECTION.pairs) this.#readPairs(body);
      else if (kind === SECTION.series) this.#readSeries(body);
      else if (kind === SECTION.refs) this.#readRefs(body);
      else if (kind === SECTION.metadata) this.#readMetadata(body);
      else if (kind === SECTION.histograms) this.#readHistograms(body);
      else if (kind === SECTION.end) this.#checkEnd(body, count);
      else throw corrupt(`it has a section of unknown kind ${kind}`);
      ended = kind === SECTION.end;
      count++;
    }
    if (!ended) throw corrupt('its end is missing');
    if (!reserved && exports.headReserve(head, nextId) === 0) {
      throw corrupt('its series have numbers that were not given');
    }
  }

  #copyIn(body: Uint8Array): number {
    const at = scratchOf(this.#kernels).room(body.length);
    this.#kernels.bytes.set(body, at);
    return at;
  }

  #readPairs(body: Uint8Array): void {
    const { exports } = this.#kernels;
    const at = this.#copyIn(body);
    const { head } = this.#target;
    if (exports.headLoadPairs(head, at, body.length) === 0) {
      throw corrupt('a label pair is malformed');
    }
  }

  #readSeries(body: Uint8Array): void {
    const { exports } = this.#kernels;
    const at = this.#copyIn(body);
    const { head } = this.#target;
    if (exports.headLoad(head, at, body.length) < 0) {
      throw corrupt('a series or one of its chunks is malformed');
    }
  }

  #readRefs(body: Uint8Array): void {
    if (body.length < 8 || body.length % 8 !== 0) throw corrupt('its refs are malformed');
    const epoch = viewOf(body).getFloat64(0, true);
    if (!Number.isSafeInteger(epoch)) throw corrupt('an epoch is no number');
    const { head, epochs } = this.#target;
    const map = epochs.mapOf(epoch);
    const at = this.#copyIn(body);
    if (this.#kernels.exports.refsLoad(head, map, at + 8, (body.length - 8) / 8) === 0) {
      throw corrupt('a ref stands for a series that is not there');
    }
  }

  #readHistograms(body: Uint8Array): void {
    const wrong = this.#target.histograms.load(body);
    if (wrong !== undefined) throw corrupt(wrong);
  }

  #readMetadata(body: Uint8Array): void {
    let entries: unknown;
    try {
      entries = JSON.parse(Buffer.from(body).toString('utf8'));
    } catch {
      throw corrupt('its metadata is not JSON');
    }
    if (!Array.isArray(entries)) throw corrupt('its metadata is no list');
    for (const entry of entries as Record<string, unknown>[]) {
      const { family, type, help, unit } = entry ?? {};
      if (![family, type, help, unit].every((text) => typeof text === 'string')) {
        throw corrupt('an entry of its metadata is malformed');
      }
      this.#target.metadata.set(family as string, entry as unknown as MetadataEntry);
    }
  }

  #checkEnd(body: Uint8Array, count: number): void {
    const { head } = this.#target;
    const words = this.#kernels.u32;
    const samples =
      words[(head + HEAD_SAMPLES) / 4] + words[(head + HEAD_SAMPLES) / 4 + 1] * 2 ** 32;
    const view = viewOf(body);
    if (
      body.length !== END_BODY ||
      view.getUint32(0, true) !== count ||
      view.getUint32(4, true) !== words[(head + HEAD_SERIES_LIVE) / 4] ||
      view.getFloat64(8, true) !== samples
    ) {
      throw corrupt('its parts do not add up');
    }
  }
}
