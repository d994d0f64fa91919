// `mon rules list`: the rules that a server runs and how
// that goes. Those that fail come first.
import { BaseCommand, LIST_FORMATS, outputFlag, serverFlags } from '../../base-command.ts';

export default class RulesList extends BaseCommand<typeof RulesList> {
  static override summary = 'list the rules of a server and their health';
  static override flags = { ...outputFlag(...LIST_FORMATS), ...serverFlags };

  protected async work(): Promise<number> {
    const { rulesListing } = await import('../../cli/alerts-run.ts');
    await this.printListing(await rulesListing(await this.client(), this.signal));
    return 0;
  }
}
