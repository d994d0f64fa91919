// One extent of a cached result: the columns of up to CACHE_EXTENT_STEPS steps, as bytes and back.
// What the cache holds; values are copied as bytes and keep their bits. Easy to get wrong: bytes
// from a shared cache are foreign, and what is not an extent in every length is no extent at all.
import { endianness } from 'node:os';
import { decodeHistogramColumn, encodeHistogramColumn } from '../codec/histogram-column.ts';
import type { HistogramColumn, Matrix } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';

export interface Extent {
  /** Numbers of its first and last step on the grid of its key. */
  readonly from: number;
  readonly to: number;
  readonly labels: readonly Labels[];
  /** Row-major, `to - from + 1` steps a row. */
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly histograms?: HistogramColumn | undefined;
  /** When the computing of its oldest part began, and when it is to be forgotten; wall ms. */
  readonly writtenMs: number;
  readonly endsMs: number;
  /** The query's text: annotations name places in it. */
  readonly source: string;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

const MAGIC = 0x4558_5431;
const HEAD_BYTES = 16;
const LITTLE = endianness() === 'LE';
const NOTHING = new Uint8Array(0);

type Meta = Omit<Extent, 'values' | 'present' | 'histograms'>;

/** Whether these columns can be kept: those of a result, nothing of a partial aggregate. */
export function isKept(matrix: Matrix): boolean {
  const known = new Set(['labels', 'steps', 'values', 'present', 'histograms']);
  const more = Object.entries(matrix).filter(([name]) => !known.has(name));
  return LITTLE && more.every(([, value]) => value === undefined);
}

/**
 * Layout: magic, lengths of the JSON, rows, length of the histograms (u32 each), values, present,
 * histograms (codec/histogram-column.ts; none at all for floats only), JSON.
 */
export function encodeExtent(extent: Extent): Buffer {
  const { values, present, histograms, ...meta } = extent;
  const json = Buffer.from(JSON.stringify(meta satisfies Meta));
  const column = histograms === undefined ? NOTHING : encodeHistogramColumn(histograms);
  const cellBytes = values.byteLength + present.length;
  const bytes = Buffer.allocUnsafeSlow(HEAD_BYTES + cellBytes + column.length + json.length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(json.length, 4);
  bytes.writeUInt32LE(extent.labels.length, 8);
  bytes.writeUInt32LE(column.length, 12);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), HEAD_BYTES);
  bytes.set(present, HEAD_BYTES + values.byteLength);
  bytes.set(column, HEAD_BYTES + cellBytes);
  bytes.set(json, HEAD_BYTES + cellBytes + column.length);
  return bytes;
}

/** The extent, or undefined for bytes that are none. Never throws. */
export function decodeExtent(bytes: Uint8Array): Extent | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) return undefined;
  const jsonLength = view.getUint32(4, true);
  const rows = view.getUint32(8, true);
  const columnLength = view.getUint32(12, true);
  const cellBytes = bytes.length - HEAD_BYTES - jsonLength - columnLength;
  if (cellBytes < 0 || cellBytes % 9 !== 0) return undefined;
  const cells = cellBytes / 9;
  const meta = metaOf(bytes.subarray(HEAD_BYTES + cellBytes + columnLength));
  if (meta === undefined || meta.labels.length !== rows) return undefined;
  if ((meta.to - meta.from + 1) * rows !== cells) return undefined;
  // A copy, since a cache's bytes may stand anywhere and are not to be written to. (A Buffer's own
  // slice would be a view.)
  const own = new Uint8Array(bytes.subarray(HEAD_BYTES, HEAD_BYTES + cellBytes));
  const values = new Float64Array(own.buffer, 0, cells);
  const present = own.subarray(cells * 8);
  if (columnLength === 0) return { ...meta, values, present };
  const at = HEAD_BYTES + cellBytes;
  const histograms = decodeHistogramColumn(bytes.subarray(at, at + columnLength));
  if (histograms?.length !== cells) return undefined;
  return { ...meta, values, present, histograms };
}

function metaOf(json: Uint8Array): Meta | undefined {
  let meta: unknown;
  try {
    meta = JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.length).toString());
  } catch {
    return undefined;
  }
  return isMeta(meta) ? meta : undefined;
}

function isMeta(value: unknown): value is Meta {
  if (typeof value !== 'object' || value === null) return false;
  const meta = value as Record<string, unknown>;
  const { from, to, labels, writtenMs, endsMs, source, warnings, infos } = meta;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return false;
  if ((to as number) < (from as number)) return false;
  if (typeof writtenMs !== 'number' || typeof endsMs !== 'number') return false;
  if (typeof source !== 'string' || !isTexts(warnings) || !isTexts(infos)) return false;
  return Array.isArray(labels) && labels.every((set) => isTexts(set) && set.length % 2 === 0);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
