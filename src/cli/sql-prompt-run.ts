// What `mon sql` does without a statement on a terminal: the client becomes what the prompt asks,
// the history comes from the state folder. The screen is loaded last, so that a statement from a
// shell never pays for it.
import { UserError } from '../engine/errors.ts';
import { SQL_ANSWER_ROWS } from '../engine/limits-sql.ts';
import type { SqlValue } from '../engine/model/sql.ts';
import { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import { SqlClient } from '../engine/remote/sql-client.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import { namesOf } from './prompt-run.ts';
import { serverWords } from './server-words.ts';
import { openHistory, sqlHistoryFile } from './query-history.ts';
import type { ServerChoice } from './server.ts';
import { serverZone } from './sql-run.ts';
import type { SqlFlags } from './sql-run.ts';
import { cellsOf } from './sql-text.ts';
import type { Stage } from './stage.ts';

export interface SqlPromptRun {
  readonly server: ServerChoice;
  readonly flags: SqlFlags & { readonly color: 'auto' | 'always' | 'never' };
  readonly stage: Stage;
  readonly process: NodeJS.Process;
}

/** Runs the prompt and answers its exit code. @throws UserError for flags that need a statement. */
export async function runSqlPrompt(run: SqlPromptRun): Promise<number> {
  const { server, flags, stage, process } = run;
  if (flags.output !== 'table') {
    const words = `-o ${flags.output} needs a statement`;
    throw new UserError(words, { hint: 'mon sql "SELECT …"' });
  }
  const { env, clock } = stage;
  const client = new SqlClient(server);
  const names = new PrometheusClient(server, clock);
  const zone = serverZone(flags.tz);
  const maxRows = flags['max-rows'] ?? SQL_ANSWER_ROWS;
  const tables = await client.tables(stage.signal);
  const { past, note, remember, settled } = await openHistory(systemDisk, sqlHistoryFile(env));
  const { openSqlPrompt } = await import('../tui/screens/sql-prompt.tsx');
  try {
    return await openSqlPrompt({
      ask: async (text, signal) => {
        const { columns, rows } = await client.ask({ text, maxRows, zone, signal });
        const all: (readonly SqlValue[])[] = [];
        for (;;) {
          const next = await rows.next();
          if (next.done === true) return { columns, rows: all, end: next.value };
          all.push(...next.value);
        }
      },
      names: namesOf(names, run),
      tables,
      server: { url: server.url, flags: serverWords(server) },
      clock,
      look: { env, color: flags.color },
      cellText: (value, type) => String(cellsOf([{ name: '', type }], flags.tz)(value, 0)),
      past,
      note,
      remember,
      stdin: process.stdin,
      stdout: process.stdout,
      process,
      signal: stage.signal,
    });
  } finally {
    names.close();
    await settled();
  }
}
