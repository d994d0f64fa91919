// A door for tests: it numbers label sets, keeps every row in order, and shows what a series got as
// text ('stale' for the marker). Real HTTP servers and waiting for a condition stand here too.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MonError } from '../../../src/engine/errors.ts';
import type { Labels } from '../../../src/engine/model/labels.ts';
import { labelsKey, labelValue } from '../../../src/engine/model/labels.ts';
import type { MetadataEntry } from '../../../src/engine/model/batch.ts';
import { isStaleAt } from '../../../src/engine/model/sample.ts';
import type { PushOutcome } from '../../../src/engine/ports.ts';
import type {
  HistogramSample,
  SampleColumns,
  ScrapeDoor,
} from '../../../src/engine/collector/scrape-door.ts';
import type { ScrapeConfig } from '../../../src/engine/collector/scrape-config.ts';
import type { Disk } from '../../../src/engine/runtime/disk.ts';

interface Row {
  readonly labels: Labels;
  readonly timeMs: number;
  readonly value: number | 'stale';
}

export class DoorDouble implements ScrapeDoor {
  readonly series: Labels[] = [];
  readonly rows: Row[] = [];
  readonly appends: number[] = [];
  readonly histograms: HistogramSample[] = [];
  readonly holds = new Map<number, number>();
  entries: MetadataEntry[] = [];
  full = false;
  readonly #refs = new Map<string, number>();

  refOf(labels: Labels): number {
    if (labelValue(labels, 'refuse') !== '') return -1;
    const key = labelsKey(labels);
    const known = this.#refs.get(key);
    const ref = known ?? this.series.push(labels) - 1;
    this.#refs.set(key, ref);
    this.holds.set(ref, (this.holds.get(ref) ?? 0) + 1);
    return ref;
  }

  release(refs: Iterable<number>): void {
    for (const ref of refs) {
      if (ref < 0) continue;
      const left = (this.holds.get(ref) ?? 0) - 1;
      if (left < 0) throw new Error(`ref ${ref} was released too often`);
      this.holds.set(ref, left);
    }
  }

  /** Refs asked for and not released yet. */
  get heldCount(): number {
    return [...this.holds.values()].reduce((sum, n) => sum + n, 0);
  }

  append(columns: SampleColumns, receivedMs: number): Promise<PushOutcome> {
    if (this.full) return Promise.reject(new MonError('MON_DISK_FULL', 'the disk is full'));
    const words = new Uint32Array(columns.values.buffer, columns.values.byteOffset);
    for (let i = 0; i < columns.count; i++) {
      if (this.holds.get(columns.refs[i]) === undefined) throw new Error('a ref nobody gave');
      const value = isStaleAt(words, i) ? 'stale' : columns.values[i];
      this.rows.push({
        labels: this.series[columns.refs[i]],
        timeMs: columns.timestamps[i],
        value,
      });
    }
    this.histograms.push(...(columns.histograms ?? []));
    this.appends.push(receivedMs);
    return Promise.resolve({ accepted: columns.count, refused: 0, reasons: {}, examples: [] });
  }

  metadata(entries: readonly MetadataEntry[]): void {
    this.entries = [...entries];
  }

  /** Values of the series of a name, in order; `where` is a further label, 'name=value'. */
  values(name: string, where = ''): (number | 'stale')[] {
    const [label, value] = where.split('=');
    return this.rows
      .filter((row) => labelValue(row.labels, '__name__') === name)
      .filter((row) => where === '' || labelValue(row.labels, label) === value)
      .map((row) => row.value);
  }

  last(name: string, where = ''): number | 'stale' | undefined {
    return this.values(name, where).at(-1);
  }
}

/** A job that scrapes every 200 ms, with the defaults of a file else. */
export function job(more: Partial<ScrapeConfig> = {}): ScrapeConfig {
  return {
    jobName: 'test',
    intervalMs: 200,
    timeoutMs: 200,
    scheme: 'http',
    metricsPath: '/metrics',
    params: {},
    honorLabels: false,
    honorTimestamps: true,
    followRedirects: true,
    compression: true,
    bodyBytesMax: 0,
    sampleLimit: 0,
    targetLimit: 0,
    labelLimit: 0,
    labelNameBytesMax: 0,
    labelValueBytesMax: 0,
    staticConfigs: [],
    fileConfigs: [],
    relabel: [],
    metricRelabel: [],
    ...more,
  };
}

export type Answer = (request: IncomingMessage, reply: ServerResponse) => void;

/** A server on a free port; `answer` may be replaced while it runs. */
export async function serve(answer: Answer) {
  const made = { answer, address: '', requests: [] as IncomingMessage[], close: async () => {} };
  const server = createServer((request, reply) => {
    made.requests.push(request);
    made.answer(request, reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  made.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  made.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return made;
}

/** A disk of files in memory; only what discovery and credentials need. */
export function memoryFiles(files: Map<string, string>): Disk {
  const missing = (path: string): MonError => new MonError('MON_NOT_FOUND', `no file ${path}`);
  const partial: Partial<Disk> = {
    readFile(path) {
      const text = files.get(path);
      if (text === undefined) return Promise.reject(missing(path));
      return Promise.resolve(new TextEncoder().encode(text));
    },
    list(folder) {
      const names = [...files.keys()].filter((path) => path.startsWith(`${folder}/`));
      return Promise.resolve(names.map((path) => path.slice(folder.length + 1)).sort());
    },
  };
  return partial as Disk;
}
