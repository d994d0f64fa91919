// Answers SQL: finds out what a statement needs, hands the rows of it to a process of its own, and
// passes the answer on. Between the API and the store. Easy to get wrong: everything has an end
// (time, rows, an asker who leaves), and every end has to give the process and the place back.
import { MonError } from '../errors.ts';
import {
  SQL_IDLE_MS,
  SQL_MEMORY_BYTES,
  SQL_ROWS_LOADED_MAX,
  SQL_TEMP_BYTES,
  SQL_THREADS,
  SQL_TIMEOUT_MS,
} from '../limits-sql.ts';
import { SQL_TABLES } from '../model/sql.ts';
import type { SqlTables } from '../model/sql.ts';
import type {
  ArchivedStretch,
  Asker,
  OpenedScan,
  Samples,
  SamplesAsk,
  SqlAsk,
  SqlWish,
} from '../ports-sql.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import type { AlertRow, ParquetPair, RollupPage, SeriesPage, SqlSettings } from './sql-protocol.ts';
import { StatementRunner } from './statement-runner.ts';
import type { StartChild } from './statement-runner.ts';
import type { StatementScope, TableScope } from './statement-scope.ts';

/** A stretch of archived samples, as files that DuckDB can open. */
export interface ArchivedFiles extends ArchivedStretch {
  readonly pairs: readonly ParquetPair[];
}

export interface SqlOptions {
  /** Waits for a place among the statements that run; call the answer to leave it. */
  readonly enter: (user: string, signal: AbortSignal) => Promise<() => void>;
  readonly samples: Samples;
  /** The same for exports: a reading that lacks something fails. */
  readonly whole: Samples;
  readonly clock: Clock;
  readonly disk: Disk;
  /** Where files of an import lie while they are read. */
  readonly uploadFolder: string;
  readonly startChild: StartChild;
  /** Folders of the processes, by number. */
  readonly tempFolder: (place: number) => string;
  readonly series: (ask: SamplesAsk, signal: AbortSignal) => AsyncIterable<SeriesPage>;
  /** Undefined where nothing is rolled up. */
  readonly rollup?: (scope: TableScope, signal: AbortSignal) => AsyncIterable<RollupPage>;
  readonly alerts: () => Promise<readonly AlertRow[]>;
  /** What lies in Parquet already, beside `samples`. */
  readonly archive?: (minMs: number, maxMs: number) => Promise<readonly ArchivedFiles[]>;
  readonly limits?: Partial<SqlLimits>;
}

export interface SqlLimits {
  readonly memoryBytes: number;
  readonly rowsLoaded: number;
  readonly timeoutMs: number;
}

/** A process and the number of its folder. */
interface Place {
  readonly runner: StatementRunner;
  readonly number: number;
}

interface HandOver {
  readonly samples: Samples;
  readonly signal: AbortSignal;
  readonly left?: (opened: OpenedScan) => void;
}

type Work = (runner: StatementRunner, signal: AbortSignal) => Promise<Pages>;
type Pages = AsyncGenerator<Uint8Array, void, void>;

const SERIES_AT_ONCE = 4096;
const LESS = "narrow it: WHERE ts > now() - INTERVAL 1 HOUR AND metric = '…'";

export class SqlService implements SqlAsk {
  readonly #options: SqlOptions;
  readonly #limits: SqlLimits;
  /** Processes that wait for a statement, by the number of their folder. */
  readonly #idle: { readonly place: Place; readonly timer: Timer }[] = [];
  readonly #busy = new Set<Place>();
  #closed = false;
  #uploads = 0;

  constructor(options: SqlOptions) {
    this.#options = options;
    this.#limits = {
      memoryBytes: SQL_MEMORY_BYTES,
      rowsLoaded: SQL_ROWS_LOADED_MAX,
      timeoutMs: SQL_TIMEOUT_MS,
      ...options.limits,
    };
  }

  tables(): SqlTables {
    return SQL_TABLES;
  }

  /** Process ids of the statements that run. */
  get running(): readonly number[] {
    return [...this.#busy].map(({ runner }) => runner.pid);
  }

  sql(text: string, wish: SqlWish): Promise<AsyncIterable<Uint8Array>> {
    return this.#answer(wish, async (runner, signal) => {
      const scope = await runner.check(text, wish.zone ?? '');
      const warnings = await this.#fill(runner, scope, signal);
      if (warnings.length > 0) wish.lacks?.(warnings);
      const { form, maxRows = Infinity } = wish;
      return runner.run({ do: 'run', form, maxRows, warnings });
    });
  }

  /** Samples as one Parquet file. */
  writeParquet(ask: SamplesAsk, asker: Asker): Promise<AsyncIterable<Uint8Array>> {
    return this.#answer(asker, async (runner, signal) => {
      await runner.beginExport();
      await this.#samples(runner, ask, { samples: this.#options.whole, signal });
      return runner.run({ do: 'runExport' });
    });
  }

  /** A Parquet file as bodies of remote write. */
  async readParquet(
    file: AsyncIterable<Uint8Array>,
    asker: Asker,
  ): Promise<AsyncIterable<Uint8Array>> {
    const { disk, uploadFolder } = this.#options;
    const path = `${uploadFolder}/upload-${++this.#uploads}.parquet`;
    await disk.makeFolder(uploadFolder);
    const remove = (): Promise<void> => disk.remove(path).catch(() => undefined);
    try {
      await writeAll(disk, path, file);
      const pages = await this.#answer(asker, async (runner) => runner.run({ do: 'import', path }));
      return thenDo(pages, remove);
    } catch (thrown) {
      await remove();
      throw thrown;
    }
  }

  /**
   * Has a process work. The first page is waited for, so that failures before it are thrown here.
   */
  async #answer(asker: Asker, work: Work): Promise<AsyncIterable<Uint8Array>> {
    const stop = this.#stopOf(asker.signal);
    let place: Place | undefined;
    let leave: (() => void) | undefined;
    const giveBack = async (): Promise<void> => {
      stop.cancel();
      if (place !== undefined) await this.#rest(place);
      leave?.();
    };
    try {
      leave = await this.#options.enter(asker.user, stop.signal);
      const own = (place = await this.#place());
      stop.signal.throwIfAborted();
      stop.signal.addEventListener('abort', () => own.runner.interrupt(stop.signal.reason));
      const pages = await work(own.runner, stop.signal);
      return following(await pages.next(), pages, giveBack);
    } catch (thrown) {
      await giveBack();
      throw stop.signal.aborted ? stop.signal.reason : thrown;
    }
  }

  /** Fires when the asker leaves, and after the time that a statement may take. */
  #stopOf(asker: AbortSignal): { readonly signal: AbortSignal; cancel(): void } {
    const stop = new AbortController();
    const { timeoutMs } = this.#limits;
    const late = new MonError(
      'MON_TIMEOUT',
      `the statement took longer than ${timeoutMs / 1000} s`,
      {
        hint: LESS,
      },
    );
    const timer = this.#options.clock.after(timeoutMs, () => stop.abort(late), true);
    const passOn = (): void => stop.abort(new MonError('MON_ABORTED', 'the asker left'));
    if (asker.aborted) passOn();
    asker.addEventListener('abort', passOn, { once: true });
    const cancel = (): void => {
      timer.cancel();
      asker.removeEventListener('abort', passOn);
    };
    return { signal: stop.signal, cancel };
  }

  /** A process that is ready: one that waits, or a new one. */
  async #place(): Promise<Place> {
    if (this.#closed) throw new MonError('MON_ABORTED', 'the process is stopping');
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      idle.timer.cancel();
      if (idle.place.runner.isGone) continue;
      this.#busy.add(idle.place);
      return idle.place;
    }
    const { startChild, clock, tempFolder } = this.#options;
    const used = new Set([...this.#busy].map(({ number }) => number));
    let number = 0;
    while (used.has(number)) number++;
    const settings: SqlSettings = {
      tempFolder: tempFolder(number),
      memoryBytes: this.#limits.memoryBytes,
      tempBytes: SQL_TEMP_BYTES,
      threads: SQL_THREADS,
    };
    const place = { runner: await StatementRunner.start(startChild, settings, clock), number };
    this.#busy.add(place);
    return place;
  }

  /** Takes a process back; it waits for the next statement for a while. */
  async #rest(place: Place): Promise<void> {
    const fit = await place.runner.end();
    this.#busy.delete(place);
    if (!fit || this.#closed) return place.runner.kill();
    const timer = this.#options.clock.after(SQL_IDLE_MS, () => this.#retire(place), true);
    this.#idle.push({ place, timer });
  }

  #retire(place: Place): void {
    const at = this.#idle.findIndex((one) => one.place === place);
    if (at >= 0) this.#idle.splice(at, 1);
    place.runner.kill();
  }

  /** Hands over what the statement needs; answers what is missing of it. */
  async #fill(
    runner: StatementRunner,
    { tables }: StatementScope,
    signal: AbortSignal,
  ): Promise<string[]> {
    const { series, alerts, rollup } = this.#options;
    const warnings = new Set<string>();
    const told = ({ warnings: all = [] }: { readonly warnings?: readonly string[] }): void =>
      all.forEach((one) => warnings.add(one));
    for (const scope of tables) {
      signal.throwIfAborted();
      const { table } = scope;
      if (table === 'samples') {
        told({ warnings: await this.#samplesOf(runner, scope, signal) });
      } else if (table === 'series') {
        for await (const page of series(scope, signal)) {
          told(page);
          for (let at = 0; at < page.labels.length; at += SERIES_AT_ONCE) {
            const labels = page.labels.slice(at, at + SERIES_AT_ONCE);
            await runner.give({ do: 'series', labels });
          }
        }
      } else if (table === 'alerts') {
        await runner.give({ do: 'alerts', rows: await alerts() });
      } else if (rollup === undefined) {
        warnings.add(`${table} is empty: nothing is rolled up here`);
      } else {
        for await (const page of rollup(scope, signal)) {
          told(page);
          if (page.timestamps.length > 0) await runner.give({ do: 'rollup', table, page });
        }
      }
    }
    return [...warnings];
  }

  /** The samples of a scope, as pages and as files; answers what could not be read. */
  async #samplesOf(
    runner: StatementRunner,
    { minMs, maxMs, selections }: TableScope,
    signal: AbortSignal,
  ): Promise<string[]> {
    const { archive, samples } = this.#options;
    const files = (await archive?.(minMs, maxMs)) ?? [];
    const pairs: ParquetPair[] = [];
    const left = (opened: OpenedScan): void => void pairs.push(...leftPairs(files, opened));
    const ask = { selections, minMs, maxMs, archived: files.map(stretchOf) };
    const warnings = await this.#samples(runner, ask, { samples, signal, left });
    if (pairs.length > 0) await runner.give({ do: 'files', pairs });
    return [...warnings, ...(await samples.missing(minMs, maxMs))];
  }

  /** Hands over samples; answers what could not be read. */
  async #samples(
    runner: StatementRunner,
    ask: SamplesAsk,
    { samples, signal, left }: HandOver,
  ): Promise<string[]> {
    const warnings = new Set<string>();
    this.#checkRows((await samples.estimate(ask)).samples);
    let rows = 0;
    for await (const page of samples.pages(ask, signal, left)) {
      for (const one of page.warnings ?? []) warnings.add(one);
      if (page.timestamps.length === 0) continue;
      rows += page.timestamps.length;
      this.#checkRows(rows);
      await runner.give({ do: 'samples', page });
    }
    return [...warnings];
  }

  #checkRows(rows: number): void {
    const { rowsLoaded } = this.#limits;
    if (rows <= rowsLoaded) return;
    const words = `the statement reads about ${rows} samples, ${rowsLoaded} are possible`;
    throw new MonError('MON_QUERY_LIMIT', words, { hint: LESS });
  }

  /** Ends all processes; what runs fails. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { place, timer } of this.#idle.splice(0)) {
      timer.cancel();
      place.runner.kill();
    }
    for (const { runner } of this.#busy) runner.kill();
  }
}

function stretchOf({ id, partition, minMs, maxMs }: ArchivedFiles): ArchivedStretch {
  return { id, partition, minMs, maxMs };
}

/** The files of the stretches that a shard leaves, from the oldest sample that is shown on. */
function leftPairs(files: readonly ArchivedFiles[], { left, floors }: OpenedScan): ParquetPair[] {
  const wanted = new Set(left);
  return files
    .filter(({ id }) => wanted.has(id))
    .flatMap(({ pairs, partition }) => {
      const floorMs = floors.get(partition) ?? -Infinity;
      return pairs.map((pair) => ({ ...pair, fromMs: Math.max(pair.fromMs, floorMs) }));
    });
}

async function* following(
  first: IteratorResult<Uint8Array, void>,
  pages: Pages,
  giveBack: () => Promise<void>,
): Pages {
  try {
    if (first.done !== true) yield first.value;
    yield* pages;
  } finally {
    await pages.return();
    await giveBack();
  }
}

async function writeAll(disk: Disk, path: string, pages: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await disk.open(path, 'w+');
  try {
    let at = 0;
    for await (const page of pages) {
      await file.write(page, at);
      at += page.length;
    }
  } finally {
    await file.close();
  }
}

async function* thenDo(
  pages: AsyncIterable<Uint8Array>,
  last: () => Promise<void>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* pages;
  } finally {
    await last();
  }
}
