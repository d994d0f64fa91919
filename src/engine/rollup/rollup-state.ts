// The state of a partition's rollups on disk: one file, replaced as a whole, that names the files
// which count, how far the log is in them, and what has to be computed anew; docs/format/rollup.md
// draws it. A crash leaves the old state or the new one. Easy to get wrong: what is not named does
// not count, and a record below `version` is either in the files or its hour is in `dirty`.
import { crc32 } from 'node:zlib';
import { MonError } from '../errors.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Offset } from '../ports.ts';

/** A file of rows as the state names it. Times are ends of windows. */
export interface RollupEntry {
  readonly name: string;
  /** Hex of the file's id. */
  readonly id: string;
  readonly bytes: number;
  readonly series: number;
  /** Rows of the higher one win. */
  readonly sequence: number;
  /** Places in RESOLUTIONS, rising: whose rows it has. */
  readonly tiers: readonly number[];
  /** Its rows end in (afterMs, toMs]. */
  readonly afterMs: number;
  readonly toMs: number;
  /** Highest offset of the log that is in it, and one. */
  readonly version: Offset;
  /** Set aside: it is damaged, and what it held is not served. */
  readonly damaged?: boolean;
}

/** Rows that were deleted: those of files with a lower sequence are not shown. */
export interface RollupTombstone {
  readonly matchers: readonly Matcher[];
  readonly minMs: number;
  readonly maxMs: number;
  readonly sequence: number;
}

export interface RollupState {
  readonly generation: number;
  /** Records below are in the files, or their hours are dirty. */
  readonly version: Offset;
  /** All windows up to here have been folded once; null before the first time. */
  readonly foldedTo: number | null;
  /** Hours, by their start in ms, that have to be folded anew. */
  readonly dirty: readonly number[];
  /** Days, by their start, whose files have to be joined and whose day windows made anew. */
  readonly days: readonly number[];
  readonly nextSequence: number;
  readonly files: readonly RollupEntry[];
  readonly tombstones: readonly RollupTombstone[];
}

const MAGIC = 0x52_4e_4f_4d;
const VERSION = 1;
const HEADER_BYTES = 20;

export function stateName(partition: number): string {
  return `partition-${String(partition).padStart(4, '0')}.rollups`;
}

export function encodeState(state: RollupState): Uint8Array[] {
  const body = new TextEncoder().encode(JSON.stringify(state));
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  [MAGIC, VERSION, body.length, crc32(body)].forEach((word, i) => {
    view.setUint32(i * 4, word, true);
  });
  view.setUint32(16, crc32(header.subarray(0, 16)), true);
  return [header, body];
}

/** @throws MonError MON_CHECKPOINT_CORRUPT for bytes that encodeState did not make. */
export function decodeState(bytes: Uint8Array, path: string): RollupState {
  const corrupt = (why: string): MonError =>
    new MonError('MON_CHECKPOINT_CORRUPT', `rollups ${path}: ${why}`, {
      hint: 'remove the file: the rollups that lie beside it are taken up again',
    });
  if (bytes.length < HEADER_BYTES) throw corrupt('shorter than its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw corrupt('no state of rollups');
  if (view.getUint32(16, true) !== crc32(bytes.subarray(0, 16))) throw corrupt('header checksum');
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw corrupt(`version ${version}, this program reads ${VERSION}`);
  const body = bytes.subarray(HEADER_BYTES);
  if (body.length !== view.getUint32(8, true)) throw corrupt('it is cut off');
  if (crc32(body) !== view.getUint32(12, true)) throw corrupt('checksum');
  return JSON.parse(new TextDecoder().decode(body)) as RollupState;
}
