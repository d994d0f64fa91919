// The manifest of a partition's cold objects: what counts, with checksums, so that a reader prunes
// before it opens anything (docs/format/parquet.md). Pure: bytes in, bytes out. Easy to get wrong:
// a number above 2^53 has no place in JSON, so hashes are text.
import { crc32 } from 'node:zlib';
import { messageOf, MonError } from '../errors.ts';
import { COLD_MANIFEST_BYTES_MAX } from '../limits-cold.ts';
import type { ColdKind } from '../ports-cold.ts';

export type { ColdKind };

/** One file of an object. */
export interface ColdFile {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Row group of a data file: what a reader fetches, checks and prunes by. */
export type ColdGroup = readonly [
  at: number,
  bytes: number,
  crc: number,
  firstSeries: number,
  lastSeries: number,
  minMs: number,
  maxMs: number,
];

export interface ColdObject {
  readonly name: string;
  readonly kind: ColdKind;
  readonly sequence: number;
  /** Times of its first and last row. */
  readonly minMs: number;
  readonly maxMs: number;
  /** Only windows: their ends lie in (afterMs, toMs]. */
  readonly afterMs?: number;
  readonly toMs?: number;
  /** Only windows: one past the highest offset of the log that is in it. */
  readonly version?: number;
  readonly series: number;
  readonly rows: number;
  readonly hashFrom: string;
  readonly hashTo: string;
  readonly data: ColdFile;
  readonly index: ColdFile;
  readonly groups: readonly ColdGroup[];
  readonly footer: readonly [at: number, bytes: number, crc: number];
  /** Some rows have histograms, or sketches; without it none has. */
  readonly bodies?: boolean;
  /**
   * Whether some samples are stale markers; their kind then tells. Unknown where it is left out.
   */
  readonly stale?: boolean;
  /** Blocks or rollup files that it was made of. */
  readonly sources: readonly string[];
}

export interface LeavingObject {
  readonly name: string;
  readonly kind: ColdKind;
  readonly atMs: number;
}

export interface Manifest {
  readonly partition: number;
  readonly number: number;
  readonly nextSequence: number;
  readonly objects: readonly ColdObject[];
  readonly leaving: readonly LeavingObject[];
}

export function emptyManifest(partition: number): Manifest {
  return { partition, number: 0, nextSequence: 1, objects: [], leaving: [] };
}

/** Where everything of a partition lies; ends with a slash. */
export function coldPrefix(partition: number): string {
  return `cold/partition-${String(partition).padStart(4, '0')}/`;
}

export function manifestKey(partition: number, number: number): string {
  return `${coldPrefix(partition)}manifest-${String(number).padStart(12, '0')}.json`;
}

const MANIFEST = /\/manifest-(\d{12})\.json$/;

/** The number of a manifest's key; undefined for another key. */
export function manifestNumber(key: string): number | undefined {
  const found = MANIFEST.exec(key);
  return found === null ? undefined : Number(found[1]);
}

/** The keys of an object's files. */
export function objectKeys(
  partition: number,
  { name, kind }: Pick<ColdObject, 'name' | 'kind'>,
): { readonly data: string; readonly index: string } {
  const start = coldPrefix(partition) + name;
  const data = `${start}.${kind === 'raw' ? 'samples' : 'windows'}.parquet`;
  return { data, index: `${start}.series.parquet` };
}

export function objectName(
  kind: ColdKind,
  { minMs, maxMs, sequence }: Pick<ColdObject, 'minMs' | 'maxMs' | 'sequence'>,
): string {
  return `${kind === 'raw' ? kind : `rollup_${kind}`}-${minMs}-${maxMs}-${sequence}`;
}

const FORMAT = 'mon cold manifest';
const VERSION = 1;

export function encodeManifest(manifest: Manifest): Uint8Array {
  const body = Buffer.from(JSON.stringify(manifest));
  const title = { format: FORMAT, version: VERSION, bytes: body.length, crc: crc32(body) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(title)}\n`), body, Buffer.from('\n')]);
}

function damaged(key: string, why: string, cause?: unknown): MonError {
  const fields = { object: key };
  return new MonError('MON_BLOCK_CORRUPT', `object ${key}: ${why}`, { cause, fields });
}

/** @throws MonError MON_BLOCK_CORRUPT for bytes that encodeManifest did not make. */
export function decodeManifest(bytes: Uint8Array, key: string): Manifest {
  if (bytes.length > COLD_MANIFEST_BYTES_MAX) throw damaged(key, 'larger than a manifest may be');
  const end = bytes.indexOf(10);
  if (end < 0) throw damaged(key, 'no manifest');
  const text = new TextDecoder();
  let title: { format?: unknown; version?: unknown; bytes?: unknown; crc?: unknown };
  try {
    title = JSON.parse(text.decode(bytes.subarray(0, end))) as typeof title;
  } catch (thrown) {
    throw damaged(key, messageOf(thrown), thrown);
  }
  if (title === null || title.format !== FORMAT) throw damaged(key, 'no manifest');
  if (title.version !== VERSION) {
    throw damaged(key, `version ${String(title.version)}, this program reads ${VERSION}`);
  }
  const body = bytes.subarray(end + 1, -1);
  if (body.length !== title.bytes || bytes[bytes.length - 1] !== 10) {
    throw damaged(key, 'it is cut off');
  }
  if (crc32(body) !== title.crc) throw damaged(key, 'checksum');
  // The title in other words (spaces, another order) would be another file.
  if (JSON.stringify(title) !== text.decode(bytes.subarray(0, end))) throw damaged(key, 'title');
  return JSON.parse(text.decode(body)) as Manifest;
}
