// Opens a log record: checks its frame, decodes its columns into kernel memory. The bytes may
// come from a torn disk, another version or an enemy: whatever they are, the answer is a record
// or MON_RECORD_MALFORMED, with memory bounded by the record's own length and limits.ts.
import type { Kernels } from '../kernels/kernels.ts';
import { RECORD_BYTES_MAX, RECORD_UNFOLDED_BYTES_MAX } from '../limits.ts';
import type { ExemplarColumns, HistogramColumns, MetadataEntry, Tick } from '../model/batch.ts';
import { LATENESS } from '../model/sample.ts';
import type { Lateness } from '../model/sample.ts';
import {
  Area,
  MUST_UNDERSTAND,
  RECORD_HEAD_BYTES,
  RECORD_VERSION,
  SECTION,
  SECTION_HEAD_BYTES,
} from './batch-layout.ts';
import type { OpenRecord } from './record.ts';
import { recordMalformed, RecordReader } from './record-bytes.ts';

/** A section's place in kernel memory. */
interface Place {
  readonly at: number;
  readonly end: number;
}

const KNOWN = new Set<number>(Object.values(SECTION));
const NO_HISTOGRAMS: HistogramColumns = {
  refs: new Uint32Array(0),
  timestamps: new Float64Array(0),
  bodies: [],
};
const NO_EXEMPLARS: ExemplarColumns = {
  refs: new Uint32Array(0),
  timestamps: new Float64Array(0),
  values: new Float64Array(0),
  labels: [],
};

export class BatchReader {
  readonly #kernels: Kernels;
  readonly #record: Area;
  readonly #floats: Area;
  readonly #definitions: Area;
  readonly #side: Area;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
    this.#record = new Area(kernels);
    this.#floats = new Area(kernels);
    this.#definitions = new Area(kernels);
    this.#side = new Area(kernels);
  }

  open(record: Uint8Array): OpenRecord {
    if (record.length < RECORD_HEAD_BYTES || record.length > RECORD_BYTES_MAX) {
      throw recordMalformed(`${record.length} bytes are not the size of a record`, 0);
    }
    // The kernels load whole words, so a word behind the record must be readable.
    const at = this.#record.room(record.length + 8);
    this.#kernels.bytes.set(record, at);
    const view = new DataView(this.#kernels.memory.buffer, at, record.length);
    const version = view.getUint8(0);
    if (version !== RECORD_VERSION) throw recordMalformed(`version ${version} is unknown`, 0);
    const lateness = view.getUint8(1);
    if (lateness > LATENESS.held) throw recordMalformed(`lateness class ${lateness} is unknown`, 1);
    const receivedMs = Number(view.getBigInt64(16, true));
    if (!Number.isSafeInteger(receivedMs)) throw recordMalformed('no receive time', 16);
    const head = {
      epoch: view.getUint32(4, true),
      sequence: view.getUint32(8, true),
      partition: view.getUint16(2, true),
      receivedMs,
      lateness: lateness as Lateness,
    };
    const sections = sectionsOf(view, at);
    return { ...head, ...this.#columns(sections), ...this.#rest(sections) };
  }

  /** Definitions and float samples. */
  #columns(sections: ReadonlyMap<number, Place>) {
    const { definitionCount, definitionsAt } = this.#readDefinitions(
      sections.get(SECTION.definitions),
    );
    const floats = this.#readFloats(sections.get(SECTION.floats), sections.get(SECTION.starts));
    return {
      ...floats,
      definitionCount,
      definitionsAt,
      forEachDefinition: (call: (ref: number, canonical: Uint8Array) => void): void => {
        for (let i = 0; i < definitionCount; i++) {
          const row = (definitionsAt >>> 2) + i * 3;
          const [ref, at, length] = this.#kernels.u32.subarray(row, row + 3);
          call(ref, this.#kernels.bytes.subarray(at, at + length));
        }
      },
    };
  }

  #rest(sections: ReadonlyMap<number, Place>) {
    const histograms = this.#readHistograms(sections.get(SECTION.histograms));
    const exemplars = this.#readExemplars(sections.get(SECTION.exemplars));
    const tick = this.#readTick(sections.get(SECTION.tick));
    return {
      metadata: this.#readMetadata(sections.get(SECTION.metadata)),
      ...(tick === undefined ? {} : { tick }),
      histogramCount: histograms.refs.length,
      histograms: () => histograms,
      exemplarCount: exemplars.refs.length,
      exemplars: () => exemplars,
    };
  }

  #countWord(place: Place): number {
    if (place.end - place.at < 4) throw recordMalformed('a section has no count', place.at);
    return new DataView(this.#kernels.memory.buffer).getUint32(place.at, true);
  }

  /** A section's count, bounded by its bytes: each thing takes half a byte at least. */
  #count(place: Place): number {
    const count = this.#countWord(place);
    if (count === 0 || count > (place.end - place.at) * 2) {
      throw recordMalformed(`${count} things in ${place.end - place.at} bytes`, place.at);
    }
    return count;
  }

  #readDefinitions(place: Place | undefined) {
    if (place === undefined) return { definitionCount: 0, definitionsAt: 0 };
    const x = this.#kernels.exports;
    const count = this.#count(place);
    const end = x.checkDefinitions(place.at + 4, place.end, count) >>> 0;
    if (end !== place.end) throw recordMalformed('bad definitions', place.at);
    const bytes = x.unfoldedBytes();
    if (bytes > RECORD_UNFOLDED_BYTES_MAX) throw recordMalformed('endless labels', place.at);
    const table = this.#definitions.room(count * 12 + bytes + 8);
    if (!x.readDefinitions(place.at + 4, count, table, table + count * 12)) {
      throw recordMalformed('labels that are not canonical', place.at);
    }
    return { definitionCount: count, definitionsAt: table };
  }

  #readFloats(place: Place | undefined, starts: Place | undefined) {
    const none = { floatCount: 0, refsAt: 0, timestampsAt: 0, valuesAt: 0 };
    if (place === undefined) {
      if (starts !== undefined) throw recordMalformed('starts without samples', starts.at);
      return none;
    }
    const x = this.#kernels.exports;
    const count = this.#count(place);
    const wide = count * 8;
    const valuesAt = this.#floats.room(count * 28);
    const timestampsAt = valuesAt + wide;
    const startsAt = timestampsAt + wide;
    const refs = startsAt + wide;
    let at = x.readRefs(place.at + 4, place.end, count, refs) >>> 0;
    if (at !== 0) at = x.readTimes(at, place.end, count, timestampsAt) >>> 0;
    if (at !== 0) at = x.readValues(at, place.end, count, valuesAt) >>> 0;
    if (at !== place.end) throw recordMalformed('bad float columns', place.at);
    const floats = { floatCount: count, refsAt: refs, timestampsAt, valuesAt };
    if (starts === undefined) return floats;
    if (this.#countWord(starts) !== count) throw recordMalformed('not a start each', starts.at);
    const end = x.readTimes(starts.at + 4, starts.end, count, startsAt) >>> 0;
    if (end !== starts.end) throw recordMalformed('bad start column', starts.at);
    return { ...floats, startsAt };
  }

  /** Copies of `count` refs and timestamps from `at` on, and the place behind them. */
  #sideColumns(place: Place, count: number) {
    const x = this.#kernels.exports;
    const times = this.#side.room(count * 20);
    const refs = times + count * 16;
    let at = x.readRefs(place.at + 4, place.end, count, refs) >>> 0;
    if (at !== 0) at = x.readTimes(at, place.end, count, times) >>> 0;
    if (at === 0) throw recordMalformed('bad columns', place.at);
    return {
      at,
      refs: this.#kernels.u32.slice(refs >>> 2, (refs >>> 2) + count),
      timestamps: this.#kernels.f64.slice(times >>> 3, (times >>> 3) + count),
    };
  }

  #blobs(at: number, end: number, count: number): Uint8Array[] {
    const reader = new RecordReader(this.#kernels.bytes, at, end);
    const blobs: Uint8Array[] = [];
    for (let i = 0; i < count; i++) blobs.push(reader.bytes(reader.varint()));
    reader.done();
    return blobs;
  }

  #readHistograms(place: Place | undefined): HistogramColumns {
    if (place === undefined) return NO_HISTOGRAMS;
    const count = this.#count(place);
    const { at, refs, timestamps } = this.#sideColumns(place, count);
    return { refs, timestamps, bodies: this.#blobs(at, place.end, count) };
  }

  #readExemplars(place: Place | undefined): ExemplarColumns {
    if (place === undefined) return NO_EXEMPLARS;
    const count = this.#count(place);
    const { at, refs, timestamps } = this.#sideColumns(place, count);
    const into = this.#side.at + count * 8;
    const end = this.#kernels.exports.readValues(at, place.end, count, into) >>> 0;
    if (end === 0) throw recordMalformed('bad values', place.at);
    // By bytes, not by elements: a NaN keeps its bits.
    const values = new Float64Array(this.#kernels.bytes.slice(into, into + count * 8).buffer);
    return { refs, timestamps, values, labels: this.#blobs(end, place.end, count) };
  }

  #readMetadata(place: Place | undefined): MetadataEntry[] {
    if (place === undefined) return [];
    const count = this.#count(place);
    const reader = new RecordReader(this.#kernels.bytes, place.at + 4, place.end);
    const entries: MetadataEntry[] = [];
    for (let i = 0; i < count; i++) {
      const [family, type, help] = [reader.text(), reader.text(), reader.text()];
      entries.push({ family, type, help, unit: reader.text() });
    }
    reader.done();
    return entries;
  }

  #readTick(place: Place | undefined): Tick | undefined {
    if (place === undefined) return undefined;
    if (place.end - place.at !== 16) throw recordMalformed('bad tick', place.at);
    const view = new DataView(this.#kernels.memory.buffer);
    const timeMs = Number(view.getBigInt64(place.at, true));
    const watermarkMs = Number(view.getBigInt64(place.at + 8, true));
    if (!Number.isSafeInteger(timeMs) || !Number.isSafeInteger(watermarkMs)) {
      throw recordMalformed('bad tick', place.at);
    }
    return { timeMs, watermarkMs };
  }
}

/** The sections of a record; `base` is the address of its first byte. */
function sectionsOf(view: DataView, base: number): Map<number, Place> {
  const sections = new Map<number, Place>();
  let last = 0;
  for (let at = RECORD_HEAD_BYTES; at < view.byteLength;) {
    if (view.byteLength - at < SECTION_HEAD_BYTES) throw recordMalformed('cut off', at);
    const tag = view.getUint8(at);
    const length = view.getUint32(at + 1, true);
    const order = tag & ~MUST_UNDERSTAND;
    const from = at + SECTION_HEAD_BYTES;
    if (length > view.byteLength - from) throw recordMalformed('a section is cut off', at);
    if (order <= last) throw recordMalformed('sections out of order', at);
    last = order;
    if (KNOWN.has(tag)) sections.set(tag, { at: base + from, end: base + from + length });
    else if (tag & MUST_UNDERSTAND) {
      throw recordMalformed(`section ${tag} is unknown and must be understood`, at);
    }
    at = from + length;
  }
  if (sections.size === 0) throw recordMalformed('no section', 0);
  return sections;
}
