// POST /api/v1/sql: a statement comes as the body, its answer leaves line by line while it is made,
// or as one Parquet file. Easy to get wrong: what fails before the first page has a status of its
// own; what fails later is the last line, and a reader must not take the rest for the whole.
import { MonError, UserError } from '../errors.ts';
import { SQL_BYTES_MAX } from '../limits-sql.ts';
import type { SqlAsk } from '../ports-sql.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { refusalOf } from './failure-status.ts';
import { refuseCrossSite } from './push-handlers.ts';
import { JSON_TYPE, sendStream, sendWhole, successJson } from './respond.ts';

const LINES_TYPE = 'application/x-ndjson';
const PARQUET_TYPE = 'application/vnd.apache.parquet';
/** What an answer without a last line of its own lacks: a list as JSON, percent-encoded. */
const WARNINGS = 'X-Mon-Warnings';

function sqlOf({ sql }: ApiParts): SqlAsk {
  if (sql !== undefined) return sql;
  throw new MonError('MON_NOT_FOUND', 'this server answers no SQL');
}

/** POST /api/v1/sql?max_rows=&format=lines|parquet&tz=: the body is the statement. */
export async function askSql(call: Call, parts: ApiParts): Promise<void> {
  refuseCrossSite(call);
  const sql = sqlOf(parts);
  const params = new URLSearchParams(call.search);
  const form = params.get('format') ?? 'lines';
  if (form !== 'lines' && form !== 'parquet') {
    throw new UserError(`invalid parameter "format": ${form} is neither lines nor parquet`);
  }
  const maxRows = rowsOf(params.get('max_rows'));
  const zone = params.get('tz') ?? undefined;
  const text = await call.withBody(4 * SQL_BYTES_MAX, async (bytes) => bytes.toString('utf8'));
  const lacks = (warnings: readonly string[]): void =>
    call.response.addTrailers({ [WARNINGS]: encodeURIComponent(JSON.stringify(warnings)) });
  const wish = { form, maxRows, zone, user: call.user, signal: call.gone() } as const;
  if (form === 'lines') {
    const pages = toldAtTheEnd(await sql.sql(text, wish));
    return await sendStream(call.response, call.head(200, LINES_TYPE), pages);
  }
  const file = await sql.sql(text, { ...wish, lacks });
  const headers = { Trailer: WARNINGS };
  await sendStream(call.response, { ...call.head(200, PARQUET_TYPE), headers }, file);
}

/** GET /api/v1/sql/tables: the views and their columns. */
export async function sqlTables(call: Call, parts: ApiParts): Promise<void> {
  const body = successJson(sqlOf(parts).tables());
  await sendWhole(call.response, call.head(200, JSON_TYPE), body);
}

function rowsOf(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text) === 0 ? undefined : Number(text);
  throw new UserError(`invalid parameter "max_rows": ${text} is no number of rows`);
}

/** A failure after the first page, as the last line. */
async function* toldAtTheEnd(pages: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pages;
  } catch (thrown) {
    const { error, errorType, hint, bug } = refusalOf(thrown);
    if (bug === true) throw thrown;
    yield Buffer.from(`${JSON.stringify({ error, errorType, hint })}\n`);
  }
}
