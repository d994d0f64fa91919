// `mon push`: samples from stdin or a file into a mon: exposition text, OpenMetrics or JSON. Easy
// to get wrong: some samples may be refused while the rest is stored; then it fails and says both.
import {
  Args,
  BaseCommand,
  Flags,
  LIST_FORMATS,
  outputFlag,
  serverFlags,
} from '../base-command.ts';

export default class Push extends BaseCommand<typeof Push> {
  static override summary = 'store samples from stdin or a file';
  static override description = `Takes exposition text, OpenMetrics (ending in # EOF)
or JSON of the form {"metrics": {"name": value}, "labels": {"name": "value"}}.
Samples without a timestamp get the time at which they arrive.
Exits with 1 when the server refuses some of them.`;
  static override examples = [
    "echo 'backup_done 1' | <%= config.bin %> push",
    '<%= config.bin %> query up -o prom | <%= config.bin %> push --url http://other:9590',
  ];
  static override args = {
    file: Args.string({ description: 'stdin when left out or -', default: '-', ignoreStdin: true }),
  };
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    format: Flags.option({
      options: ['auto', 'text', 'openmetrics', 'json'] as const,
      default: 'auto',
      description: 'what the input is',
    })(),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { pushInput } = await import('../cli/push-run.ts');
    const client = await this.client();
    const { listing, refused } = await pushInput(client, {
      file: this.args.file,
      format: this.flags.format,
      stage: this.stage,
    });
    await this.printListing(listing);
    return refused === 0 ? 0 : 1;
  }
}
