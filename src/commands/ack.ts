// `mon ack`: somebody has seen it. Stops the escalation and tells PagerDuty. Easy to get wrong: a
// number is an incident, anything else says which alerts.
import { Args, BaseCommand, Flags, LIST_FORMATS, outputFlag } from '../base-command.ts';
import { serverFlags } from '../base-command.ts';

export default class Ack extends BaseCommand<typeof Ack> {
  static override summary = 'acknowledge an incident, so that nobody else is woken';
  static override description = `Takes the number of an incident, or matchers of its alerts.
Exits with 5 when no open incident is meant.`;
  static override examples = [
    "<%= config.bin %> ack 12 -c 'looking at it'",
    '<%= config.bin %> ack alertname=HighCpu host=~web.*',
  ];
  static override strict = false;
  static override args = {
    what: Args.string({ description: 'INCIDENT or MATCHER…', required: true, ignoreStdin: true }),
  };
  static override flags = {
    comment: Flags.string({ char: 'c', helpValue: 'TEXT', description: 'why, or what you do' }),
    author: Flags.string({ char: 'a', helpValue: 'NAME', description: '$USER by default' }),
    ...outputFlag(...LIST_FORMATS),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { acknowledge } = await import('../cli/alert-run.ts');
    const { incidentListing } = await import('../cli/alert-text.ts');
    const { words, stage, flags } = this;
    const found = await acknowledge(await this.alertClient(), words, flags, stage);
    await this.printListing(incidentListing(found, stage.clock.now()));
    return 0;
  }
}
