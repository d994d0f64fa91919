// `mon slo explain`: the queries, windows, thresholds and the arithmetic of one SLO, so that nobody
// has to believe the gate.
import { Args, BaseCommand, Flags, serverFlags } from '../../base-command.ts';

export default class SloExplain extends BaseCommand<typeof SloExplain> {
  static override summary = 'show how an SLO is asked and judged';
  static override args = {
    files: Args.string({
      multiple: true,
      required: true,
      ignoreStdin: true,
      description: 'Sloth or OpenSLO files, read together; - is stdin',
    }),
  };
  static override flags = {
    slo: Flags.string({ helpValue: 'ID', description: 'which one, where there are several' }),
    'dry-run': Flags.boolean({ description: 'show what would be asked, and ask nothing' }),
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
    const { runSloExplain } = await import('../../cli/slo-run.ts');
    const { args, flags, stage } = this;
    return await runSloExplain({ files: args.files, flags, stage, ask: () => this.client() });
  }
}
