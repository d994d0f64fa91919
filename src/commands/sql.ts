// `mon sql`: an SQL statement over all samples from a shell, as a table or as data; without one, a
// prompt. The statement runs in the server; nothing of DuckDB is loaded here.
import { Args, BaseCommand, Flags, outputFlag, serverFlags } from '../base-command.ts';

export default class Sql extends BaseCommand<typeof Sql> {
  static override summary = 'ask an SQL statement';
  static override description = `Takes one SELECT statement over the views samples, series,
rollup_1m, rollup_5m, rollup_1h, rollup_1d and alerts; DESCRIBE lists the columns of one.
Without STATEMENT it is a prompt on a terminal, else it reads the statement from stdin.`;
  static override examples = [
    '<%= config.bin %> sql "SELECT metric, count(*) FROM samples GROUP BY ALL"',
    `<%= config.bin %> sql "SELECT labels['job'] AS job, max(value) FROM samples
    WHERE metric = 'up' AND ts > now() - INTERVAL 1 HOUR GROUP BY job" -o markdown`,
    '<%= config.bin %> sql -f report.sql -o parquet > report.parquet',
  ];
  static override args = {
    statement: Args.string({ description: 'SELECT statement', ignoreStdin: true }),
  };
  static override flags = {
    ...outputFlag('table', 'json', 'jsonl', 'csv', 'yaml', 'markdown', 'value', 'parquet'),
    file: Flags.string({ char: 'f', helpValue: 'FILE', description: 'read it; - is stdin' }),
    'max-rows': Flags.integer({
      min: 0,
      description: '10000 for a table, json, yaml and markdown; 0 for all',
    }),
    tz: Flags.string({ helpValue: 'ZONE', description: 'zone of times: utc, local or a name' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { runSql, statementText } = await import('../cli/sql-run.ts');
    const { stage, flags } = this;
    const server = await this.server();
    const prompts = this.args.statement === undefined && flags.file === undefined;
    if (prompts && stage.surface.isTerminal && this.stdin.isTTY === true) {
      const { runSqlPrompt } = await import('../cli/sql-prompt-run.ts');
      return await runSqlPrompt({ server, flags, stage, process });
    }
    const text = await statementText(this.args.statement, flags.file, stage);
    const writeBytes = (pages: AsyncIterable<Uint8Array>) => this.writeBytes(pages);
    return await runSql({ text, server, flags, stage, writeBytes });
  }
}
