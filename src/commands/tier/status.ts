// `mon tier status`: show how much lies in each tier. Reads files and objects only, so that it
// needs no server and disturbs none.
import { BaseCommand, Flags, LIST_FORMATS, folderFlags, outputFlag } from '../../base-command.ts';

export default class TierStatus extends BaseCommand<typeof TierStatus> {
  static override summary = 'show how much lies in each tier';
  static override description =
    'Blocks of the data folder, and objects of the cold tier by kind. Needs no server.';
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    ...folderFlags,
    config: Flags.string({ helpValue: 'FILE', description: 'configuration with mon.tiers' }),
    zone: Flags.string({ helpValue: 'NAME', description: 'the zone of a cluster, such as a' }),
  };

  protected async work(): Promise<number> {
    const { statusListing } = await import('../../cli/tier-run.ts');
    await this.printListing(await statusListing(this.flags, this.stage));
    return 0;
  }
}
