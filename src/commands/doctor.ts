// `mon doctor`: what is not well with the data folders of this machine, blocks set aside among it.
// Exits with 1 when there is something.
import { BaseCommand, LIST_FORMATS, folderFlags, outputFlag } from '../base-command.ts';

export default class Doctor extends BaseCommand<typeof Doctor> {
  static override summary = 'say what is not well with the data on this machine';
  static override description = 'Exits with 1 when something is not. Changes nothing.';
  static override flags = { ...outputFlag(...LIST_FORMATS), ...folderFlags };

  protected async work(): Promise<number> {
    const { doctorListing } = await import('../cli/store-run.ts');
    const { foldersOf } = await import('../cli/running.ts');
    const { stage, flags } = this;
    const listing = await doctorListing(foldersOf(flags, stage.env));
    if (listing.rows.length === 0) stage.note('all is well');
    else await this.printListing(listing);
    return listing.rows.length === 0 ? 0 : 1;
  }
}
