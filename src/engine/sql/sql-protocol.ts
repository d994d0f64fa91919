// What crosses between the process that serves and the one that runs a statement: what it needs is
// asked first, rows go in page by page, bytes of the answer come out page by page. Easy to get
// wrong: both ends may be slower than the other, so every page is acknowledged.
import { MonError, UserError, messageOf } from '../errors.ts';
import type { FailureCode } from '../errors.ts';
import type { Labels } from '../model/labels.ts';
import type { SamplePage } from '../ports-sql.ts';
import type { StatementScope } from './statement-scope.ts';

/** Rows of rollup windows: `figures` by ROLLUP_FIGURES, each as long as `timestamps`. */
export interface RollupPage {
  readonly labels: readonly Labels[];
  readonly from: Uint32Array;
  readonly timestamps: Float64Array;
  readonly figures: readonly Float64Array[];
  /** What is not among them. */
  readonly warnings?: readonly string[];
}

/** Series that have samples. */
export interface SeriesPage {
  readonly labels: readonly Labels[];
  /** What is not among them. */
  readonly warnings?: readonly string[];
}

/** One line of an incident's history; times in ms, 0 for never. */
export interface AlertRow {
  readonly atMs: number;
  readonly incident: string;
  readonly event: string;
  readonly who: string;
  readonly note: string;
  readonly severity: string;
  readonly status: string;
  readonly receiver: string;
  readonly labels: Labels;
  readonly startedMs: number;
  readonly resolvedMs: number;
}

/** A pair of Parquet files with samples, by paths that DuckDB can open. */
export interface ParquetPair {
  readonly samples: string;
  readonly series: string;
  /** Samples before it are not shown; -Infinity where all are. */
  readonly fromMs: number;
  /** Whether there are stale markers, which have a kind from 4 on; undefined: nobody counted. */
  readonly stale?: boolean;
}

export interface SqlSettings {
  /** A folder of this statement's process alone. */
  readonly tempFolder: string;
  readonly memoryBytes: number;
  readonly tempBytes: number;
  readonly threads: number;
}

export interface RunMessage {
  readonly do: 'run';
  readonly form: 'lines' | 'parquet';
  readonly maxRows: number;
  /** What the answer lacks, for its last line. */
  readonly warnings: readonly string[];
}

export type ToStatement =
  | { readonly do: 'open'; readonly settings: SqlSettings }
  | { readonly do: 'check'; readonly text: string; readonly zone: string }
  | { readonly do: 'samples'; readonly page: SamplePage }
  | { readonly do: 'series'; readonly labels: readonly Labels[] }
  | { readonly do: 'rollup'; readonly table: string; readonly page: RollupPage }
  | { readonly do: 'alerts'; readonly rows: readonly AlertRow[] }
  | { readonly do: 'files'; readonly pairs: readonly ParquetPair[] }
  | RunMessage
  | { readonly do: 'export' }
  | { readonly do: 'runExport' }
  | { readonly do: 'import'; readonly path: string }
  | { readonly do: 'more' }
  | { readonly do: 'end' };

export interface PlainFailure {
  readonly kind: 'user' | 'operation' | 'bug';
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
  readonly source?: string;
  readonly start?: number;
  readonly end?: number;
}

export type FromStatement =
  | { readonly told: 'ready' }
  | { readonly told: 'scope'; readonly scope: StatementScope }
  | { readonly told: 'taken' }
  | { readonly told: 'bytes'; readonly bytes: Uint8Array }
  | { readonly told: 'done' }
  | { readonly told: 'failed'; readonly failure: PlainFailure };

/** A failure as plain data. */
export function plainFailure(thrown: unknown): PlainFailure {
  if (thrown instanceof UserError) {
    const { message, hint, source, start, end } = thrown;
    return { kind: 'user', message, hint, source, start, end };
  }
  if (thrown instanceof MonError) {
    const { message, code, hint } = thrown;
    return { kind: 'operation', message, code, hint };
  }
  return { kind: 'bug', message: messageOf(thrown) };
}

/** The failure that was told. */
export function thrownFailure(plain: PlainFailure): Error {
  const { kind, message, hint, source, start, end } = plain;
  if (kind === 'user') return new UserError(message, { hint, source, start, end });
  if (kind === 'operation') return new MonError(plain.code as FailureCode, message, { hint });
  return new Error(message);
}
