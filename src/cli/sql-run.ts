// What `mon sql` does with a statement: ask, print while the answer comes, and say what was cut or
// is missing. Easy to get wrong: stdout is data alone, so whatever is said of it goes to stderr.
import { UserError } from '../engine/errors.ts';
import { SQL_ANSWER_ROWS } from '../engine/limits-sql.ts';
import { SqlClient } from '../engine/remote/sql-client.ts';
import type { SqlEnd } from '../engine/model/sql.ts';
import type { ServerChoice } from './server.ts';
import { checkBinary, printSql } from './sql-text.ts';
import type { SqlFormat } from './sql-text.ts';
import { rowsNote } from './stage.ts';
import type { Stage } from './stage.ts';
import { zoneOf } from './times.ts';

export interface SqlFlags {
  readonly output: SqlFormat;
  readonly 'max-rows'?: number;
  readonly tz?: string;
}

export interface SqlRun {
  readonly text: string;
  readonly server: ServerChoice;
  readonly flags: SqlFlags;
  readonly stage: Stage;
  readonly writeBytes: (pages: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** Forms that are made row by row have no end of their own. */
const STREAMED = new Set<SqlFormat>(['jsonl', 'csv', 'value', 'parquet']);

/** Answers the exit code. @throws UserError, MonError. */
export async function runSql({ text, server, flags, stage, writeBytes }: SqlRun): Promise<number> {
  const { output, tz } = flags;
  const { signal, surface } = stage;
  if (output === 'parquet') checkBinary(surface, 'Parquet');
  const client = new SqlClient(server);
  const maxRows = rowsWanted(flags);
  const zone = serverZone(tz);
  if (output === 'parquet') {
    let warnings: readonly string[] = [];
    const lacks = (all: readonly string[]): void => void (warnings = all);
    await writeBytes(await client.parquet({ text, maxRows, zone, signal, lacks }));
    for (const warning of warnings) await stage.note(`warning: ${warning}`);
    return 0;
  }
  const answer = await client.ask({ text, maxRows, zone, signal });
  const style = { format: output, tz, surface };
  const end = await printSql(answer, style, (chunks) => stage.print(chunks));
  await tellEnd(end, maxRows, stage);
  if (output === 'table' && surface.isTerminal) await stage.print([rowsNote(end.rows)]);
  return 0;
}

/** Undefined for all. */
function rowsWanted(flags: SqlFlags): number | undefined {
  const { output, 'max-rows': given } = flags;
  if (given === 0) return undefined;
  return given ?? (STREAMED.has(output) ? undefined : SQL_ANSWER_ROWS);
}

async function tellEnd(end: SqlEnd, maxRows: number | undefined, stage: Stage): Promise<void> {
  for (const warning of end.warnings) await stage.note(`warning: ${warning}`);
  if (!end.cut) return;
  await stage.note(`warning: only the first ${maxRows} rows; --max-rows 0 shows all`);
}

/** The name of a zone for the server, which knows nothing of this machine's. @throws UserError. */
export function serverZone(tz: string | undefined): string | undefined {
  const zone = zoneOf(tz, 'utc');
  if (zone === 'UTC') return undefined;
  return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone;
}

/** The statement from the argument or a file; `-` is stdin. @throws UserError. */
export async function statementText(
  given: string | undefined,
  file: string | undefined,
  stage: Stage,
): Promise<string> {
  const hint = 'mon sql "SELECT …", or mon sql -f FILE';
  if (given !== undefined && file !== undefined) {
    throw new UserError('the statement is given twice: as an argument and as a file', { hint });
  }
  if (given !== undefined) return given;
  const from = file ?? (stage.stdin.isTTY === true ? undefined : '-');
  if (from === undefined) throw new UserError('no statement given', { hint });
  const { readInput } = await import('./input.ts');
  const text = Buffer.from(await readInput(from, stage))
    .toString('utf8')
    .trimEnd();
  if (text.trim() === '') throw new UserError('no statement given', { hint });
  return text;
}
