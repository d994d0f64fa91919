// `mon explore`: where the series of a server come from, and the rule that takes some away. Rules
// are printed without asking a server.
import {
  Args,
  BaseCommand,
  Flags,
  LIST_FORMATS,
  outputFlag,
  serverFlags,
} from '../base-command.ts';

export default class Explore extends BaseCommand<typeof Explore> {
  static override summary = 'list the largest metrics and labels, and write the rule to drop them';
  static override description = `Without a metric: totals, the largest metrics, labels and
pairs, and new series that were over a limit. With one: its labels by how
many values they have.
--drop and --drop-label print a rule for a scrape job and ask nobody.`;
  static override examples = [
    '<%= config.bin %> explore',
    '<%= config.bin %> explore http_requests_total --drop-label user_id',
  ];
  static override args = {
    metric: Args.string({ description: 'metric to look into', ignoreStdin: true }),
  };
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    limit: Flags.integer({ min: 1, max: 10_000, default: 10, description: 'rows of each list' }),
    since: Flags.string({ helpValue: 'DURATION', default: '1h', description: 'seen in this time' }),
    drop: Flags.boolean({ description: 'print the rule that drops the metric' }),
    'drop-label': Flags.string({
      helpValue: 'LABEL',
      description: 'print the rule that drops this label, of the metric or of all',
    }),
    'fail-empty': Flags.boolean({ description: 'exit with 5 when there is nothing' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { dropRule, exploreListing, metricListing } = await import('../cli/explore-run.ts');
    const { flags, signal, stage } = this;
    const { metric } = this.args;
    const label = flags['drop-label'];
    if (label !== undefined || flags.drop) {
      const { UserError } = await import('../engine/errors.ts');
      const hint = 'mon explore METRIC --drop';
      if (label === undefined && metric === undefined) {
        throw new UserError('--drop needs a metric', { hint });
      }
      await stage.print([dropRule(metric, label)]);
      return 0;
    }
    const client = await this.client();
    if (metric === undefined) {
      await this.printListing(await exploreListing(client, flags.limit, signal));
      return 0;
    }
    const { durationFlag } = await import('../cli/times.ts');
    const endMs = stage.clock.now();
    const startMs = endMs - durationFlag('--since', flags.since);
    const question = { startMs, endMs, limit: flags.limit, signal };
    const listing = await metricListing(client, metric, question);
    await this.printListing(listing);
    return this.foundOr5(listing.rows.length, 'no series of this metric');
  }
}
