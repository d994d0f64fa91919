// `mon targets`: what a server scrapes and how that goes. Those that fail come first, with the
// reason that the server gives.
import { BaseCommand, LIST_FORMATS, outputFlag, serverFlags } from '../base-command.ts';

export default class Targets extends BaseCommand<typeof Targets> {
  static override summary = 'list scrape targets and their health';
  static override flags = { ...outputFlag(...LIST_FORMATS), ...serverFlags };

  protected async work(): Promise<number> {
    const { targetsListing } = await import('../cli/catalog.ts');
    await this.printListing(await targetsListing(await this.client(), this.signal));
    return 0;
  }
}
