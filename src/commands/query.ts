// `mon query`: a PromQL query from a shell, as a table, as data, as a chart, once or on a beat. The
// most called command of all: nothing may be loaded for it that it does not need.
import { Args, BaseCommand, Flags, outputFlag, serverFlags } from '../base-command.ts';

export default class Query extends BaseCommand<typeof Query> {
  static override summary = 'ask a PromQL query';
  static override description = `Without EXPR it is a prompt on a terminal, else it reads
the query from stdin. Without a time it is asked for now. A range is --since, or --from and --to.
Times are written as now, now-1h, 2026-01-31T08:00:00Z or seconds since 1970.`;
  static override examples = [
    '<%= config.bin %> query up',
    "<%= config.bin %> query 'rate(http_requests_total[5m])' --since 1h --graph",
    "<%= config.bin %> query 'up == 0' --fail-empty -o jsonl",
    "<%= config.bin %> query 'sum by (job) (rate(http_requests_total[5m]))' --explain=analyze",
  ];
  static override args = {
    expr: Args.string({ description: 'PromQL expression', ignoreStdin: true }),
  };
  static override flags = {
    ...outputFlag('table', 'json', 'jsonl', 'csv', 'yaml', 'prom', 'value'),
    file: Flags.string({ char: 'f', helpValue: 'FILE', description: 'read the query; - is stdin' }),
    at: Flags.string({ helpValue: 'TIME', description: 'one instant other than now' }),
    from: Flags.string({ helpValue: 'TIME', description: 'start of a range' }),
    to: Flags.string({ helpValue: 'TIME', description: 'end of a range; now by default' }),
    since: Flags.string({ helpValue: 'DURATION', description: 'a range of this length' }),
    step: Flags.string({ helpValue: 'DURATION', description: 'time between points of a range' }),
    tz: Flags.string({ helpValue: 'ZONE', description: 'zone of times: utc, local or a name' }),
    graph: Flags.boolean({ description: 'draw a chart (the last hour by default)' }),
    watch: Flags.string({ helpValue: '2s', description: 'ask again on a beat; 2s by default' }),
    'fail-empty': Flags.boolean({ description: 'exit with 5 when the answer is empty' }),
    explain: Flags.string({
      helpValue: 'analyze',
      description: 'how it would be answered and at what cost; analyze also runs it',
    }),
    assert: Flags.string({
      helpValue: "'< 0.01'",
      description: 'exit with 3 unless this holds for every sample, and when there is none',
    }),
    'empty-ok': Flags.boolean({ description: 'no sample at all satisfies --assert' }),
    stats: Flags.boolean({ description: 'what it took: on stderr, or in -o json and yaml' }),
    'max-cost': Flags.string({ helpValue: 'COST', description: 'refuse it above this cost' }),
    ...serverFlags,
  };
  static override bareFlags = { watch: '2s', explain: 'plan' };

  protected async work(): Promise<number> {
    const { queryText, runQuery } = await import('../cli/query-run.ts');
    const { stage, flags } = this;
    const prompts = this.args.expr === undefined && flags.file === undefined;
    if (prompts && stage.surface.isTerminal && this.stdin.isTTY === true) {
      const { runPrompt } = await import('../cli/prompt-run.ts');
      const [client, server] = await Promise.all([this.client(), this.server()]);
      return await runPrompt({ client, server, flags, stage, process });
    }
    const query = await queryText(this.args.expr, flags.file, stage);
    const client = await this.client();
    const run = { query, ask: client, names: client, flags, stage };
    if (flags.explain === undefined) return await runQuery(run);
    const { runExplain } = await import('../cli/explain-run.ts');
    return await runExplain(run);
  }
}
