// Asks a mon for SQL: the statement goes out, rows come in line by line. Between the commands and
// the server's /api/v1/sql. Easy to get wrong: only the last line says that an answer is whole; one
// that ends without it was cut.
import { MonError } from '../errors.ts';
import { SQL_LINE_CHARS_MAX } from '../limits-sql.ts';
import type { SqlColumnHead, SqlEnd, SqlTables, SqlValue } from '../model/sql.ts';
import type { HttpTarget } from './http-request.ts';
import { streamedAnswer } from './http-stream.ts';
import { notPrometheus } from './prometheus-failure.ts';

export interface SqlAnswer {
  readonly columns: readonly SqlColumnHead[];
  /** Runs of rows; the last thing is the end. */
  readonly rows: AsyncGenerator<readonly (readonly SqlValue[])[], SqlEnd, void>;
}

export interface SqlQuestion {
  readonly text: string;
  /** All rows when left out. */
  readonly maxRows?: number;
  readonly zone?: string;
  readonly signal: AbortSignal;
  /** Told what a Parquet file lacks, when all of it has come. */
  readonly lacks?: (warnings: readonly string[]) => void;
}

export class SqlClient {
  readonly target: HttpTarget;

  constructor(target: HttpTarget) {
    this.target = target;
  }

  /** @throws UserError with the place of a mistake, MonError. */
  async ask(question: SqlQuestion): Promise<SqlAnswer> {
    const lines = linesOf(await this.#pages(question, 'lines'));
    const first = await lines.next();
    const head = first.done === true ? undefined : (first.value[0] as { columns?: unknown });
    const columns = head?.columns;
    if (!Array.isArray(columns)) {
      throw notPrometheus(this.target.url, 'the answer is not that of a statement');
    }
    const rest = first.done === true ? [] : first.value.slice(1);
    return { columns: columns as SqlColumnHead[], rows: rowsOf(rest, lines) };
  }

  /** The answer as one Parquet file. */
  parquet(question: SqlQuestion): Promise<AsyncGenerator<Buffer, void, void>> {
    return this.#pages(question, 'parquet');
  }

  async tables(signal: AbortSignal): Promise<SqlTables> {
    const path = '/api/v1/sql/tables';
    const parts: Buffer[] = [];
    const pages = await streamedAnswer(this.target, { method: 'GET', path, signal });
    for await (const page of pages) parts.push(page);
    const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as { data: SqlTables };
    return body.data;
  }

  #pages(question: SqlQuestion, form: 'lines' | 'parquet') {
    const { text, maxRows, zone, signal, lacks } = question;
    const params = new URLSearchParams({ format: form });
    if (maxRows !== undefined) params.set('max_rows', String(maxRows));
    if (zone !== undefined) params.set('tz', zone);
    const path = `/api/v1/sql?${params}`;
    const body = Buffer.from(text);
    const trailers = (told: Readonly<Record<string, string | undefined>>): void => {
      const list = warningsOf(told['x-mon-warnings'] ?? '');
      if (list.length > 0) lacks?.(list);
    };
    const more = { body, contentType: 'application/sql', signal, query: text, trailers };
    return streamedAnswer(this.target, { method: 'POST', path, ...more });
  }
}

/** The list of a trailer; one that is none says nothing. */
function warningsOf(text: string): string[] {
  try {
    const list: unknown = text === '' ? [] : JSON.parse(decodeURIComponent(text));
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return [];
  }
}

/** The lines of a page at a time, parsed. */
async function* linesOf(
  pages: AsyncGenerator<Buffer, void, void>,
): AsyncGenerator<unknown[], void, void> {
  const decoder = new TextDecoder();
  // Pieces of a line that has not ended yet: looked through once, joined once.
  let open: string[] = [];
  let size = 0;
  for await (const page of pages) {
    const text = decoder.decode(page, { stream: true });
    const end = text.lastIndexOf('\n');
    size = (end < 0 ? size : 0) + text.length - end - 1;
    if (size > SQL_LINE_CHARS_MAX) {
      throw new MonError('MON_SERVER_FAILED', 'a row of the answer is too long');
    }
    if (end < 0) {
      open.push(text);
      continue;
    }
    const lines = (open.join('') + text.slice(0, end)).split('\n');
    open = [text.slice(end + 1)];
    yield lines.map((line) => JSON.parse(line) as unknown);
  }
}

async function* rowsOf(
  first: readonly unknown[],
  lines: AsyncGenerator<unknown[], void, void>,
): AsyncGenerator<readonly (readonly SqlValue[])[], SqlEnd, void> {
  for (let run = first; ;) {
    const last = run.at(-1);
    const over = run.length > 0 && !Array.isArray(last);
    const rows = (over ? run.slice(0, -1) : run) as SqlValue[][];
    if (rows.length > 0) yield rows;
    if (over) return endOf(last);
    const next = await lines.next();
    if (next.done === true) {
      throw new MonError('MON_SERVER_FAILED', 'the answer was cut before its end');
    }
    run = next.value;
  }
}

function endOf(line: unknown): SqlEnd {
  const { end, error, hint } = line as { end?: SqlEnd; error?: string; hint?: string };
  if (end !== undefined) return end;
  throw new MonError('MON_QUERY_FAILED', error ?? 'the answer broke off', { hint });
}
