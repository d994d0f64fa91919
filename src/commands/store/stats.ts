// `mon store stats`: what each partition of a data folder holds, by its state file and its blocks.
// What the head took since its last checkpoint is not in there.
import { BaseCommand, LIST_FORMATS, folderFlags, outputFlag } from '../../base-command.ts';

export default class StoreStats extends BaseCommand<typeof StoreStats> {
  static override summary = 'show what each partition of a data folder holds';
  static override flags = { ...outputFlag(...LIST_FORMATS), ...folderFlags };

  protected async work(): Promise<number> {
    const { statsListing } = await import('../../cli/store-run.ts');
    const { storeFolder } = await import('../../cli/running.ts');
    const folder = await storeFolder(this.flags, this.stage.env);
    await this.printListing(await statsListing(folder));
    return 0;
  }
}
