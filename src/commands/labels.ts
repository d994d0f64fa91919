// `mon labels`: the label names a server knows, or the values of one of them. Asks the server's
// catalog, which may know labels of series that are silent by now.
import {
  Args,
  BaseCommand,
  Flags,
  LIST_FORMATS,
  outputFlag,
  serverFlags,
} from '../base-command.ts';

export default class Labels extends BaseCommand<typeof Labels> {
  static override summary = 'list label names, or the values of one label';
  static override examples = ['<%= config.bin %> labels', '<%= config.bin %> labels job -o value'];
  static override args = {
    name: Args.string({ description: 'label whose values are listed', ignoreStdin: true }),
  };
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    match: Flags.string({ helpValue: 'SELECTOR', description: 'only of these series' }),
    since: Flags.string({ helpValue: 'DURATION', default: '1h', description: 'seen in this time' }),
    'fail-empty': Flags.boolean({ description: 'exit with 5 when there are none' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { labelsListing } = await import('../cli/catalog.ts');
    const client = await this.client();
    const question = { ...this.flags, clock: this.stage.clock, signal: this.signal };
    const listing = await labelsListing(client, this.args.name, question);
    await this.printListing(listing);
    const { name } = this.args;
    if (listing.rows.length === 0 && name !== undefined) {
      const { tellUnknownLabel } = await import('../cli/unknown-name.ts');
      await tellUnknownLabel(name, client, this.stage);
    }
    return this.foundOr5(listing.rows.length, 'no labels');
  }
}
