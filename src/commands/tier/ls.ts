// `mon tier ls`: list the objects of the cold tier. Reads files and objects only, so that it
// needs no server and disturbs none.
import { BaseCommand, Flags, LIST_FORMATS, folderFlags, outputFlag } from '../../base-command.ts';

export default class TierLs extends BaseCommand<typeof TierLs> {
  static override summary = 'list the objects of the cold tier';
  static override description =
    'Reads the manifests in the object store that the configuration names; needs no server.';
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    ...folderFlags,
    config: Flags.string({ helpValue: 'FILE', description: 'configuration with mon.tiers' }),
    zone: Flags.string({ helpValue: 'NAME', description: 'the zone of a cluster, such as a' }),
  };

  protected async work(): Promise<number> {
    const { objectsListing } = await import('../../cli/tier-run.ts');
    await this.printListing(await objectsListing(this.flags, this.stage));
    return 0;
  }
}
