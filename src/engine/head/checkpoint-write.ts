// Writes a head as a checkpoint, in pieces of about a MiB, each a section of its own. The pieces
// are copies: whoever takes them may keep them.
import type { Kernels } from '../kernels/kernels.ts';
import type { MetadataEntry } from '../model/batch.ts';
import { END_BODY, HEAD_BODY, MAGIC, SECTION, SECTION_HEADER } from './checkpoint-layout.ts';
import { sectionCrc, VERSION } from './checkpoint-layout.ts';
import type { Epochs } from './epochs.ts';
import type { HeadHistograms } from './head-histograms.ts';
import { HEAD_NEXT_ID, HEAD_PAIR_NEXT, HEAD_SAMPLES, HEAD_SERIES_LIVE } from './head-fields.ts';
import { scratchOf } from './scratch.ts';

const PIECE_BYTES = 1024 * 1024;
/** What refsDump says when there are no more. */
const REF_END = 1 << 27;

/** What a checkpoint holds of a head. */
export interface CheckpointSource {
  readonly head: number;
  readonly partition: number;
  readonly floorMs: number;
  readonly epochs: Epochs;
  readonly metadata: ReadonlyMap<string, MetadataEntry>;
  readonly histograms: HeadHistograms;
}

function section(kind: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(SECTION_HEADER + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, kind, true);
  view.setUint32(4, body.length, true);
  out.set(body, SECTION_HEADER);
  view.setUint32(8, sectionCrc(out.subarray(0, 8), body), true);
  return out;
}

function headBody(kernels: Kernels, from: CheckpointSource): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEAD_BODY));
  view.setUint32(0, from.partition, true);
  view.setUint32(4, kernels.u32[(from.head + HEAD_NEXT_ID) / 4], true);
  view.setUint32(8, kernels.u32[(from.head + HEAD_PAIR_NEXT) / 4], true);
  view.setFloat64(16, from.floorMs, true);
  return new Uint8Array(view.buffer);
}

/** Label pairs, without the records of names, which come back with their pairs. */
function* pairBodies(kernels: Kernels, head: number): Iterable<Uint8Array> {
  const { exports } = kernels;
  const end = kernels.u32[(head + HEAD_PAIR_NEXT) / 4];
  const body = new Uint8Array(PIECE_BYTES);
  const view = new DataView(body.buffer);
  let used = 0;
  for (let pair = 0; pair < end; pair++) {
    const at = exports.pairBytes(head, pair) >>> 0;
    if (at === 0 || exports.pairName(head, pair) === pair) continue;
    const length = exports.pairLength(head, pair);
    if (used + 4 + length > PIECE_BYTES) {
      yield body.subarray(0, used);
      used = 0;
    }
    view.setUint32(used, pair, true);
    body.set(kernels.bytes.subarray(at, at + length), used + 4);
    used += 4 + length;
  }
  if (used > 0) yield body.subarray(0, used);
}

function* seriesBodies(kernels: Kernels, head: number): Iterable<Uint8Array> {
  const { exports } = kernels;
  let id = 0;
  let room = PIECE_BYTES;
  for (;;) {
    // The scratch piece may be asked for by others between two pieces.
    const at = scratchOf(kernels).room(room);
    const bytes = exports.headDump(head, id, at, room) >>> 0;
    if (bytes > 0) yield kernels.bytes.slice(at, at + bytes);
    id = exports.headDumpNext() >>> 0;
    const need = exports.headDumpNeed() >>> 0;
    if (need === 0) return;
    room = Math.max(PIECE_BYTES, need);
  }
}

function* refBodies(kernels: Kernels, epochs: Epochs): Iterable<Uint8Array> {
  const room = PIECE_BYTES / 8;
  for (const [epoch, map] of epochs.entries()) {
    let ref = 0;
    do {
      const at = scratchOf(kernels).room(room * 8);
      const count = kernels.exports.refsDump(map, ref, at, room) >>> 0;
      const body = new Uint8Array(8 + count * 8);
      new DataView(body.buffer).setFloat64(0, epoch, true);
      body.set(kernels.bytes.subarray(at, at + count * 8), 8);
      ref = kernels.exports.refsDumpNext() >>> 0;
      yield body;
    } while (ref < REF_END);
  }
}

/** The pieces of a checkpoint, in order. */
export function* checkpointPieces(kernels: Kernels, from: CheckpointSource): Iterable<Uint8Array> {
  const words = kernels.u32;
  const series = words[(from.head + HEAD_SERIES_LIVE) / 4];
  const samples = words[(from.head + HEAD_SAMPLES) / 4];
  const upper = words[(from.head + HEAD_SAMPLES) / 4 + 1];
  let sections = 0;
  const version = from.histograms.count > 0 ? VERSION.histograms : VERSION.floats;
  yield Uint8Array.of(...MAGIC, version);
  const bodies: [number, Iterable<Uint8Array>][] = [
    [SECTION.head, [headBody(kernels, from)]],
    [SECTION.pairs, pairBodies(kernels, from.head)],
    [SECTION.series, seriesBodies(kernels, from.head)],
    [SECTION.refs, refBodies(kernels, from.epochs)],
    [SECTION.metadata, [Buffer.from(JSON.stringify([...from.metadata.values()]))]],
    [SECTION.histograms, from.histograms.dump(PIECE_BYTES)],
  ];
  for (const [kind, pieces] of bodies) {
    for (const body of pieces) {
      yield section(kind, body);
      sections++;
    }
  }
  const end = new DataView(new ArrayBuffer(END_BODY));
  end.setUint32(0, sections, true);
  end.setUint32(4, series, true);
  end.setFloat64(8, samples + upper * 2 ** 32, true);
  yield section(SECTION.end, new Uint8Array(end.buffer));
}
