// `mon test promql`: Prometheus' own test scripts against mon's query engine, so that anybody can
// check that both answer alike. Needs no server and no data.
import { Args, BaseCommand, Flags } from '../../base-command.ts';

export default class TestPromql extends BaseCommand<typeof TestPromql> {
  static override summary = "run Prometheus' PromQL test scripts";
  static override description = `Each instant eval of a script is also run fixed by @ at other
times, and as the middle of a range, as Prometheus' own runner does it. Exits with 3 when any
eval fails.`;
  static override examples = [
    '<%= config.bin %> test promql promql/promqltest/testdata/*.test',
    '<%= config.bin %> test promql my.test --junit report.xml',
  ];
  static override args = {
    files: Args.string({
      multiple: true,
      required: true,
      ignoreStdin: true,
      description: 'scripts; - is stdin',
    }),
  };
  static override flags = {
    junit: Flags.string({ helpValue: 'FILE', description: 'write a JUnit report too' }),
  };

  protected async work(): Promise<number> {
    const { runScripts } = await import('../../cli/test-promql-run.ts');
    return await runScripts(this.args.files, this.flags.junit, this.stage);
  }
}
