// `mon series`: which series a server knows. A selector narrows them down; what is printed can be
// pasted into a query.
import {
  Args,
  BaseCommand,
  Flags,
  LIST_FORMATS,
  outputFlag,
  serverFlags,
} from '../base-command.ts';

export default class Series extends BaseCommand<typeof Series> {
  static override summary = 'list series';
  static override examples = [
    '<%= config.bin %> series up',
    `<%= config.bin %> series '{job="node"}' --since 5m -o value`,
  ];
  static override args = {
    selector: Args.string({ description: 'all series without one', ignoreStdin: true }),
  };
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    since: Flags.string({ helpValue: 'DURATION', default: '1h', description: 'seen in this time' }),
    limit: Flags.integer({ min: 1, default: 10_000, description: 'at most so many' }),
    'fail-empty': Flags.boolean({ description: 'exit with 5 when there are none' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { seriesListing } = await import('../cli/catalog.ts');
    const client = await this.client();
    const { stage } = this;
    const { selector = '{__name__!=""}' } = this.args;
    const { clock, signal } = stage;
    const listing = await seriesListing(client, selector, { ...this.flags, clock, signal });
    await this.printListing(listing);
    if (listing.rows.length === 0) {
      const { tellUnknownMetric } = await import('../cli/unknown-name.ts');
      await tellUnknownMetric(selector, client, stage);
    }
    return this.foundOr5(listing.rows.length, 'no series match');
  }
}
