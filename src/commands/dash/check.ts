// `mon dash check`: whether dashboard files can be shown, by the same readers that show them. Asks
// no server.
import { Args, BaseCommand } from '../../base-command.ts';

export default class DashCheck extends BaseCommand<typeof DashCheck> {
  static override summary = 'check dashboard files';
  static override description = `Takes YAML and JSON exported from Grafana. Exits with 2 and
shows the place when there is a mistake; what an import leaves out is told on stderr.`;
  static override args = {
    files: Args.string({
      multiple: true,
      required: true,
      ignoreStdin: true,
      description: 'dashboard files; - is stdin',
    }),
  };

  protected async work(): Promise<number> {
    const { checkDashboards } = await import('../../cli/dash-run.ts');
    await checkDashboards(this.args.files, this.stage);
    return 0;
  }
}
