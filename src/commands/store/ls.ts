// `mon store ls`: the sealed blocks of a data folder. Reads the state files, so that it needs no
// server and disturbs none.
import { BaseCommand, LIST_FORMATS, folderFlags, outputFlag } from '../../base-command.ts';

export default class StoreLs extends BaseCommand<typeof StoreLs> {
  static override summary = 'list the sealed blocks of a data folder';
  static override flags = { ...outputFlag(...LIST_FORMATS), ...folderFlags };

  protected async work(): Promise<number> {
    const { blocksListing } = await import('../../cli/store-run.ts');
    const { storeFolder } = await import('../../cli/running.ts');
    const folder = await storeFolder(this.flags, this.stage.env);
    await this.printListing(await blocksListing(folder));
    return 0;
  }
}
