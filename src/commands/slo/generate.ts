// `mon slo generate`: the recording and alert rules of SLOs, as Sloth writes them. Needs no server:
// everything that it prints follows from the files.
import { Args, BaseCommand, Flags } from '../../base-command.ts';

export default class SloGenerate extends BaseCommand<typeof SloGenerate> {
  static override summary = 'print the Prometheus rules of SLOs';
  static override description = `Prints one rule file with the rules that Sloth makes: the same
names, labels, windows and thresholds. Files with AlertWindows (sloth.slok.dev/v1) among FILES set
the windows of their period.`;
  static override examples = [
    '<%= config.bin %> slo generate slos/*.yml >rules.yml',
    '<%= config.bin %> slo generate slo.yml windows/7d.yaml --period 7d',
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
    period: Flags.string({
      helpValue: 'DURATION',
      default: '30d',
      description: 'period of files that name none',
    }),
    'extra-labels': Flags.string({
      char: 'l',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME=VALUE',
      description: 'a label for every recording rule; may be repeated',
    }),
  };

  protected async work(): Promise<number> {
    const { runSloGenerate } = await import('../../cli/slo-run.ts');
    return await runSloGenerate({ files: this.args.files, flags: this.flags, stage: this.stage });
  }
}
