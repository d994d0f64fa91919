// `mon store verify`: reads every byte of every sealed block, and exits with 1 when one is damaged.
// Changes nothing: a server that meets the damage sets the block aside itself.
import { BaseCommand, LIST_FORMATS, folderFlags, outputFlag } from '../../base-command.ts';

export default class StoreVerify extends BaseCommand<typeof StoreVerify> {
  static override summary = 'read all sealed blocks of a data folder and check every byte';
  static override description = 'Exits with 1 when a block is damaged. Changes nothing.';
  static override flags = { ...outputFlag(...LIST_FORMATS), ...folderFlags };

  protected async work(): Promise<number> {
    const { verifyListing } = await import('../../cli/store-run.ts');
    const { storeFolder } = await import('../../cli/running.ts');
    const folder = await storeFolder(this.flags, this.stage.env);
    const { listing, bad } = await verifyListing(folder);
    await this.printListing(listing);
    return bad === 0 ? 0 : 1;
  }
}
