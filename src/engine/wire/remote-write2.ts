// Remote write 2.0 brought into the form of 1.0: symbols become labels again, samples and
// histograms are copied as they are. It stands before the walk that reads 1.0. Easy to get wrong:
// a reference outside the table must refuse the whole body, and the first symbol is the empty one.
// Source: the remote-write 2.0 specification, prometheus/prompb/io/prometheus/write/v2/types.proto.
import { ProtoFields } from '../codec/proto-fields.ts';
import { MonError } from '../errors.ts';
import type { WritePen } from './write-pen.ts';

/** Request: symbols 4, timeseries 5. TimeSeries: labels 1, samples 2, histograms 3, metadata 5. */
const REQUEST = { symbols: 4, series: 5 } as const;
const SERIES = { labels: 1, samples: 2, histograms: 3, metadata: 5 } as const;
/** Symbols of one body. */
const SYMBOLS_MAX = 4_000_000;
const TYPES = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
];

function malformed(what: string): MonError {
  return new MonError('MON_BODY_MALFORMED', `remote write 2.0: ${what}`);
}

const lax = new TextDecoder('utf-8', { ignoreBOM: true });

/** What a body holds, for the answer's headers. */
export interface WriteCounts {
  samples: number;
  histograms: number;
}

/**
 * Writes a decompressed Request (io.prometheus.write.v2.Request) with `pen`.
 * @throws MonError MON_BODY_MALFORMED: nothing of it may be taken.
 */
export function fromRemoteWrite2(bytes: Uint8Array, pen: WritePen): WriteCounts {
  // Views of a Buffer are Buffers, which cost more to make.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new ProtoFields(plain, malformed);
  const symbols: Uint8Array[] = [];
  const series: Uint8Array[] = [];
  while (fields.next()) {
    if (fields.number === REQUEST.symbols) symbols.push(fields.bytes());
    else if (fields.number === REQUEST.series) series.push(fields.bytes());
    else fields.skip();
    if (symbols.length > SYMBOLS_MAX) throw malformed(`more than ${SYMBOLS_MAX} symbols`);
  }
  if (symbols.length > 0 && symbols[0].length > 0) throw malformed('the first symbol is not empty');
  const reader = new SeriesReader(symbols, pen);
  for (const message of series) reader.take(message);
  return reader.counts;
}

class SeriesReader {
  readonly counts: WriteCounts = { samples: 0, histograms: 0 };
  readonly #symbols: readonly Uint8Array[];
  readonly #pen: WritePen;
  readonly #refs: number[] = [];
  readonly #told = new Set<string>();

  constructor(symbols: readonly Uint8Array[], pen: WritePen) {
    this.#symbols = symbols;
    this.#pen = pen;
  }

  take(message: Uint8Array): void {
    const refs = this.#refs;
    refs.length = 0;
    let metadata: Uint8Array | undefined;
    const first = new ProtoFields(message, malformed);
    while (first.next()) {
      if (first.number === SERIES.labels) first.uint64s(refs);
      else if (first.number === SERIES.metadata) metadata = first.bytes();
      else first.skip();
    }
    if (refs.length % 2 !== 0) throw malformed('a label name without a value');
    this.#pen.begin();
    for (let i = 0; i < refs.length; i += 2) {
      this.#pen.label(this.#symbol(refs[i]), this.#symbol(refs[i + 1]));
    }
    const second = new ProtoFields(message, malformed);
    while (second.next()) {
      if (second.number === SERIES.samples) {
        this.#pen.sampleMessage(second.bytes());
        this.counts.samples++;
      } else if (second.number === SERIES.histograms) {
        this.#pen.histogramMessage(second.bytes());
        this.counts.histograms++;
      } else second.skip();
    }
    this.#pen.end();
    if (metadata !== undefined) this.#metadata(metadata, refs);
  }

  #symbol(ref: number): Uint8Array {
    const symbol = this.#symbols[ref];
    if (symbol === undefined) {
      throw malformed(`a reference to symbol ${ref}, there are ${this.#symbols.length}`);
    }
    return symbol;
  }

  /** Metadata hangs on every series; it is told once a family. */
  #metadata(message: Uint8Array, refs: readonly number[]): void {
    const fields = new ProtoFields(message, malformed);
    let [type, help, unit] = [0, 0, 0];
    while (fields.next()) {
      if (fields.number === 1) type = fields.uint64();
      else if (fields.number === 3) help = fields.uint64();
      else if (fields.number === 4) unit = fields.uint64();
      else fields.skip();
    }
    const texts = [this.#symbol(help), this.#symbol(unit)].map((symbol) => lax.decode(symbol));
    if (type === 0 && texts.every((text) => text === '')) return;
    const family = familyOf(this.#nameOf(refs), TYPES[type] ?? 'unknown');
    if (family === '' || this.#told.has(family)) return;
    this.#told.add(family);
    this.#pen.metadata(family, TYPES[type] ?? 'unknown', texts[0], texts[1]);
  }

  #nameOf(refs: readonly number[]): string {
    for (let i = 0; i < refs.length; i += 2) {
      if (lax.decode(this.#symbol(refs[i])) === '__name__') {
        return lax.decode(this.#symbol(refs[i + 1]));
      }
    }
    return '';
  }
}

/** The family of a series: classic histograms and summaries have series of other names. */
function familyOf(name: string, type: string): string {
  if (type === 'histogram' || type === 'gaugehistogram') {
    return name.replace(/_(?:bucket|sum|count)$/, '');
  }
  return type === 'summary' ? name.replace(/_(?:sum|count)$/, '') : name;
}
