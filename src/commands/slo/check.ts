// `mon slo check`: the gate of a CI job. Are service level objectives kept, by the events that a
// server has counted? Exit codes and outputs are a contract with pipelines.
import { Args, BaseCommand, Flags, serverFlags } from '../../base-command.ts';

export default class SloCheckCommand extends BaseCommand<typeof SloCheckCommand> {
  static override summary = 'fail when an SLO burns its error budget';
  static override description = `Reads Sloth and OpenSLO files and asks a server for the events of
each window. Exits with 0 when all is well, 3 when an SLO burns or its budget is spent, 1 when the
server failed, 5 when there is no data, 2 for a mistake in a file; of several outcomes the worst
decides, in this order: 2, 3, 1, 5, 0. On GitHub (GITHUB_ACTIONS=true) annotations follow the
table, and the file of GITHUB_STEP_SUMMARY gets a summary.`;
  static override examples = [
    '<%= config.bin %> slo check slos/*.yml --url http://prometheus:9090',
    '<%= config.bin %> slo check slo.yml --junit slo.xml -o github',
  ];
  static override args = {
    files: Args.string({
      multiple: true,
      required: true,
      ignoreStdin: true,
      description: 'Sloth or OpenSLO files, read together; - is stdin',
    }),
  };
  static override flags = {
    output: Flags.option({
      char: 'o',
      options: ['table', 'json', 'github'] as const,
      default: 'table',
      description: 'form of the output; github is annotations alone',
    })(),
    junit: Flags.string({ helpValue: 'FILE', description: 'write a JUnit report too' }),
    summary: Flags.string({
      helpValue: 'FILE',
      description: 'append a summary in Markdown (GITHUB_STEP_SUMMARY)',
    }),
    at: Flags.string({ helpValue: 'TIME', description: 'one instant other than now' }),
    period: Flags.string({
      helpValue: 'DURATION',
      default: '30d',
      description: 'period of files that name none',
    }),
    guard: Flags.boolean({
      allowNo: true,
      default: true,
      description: 'let failures pass that chance explains, where events are few',
    }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { runSloCheck } = await import('../../cli/slo-run.ts');
    const { args, flags, stage } = this;
    return await runSloCheck({ files: args.files, flags, stage, ask: () => this.client() });
  }
}
