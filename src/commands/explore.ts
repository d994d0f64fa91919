// `mon explore`: where the series of a server come from, who asks for them, and the rule that takes
// some away. On a terminal a screen, in a pipe or with -o a list. Rules are printed without asking
// a server.
import {
  Args,
  BaseCommand,
  Flags,
  LIST_FORMATS,
  outputFlag,
  serverFlags,
} from '../base-command.ts';

export default class Explore extends BaseCommand<typeof Explore> {
  static override summary = 'explore metrics, labels and values, and write the rule to drop them';
  static override description = `On a terminal: a screen with totals, churn, who asks for what,
and the rules that take series away. In a pipe or with -o: lists. With a
metric: its labels by how many values they have.
--drop and --drop-label print a rule for a scrape job and ask nobody.`;
  static override examples = [
    '<%= config.bin %> explore',
    '<%= config.bin %> explore -o json',
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
    list: Flags.string({ default: 'metrics', helpValue: 'LIST', description: 'screen: list' }),
    label: Flags.string({ helpValue: 'LABEL', description: 'screen: values of this label' }),
    filter: Flags.string({ helpValue: 'TEXT', description: 'screen: only rows with this' }),
    sort: Flags.integer({ min: 1, max: 9, description: 'screen: by this column' }),
    reverse: Flags.boolean({ description: 'screen: sorted the other way' }),
    tz: Flags.string({ helpValue: 'ZONE', description: 'screen: zone of times' }),
    theme: Flags.option({ options: ['dark', 'light'] as const, description: 'background' })(),
    ascii: Flags.boolean({ description: 'draw with ASCII characters alone' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { flags, stage } = this;
    const { metric } = this.args;
    const label = flags['drop-label'];
    const screen = !this.given('output') && stage.surface.isTerminal && this.stdin.isTTY === true;
    if (screen && label === undefined && !flags.drop && !flags['fail-empty']) {
      const { runExploreScreen } = await import('../cli/explore-screen-run.ts');
      const server = await this.server();
      return await runExploreScreen({ server, metric, flags, stage, process });
    }
    const { exploreList, printRule } = await import('../cli/explore-run.ts');
    if (label !== undefined || flags.drop) return await printRule(metric, label, stage);
    const client = await this.client();
    const listing = await exploreList({ client, metric, flags, stage });
    await this.printListing(listing);
    if (metric === undefined) return 0;
    if (listing.rows.length === 0) {
      const { tellUnknownMetric } = await import('../cli/unknown-name.ts');
      await tellUnknownMetric(`{__name__=${JSON.stringify(metric)}}`, client, stage);
    }
    return this.foundOr5(listing.rows.length, 'no series of this metric');
  }
}
