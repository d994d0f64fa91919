// `mon dash import`: a dashboard exported from Grafana as YAML on stdout; what is left out is told
// on stderr. Asks no server.
import { Args, BaseCommand } from '../../base-command.ts';

export default class DashImport extends BaseCommand<typeof DashImport> {
  static override summary = 'turn a dashboard of Grafana into YAML';
  static override description = `Reads schemaVersion 16 to 42. What has no counterpart is named on
stderr; a panel that cannot be shown stays and says why.`;
  static override examples = ['<%= config.bin %> dash import node.json > node.yaml'];
  static override args = {
    file: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'JSON exported from Grafana; - is stdin',
    }),
  };

  protected async work(): Promise<number> {
    const { importDashboard } = await import('../../cli/dash-run.ts');
    await importDashboard(this.args.file, this.stage);
    return 0;
  }
}
