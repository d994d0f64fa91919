// `mon dash list`: the dashboards that can be named, one's own and those that ship with mon. Asks
// no server.
import { BaseCommand, LIST_FORMATS, outputFlag } from '../../base-command.ts';

export default class DashList extends BaseCommand<typeof DashList> {
  static override summary = 'list the dashboards that can be named';
  static override description = `Own dashboards are files in $XDG_CONFIG_HOME/mon/dashboards,
YAML or JSON exported from Grafana; the name is that of the file.`;
  static override flags = { ...outputFlag(...LIST_FORMATS) };

  protected async work(): Promise<number> {
    const { dashListing } = await import('../../cli/dash-run.ts');
    await this.printListing(await dashListing(this.stage));
    return 0;
  }
}
