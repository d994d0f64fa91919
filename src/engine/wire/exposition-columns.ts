// What a parsed exposition body is: columns over the body's own bytes. A sample's series text (name
// and labels as received) stays a byte range, which the scrape cache uses as its key; metadata
// lines stay ranges too and become strings only when somebody asks. Easy to get wrong: the columns
// mean nothing without the very bytes that were parsed.
import type { MetadataEntry } from '../model/batch.ts';
import type { FloatHistogram } from '../model/histogram.ts';

/** What a metadata line tells. */
export const METADATA = { help: 0, type: 1, unit: 2 } as const;
export type MetadataKind = (typeof METADATA)[keyof typeof METADATA];

const FNV_PRIME = 0x01000193;
const FNV_START = 0x811c9dc5;

/** A native histogram in the place of a value. */
export interface ParsedHistogram {
  readonly histogram: FloatHistogram;
  /** Its counts came as whole numbers. */
  readonly integer: boolean;
  /** When its counting began, in ms; 0 where unknown. */
  readonly startMs: number;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of a byte range; bytes that are no UTF-8 become U+FFFD. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

/**
 * A help text or label value without its escapes: \\, \n and \" are told, others stay as they are.
 */
export function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([\\n"])/g, (_, c: string) => (c === 'n' ? '\n' : c));
}

/**
 * Reusable columns; they grow and their arrays are then replaced. Rows 0 to count - 1 are filled.
 */
export class ParsedExposition {
  count = 0;
  /** Byte range of each sample's series text, end excluded. */
  starts = new Uint32Array(1024);
  ends = new Uint32Array(1024);
  values = new Float64Array(1024);
  /** The words of `values`. */
  words = new Uint32Array(this.values.buffer);
  /** Milliseconds since 1970; NaN where the sample has none. */
  timestamps = new Float64Array(1024);
  /** Rows that hold a histogram and no value. */
  readonly histograms = new Map<number, ParsedHistogram>();
  /** Exemplars seen (their syntax is checked, they are not kept). */
  exemplars = 0;
  metadataCount = 0;
  metadataKinds = new Uint8Array(256);
  /** Four numbers a metadata line: family from, to, text from, to. */
  metadataRanges = new Uint32Array(1024);

  clear(): void {
    this.count = 0;
    this.exemplars = 0;
    this.metadataCount = 0;
    this.histograms.clear();
  }

  /** Doubles the sample columns. */
  grow(): void {
    const size = this.values.length * 2;
    this.starts = grown(this.starts, new Uint32Array(size));
    this.ends = grown(this.ends, new Uint32Array(size));
    this.values = grown(this.values, new Float64Array(size));
    this.words = new Uint32Array(this.values.buffer);
    this.timestamps = grown(this.timestamps, new Float64Array(size));
  }

  /** Room for one more metadata line; answers where its four numbers go. */
  nextMetadata(kind: MetadataKind): number {
    const i = this.metadataCount++;
    if (i === this.metadataKinds.length) {
      this.metadataKinds = grown(this.metadataKinds, new Uint8Array(i * 2));
      this.metadataRanges = grown(this.metadataRanges, new Uint32Array(i * 8));
    }
    this.metadataKinds[i] = kind;
    return i * 4;
  }

  /** A hash of all metadata lines: a scraper decodes them anew only when it changes. */
  metadataHash(bytes: Uint8Array): number {
    let hash = FNV_START;
    for (let i = 0; i < this.metadataCount; i++) {
      const end = this.metadataRanges[i * 4 + 3];
      hash = Math.imul(hash ^ this.metadataKinds[i], FNV_PRIME);
      for (let at = this.metadataRanges[i * 4]; at < end; at++) {
        hash = Math.imul(hash ^ bytes[at], FNV_PRIME);
      }
    }
    return hash >>> 0;
  }

  /** One entry a family, in the order of the body. `bytes` is the body that was parsed. */
  metadata(bytes: Uint8Array): MetadataEntry[] {
    const families = new Map<string, { type: string; help: string; unit: string }>();
    for (let i = 0; i < this.metadataCount; i++) {
      const [from, to, textFrom, textTo] = this.metadataRanges.subarray(i * 4, i * 4 + 4);
      const name = decodeText(bytes, from, to);
      const family = name.startsWith('"') ? unescapeText(name.slice(1, -1)) : name;
      let entry = families.get(family);
      if (entry === undefined) {
        entry = { type: 'unknown', help: '', unit: '' };
        families.set(family, entry);
      }
      const text = decodeText(bytes, textFrom, textTo);
      const kind = this.metadataKinds[i];
      if (kind === METADATA.type) entry.type = text === 'untyped' ? 'unknown' : text;
      else if (kind === METADATA.help) entry.help = unescapeText(text);
      else entry.unit = text;
    }
    return [...families].map(([family, entry]) => ({ family, ...entry }));
  }
}

function grown<A extends Uint8Array | Uint32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
