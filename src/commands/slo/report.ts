// `mon slo report`: error budgets over their periods, for people and for programs. It only tells:
// whether that is good enough is the gate's business.
import {
  Args,
  BaseCommand,
  Flags,
  LIST_FORMATS,
  outputFlag,
  serverFlags,
} from '../../base-command.ts';

export default class SloReport extends BaseCommand<typeof SloReport> {
  static override summary = 'show the error budgets of SLOs over their periods';
  static override args = {
    files: Args.string({
      multiple: true,
      required: true,
      ignoreStdin: true,
      description: 'Sloth or OpenSLO files, read together; - is stdin',
    }),
  };
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    at: Flags.string({ helpValue: 'TIME', description: 'one instant other than now' }),
    period: Flags.string({
      helpValue: 'DURATION',
      default: '30d',
      description: 'period of files that name none',
    }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { runSloReport } = await import('../../cli/slo-run.ts');
    const { args, flags, stage } = this;
    return await runSloReport({ files: args.files, flags, stage, ask: () => this.client() });
  }
}
