// `mon tier verify`: reads every byte of every object of the cold tier, and exits with 1 when one
// is damaged or missing. Changes nothing.
import { BaseCommand, Flags, LIST_FORMATS, folderFlags, outputFlag } from '../../base-command.ts';

export default class TierVerify extends BaseCommand<typeof TierVerify> {
  static override summary = 'read all objects of the cold tier and check every byte';
  static override description =
    'Exits with 1 when an object or a manifest is damaged or missing. Changes nothing.';
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    ...folderFlags,
    config: Flags.string({ helpValue: 'FILE', description: 'configuration with mon.tiers' }),
    zone: Flags.string({ helpValue: 'NAME', description: 'the zone of a cluster, such as a' }),
  };

  protected async work(): Promise<number> {
    const { verifyListing } = await import('../../cli/tier-run.ts');
    const { listing, bad } = await verifyListing(this.flags, this.stage);
    await this.printListing(listing);
    return bad === 0 ? 0 : 1;
  }
}
