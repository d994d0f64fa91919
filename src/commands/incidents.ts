// `mon incidents`: what happened, who was told, who acknowledged. With a number, the history of
// that one; with --live, the alert centre.
import {
  Args,
  BaseCommand,
  Flags,
  LIST_FORMATS,
  outputFlag,
  serverFlags,
} from '../base-command.ts';

export default class Incidents extends BaseCommand<typeof Incidents> {
  static override summary = 'list incidents, or tell the history of one';
  static override description = 'With --live: the alert centre, on the whole terminal.';
  static override examples = [
    '<%= config.bin %> incidents --status firing',
    '<%= config.bin %> incidents 12',
    '<%= config.bin %> incidents --live',
  ];
  static override args = {
    id: Args.string({ description: 'number of an incident', ignoreStdin: true }),
  };
  static override flags = {
    status: Flags.option({
      options: ['firing', 'acknowledged', 'resolved'] as const,
      multiple: true,
      description: 'only these',
    })(),
    limit: Flags.integer({ min: 1, max: 1000, default: 100, description: 'at most so many' }),
    live: Flags.boolean({ description: 'watch and act on the whole terminal' }),
    filter: Flags.string({ helpValue: 'TEXT', description: 'with --live: only alerts with this' }),
    tz: Flags.string({ helpValue: 'ZONE', description: 'with --live: zone of times' }),
    theme: Flags.option({ options: ['dark', 'light'] as const, description: 'background' })(),
    ascii: Flags.boolean({ description: 'draw with ASCII characters alone' }),
    ...outputFlag(...LIST_FORMATS),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { flags, args, stage, signal } = this;
    if (flags.live) {
      const { runAlertCentre } = await import('../cli/alert-centre-run.ts');
      const [client, server, ask] = await Promise.all([
        ...([this.alertClient(), this.server(), this.client()] as const),
      ]);
      return await runAlertCentre({ client, server, ask, flags, stage, process });
    }
    const { historyListing, incidentListing } = await import('../cli/alert-text.ts');
    const client = await this.alertClient();
    const asked = { status: flags.status, id: args.id, limit: flags.limit };
    const found = await client.incidents(asked, signal);
    if (args.id === undefined) {
      await this.printListing(incidentListing(found, stage.clock.now()));
      return 0;
    }
    if (found.length === 0) return await this.missing(`no incident ${args.id}`);
    await this.printListing(historyListing(found[0]));
    return 0;
  }

  private async missing(words: string): Promise<never> {
    const { MonError } = await import('../engine/errors.ts');
    throw new MonError('MON_NOT_FOUND', words, { hint: 'mon incidents lists them' });
  }
}
