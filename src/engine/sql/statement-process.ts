// The far side: the process in which one statement at a time runs. It checks the text, says what it
// needs, takes that page by page, runs and sends the answer page by page. Easy to get wrong: it
// hears of an end while it works, so what comes in is taken in order but for 'more' and 'end'.
import { UserError, assert } from '../errors.ts';
import { SQL_PAGES_AHEAD, SQL_TABLE_ROWS, SQL_TEXT_BYTES } from '../limits-sql.ts';
import type { Disk } from '../runtime/disk.ts';
import { checkText, statementOf } from './check-statement.ts';
import { Duck, duckFailure, quotedText } from './duck.ts';
import { Tables } from './fill-tables.ts';
import type { Spill } from './series-rows.ts';
import { importPages } from './import-parquet.ts';
import { exportQuery, makeViews } from './make-views.ts';
import { columnsLine, endLine, valueJson } from './row-text.ts';
import { plainFailure } from './sql-protocol.ts';
import type {
  FromStatement,
  ParquetPair,
  RunMessage,
  SqlSettings,
  ToStatement,
} from './sql-protocol.ts';
import { scopeOf } from './statement-scope.ts';
import type { StatementScope } from './statement-scope.ts';

/** What the process is reached through. */
export interface StatementChannel {
  send(message: FromStatement): void;
  onMessage(listener: (message: ToStatement) => void): void;
}

/** Room for pages that the other side has not acknowledged. */
class Credits {
  #free = SQL_PAGES_AHEAD;
  #wake: (() => void) | undefined;

  async take(): Promise<void> {
    while (this.#free <= 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#free--;
  }

  give(): void {
    this.#free++;
    this.#wake?.();
  }

  reset(): void {
    this.#free = SQL_PAGES_AHEAD;
  }
}

/** Serves statements one after the other for as long as the process lives. */
export class StatementProcess {
  readonly #channel: StatementChannel;
  readonly #disk: Disk;
  readonly #credits = new Credits();
  #settings: SqlSettings | undefined;
  /** The next statement's, opened ahead. */
  #ahead: Promise<Duck> | undefined;
  #duck: Duck | undefined;
  #tables: Tables | undefined;
  #text = '';
  #scope: StatementScope = { tables: [], named: true };
  #pairs: readonly ParquetPair[] = [];
  #over = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(channel: StatementChannel, disk: Disk) {
    this.#channel = channel;
    this.#disk = disk;
    channel.onMessage((message) => this.#take(message));
  }

  #take(message: ToStatement): void {
    if (message.do === 'more') return this.#credits.give();
    if (message.do === 'end') {
      // It may wait for room, or DuckDB may be at work.
      this.#over = true;
      this.#duck?.interrupt();
      this.#credits.give();
    }
    this.#turn = this.#turn
      .then(() => this.#do(message))
      .catch((thrown: unknown) => {
        const failure = plainFailure(duckFailure(thrown, this.#text));
        this.#channel.send({ told: 'failed', failure });
      });
  }

  async #do(message: ToStatement): Promise<void> {
    switch (message.do) {
      case 'open':
        this.#settings = message.settings;
        this.#ahead = Duck.open(message.settings);
        await this.#ahead;
        return this.#channel.send({ told: 'ready' });
      case 'check':
        return await this.#check(message.text, message.zone);
      case 'files':
        this.#pairs = message.pairs;
        return this.#channel.send({ told: 'taken' });
      case 'samples':
        await this.#filled.samples(message.page);
        return this.#channel.send({ told: 'taken' });
      case 'rollup':
        await this.#filled.rollup(message.table, message.page);
        return this.#channel.send({ told: 'taken' });
      case 'series':
        await this.#filled.series(message.labels);
        return this.#channel.send({ told: 'taken' });
      case 'alerts':
        await this.#filled.alerts(message.rows);
        return this.#channel.send({ told: 'taken' });
      case 'run':
        if (!this.#over) await this.#run(message);
        return;
      case 'export':
        return await this.#beginExport();
      case 'runExport':
        if (!this.#over) await this.#export();
        return;
      case 'import':
        return await this.#import(message.path);
      case 'end':
        return await this.#end();
      default:
    }
  }

  get #filled(): Tables {
    assert(this.#tables, 'a statement is checked before its rows come');
    return this.#tables;
  }

  async #begin(): Promise<Duck> {
    const { tempFolder } = this.#settings as SqlSettings;
    await this.#disk.makeFolder(tempFolder);
    this.#over = false;
    this.#credits.reset();
    this.#pairs = [];
    const duck = await (this.#ahead ?? Duck.open(this.#settings as SqlSettings));
    this.#ahead = undefined;
    this.#duck = duck;
    return duck;
  }

  async #check(text: string, zone: string): Promise<void> {
    this.#text = text;
    checkText(text);
    const duck = await this.#begin();
    if (zone !== '') await setZone(duck, zone);
    const tree = statementOf(text, await duck.parse(text));
    this.#scope = await scopeOf(tree, (expression) => duck.timeOf(expression));
    this.#tables = new Tables(duck, this.#spill());
    for (const { table } of this.#scope.tables) await this.#tables.make(table);
    this.#channel.send({ told: 'scope', scope: this.#scope });
  }

  async #run({ form, maxRows, warnings }: RunMessage): Promise<void> {
    const duck = this.#duck;
    assert(duck, 'a statement is checked before it runs');
    await this.#filled.close();
    await makeViews(duck, this.#scope, this.#filled, this.#pairs);
    const { tempFolder } = this.#settings as SqlSettings;
    const file = `${tempFolder}/answer.parquet`;
    const pairs = this.#pairs.flatMap(({ samples, series }) => [samples, series]);
    const readable = [...pairs, ...this.#filled.files];
    await duck.lock([...readable, ...(form === 'parquet' ? [file] : [])]);
    if (form === 'lines') await this.#lines(duck, maxRows, warnings);
    else await this.#parquet(duck, file, maxRows);
    this.#channel.send({ told: 'done' });
  }

  async #lines(duck: Duck, maxRows: number, warnings: readonly string[]): Promise<void> {
    const result = await duck.stream(this.#text);
    let text = columnsLine(result.deduplicatedColumnNames(), result.columnTypes().map(String));
    let rows = 0;
    let cut = false;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0 || this.#over) break;
      const all = chunk.getRows();
      const room = Math.min(all.length, maxRows - rows);
      for (let i = 0; i < room; i++) {
        text += `[${all[i].map(valueJson).join(',')}]\n`;
        if (text.length < SQL_TEXT_BYTES) continue;
        await this.#send(Buffer.from(text));
        text = '';
        if (this.#over) return;
      }
      rows += room;
      cut = room < all.length;
      if (cut) break;
    }
    await this.#send(Buffer.from(text + endLine(rows, cut, warnings)));
  }

  async #parquet(duck: Duck, file: string, maxRows: number): Promise<void> {
    const bare = this.#text.trim().replace(/;\s*$/, '');
    const limit = Number.isFinite(maxRows) ? ` LIMIT ${maxRows}` : '';
    await this.#copy(duck, `SELECT * FROM (\n${bare}\n)${limit}`, file);
  }

  #spill(): Spill {
    const { tempFolder } = this.#settings as SqlSettings;
    return { disk: this.#disk, folder: tempFolder, tableRows: SQL_TABLE_ROWS };
  }

  async #beginExport(): Promise<void> {
    this.#text = '';
    const duck = await this.#begin();
    this.#scope = { tables: [], named: true };
    this.#tables = new Tables(duck, this.#spill(), true);
    await this.#tables.make('samples');
    this.#channel.send({ told: 'scope', scope: this.#scope });
  }

  async #export(): Promise<void> {
    const duck = this.#duck;
    assert(duck, 'an export is begun before it runs');
    await this.#filled.close();
    const { tempFolder } = this.#settings as SqlSettings;
    const file = `${tempFolder}/answer.parquet`;
    await duck.lock([file, ...this.#filled.files]);
    await this.#copy(duck, exportQuery(this.#filled), file);
    this.#channel.send({ told: 'done' });
  }

  /** Writes what a query answers into a file and sends that. */
  async #copy(duck: Duck, query: string, file: string): Promise<void> {
    // A dictionary would make one NaN of all NaNs, and +0 of -0.
    const how = 'FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 1';
    await duck.run(`COPY (${query}) TO ${quotedText(file)} (${how})`);
    const from = await this.#disk.open(file, 'r');
    try {
      const size = await from.size();
      for (let at = 0; at < size && !this.#over; at += SQL_TEXT_BYTES) {
        const page = new Uint8Array(Math.min(SQL_TEXT_BYTES, size - at));
        await from.read(page, at);
        await this.#send(page);
      }
    } finally {
      await from.close();
      await this.#disk.remove(file).catch(() => undefined);
    }
  }

  async #import(path: string): Promise<void> {
    this.#text = '';
    const duck = await this.#begin();
    await duck.lock([path]);
    for await (const page of importPages(duck, path)) {
      if (this.#over) return;
      await this.#send(page);
    }
    this.#channel.send({ told: 'done' });
  }

  async #send(bytes: Uint8Array): Promise<void> {
    await this.#credits.take();
    if (!this.#over) this.#channel.send({ told: 'bytes', bytes });
  }

  /** Lets go of everything and makes ready for the next one. */
  async #end(): Promise<void> {
    const tables = this.#tables;
    // What it was filled with is thrown away.
    await tables?.close().catch(() => undefined);
    this.#tables = undefined;
    this.#duck?.close();
    this.#duck = undefined;
    await tables?.remove();
    this.#ahead ??= Duck.open(this.#settings as SqlSettings);
    await this.#ahead;
    this.#channel.send({ told: 'ready' });
  }
}

async function setZone(duck: Duck, zone: string): Promise<void> {
  try {
    await duck.run(`SET TimeZone = ${quotedText(zone)}`);
  } catch (cause) {
    const hint = 'write utc or a name such as Europe/Berlin';
    throw new UserError(`there is no time zone ${zone}`, { hint, cause });
  }
}
