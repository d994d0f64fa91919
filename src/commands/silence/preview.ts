// `mon silence preview`: which of the alerts that fire now a silence would hide. Changes nothing.
// Easy to get wrong: what is silenced already is shown too, with that state.
import { Args, BaseCommand, LIST_FORMATS, outputFlag, serverFlags } from '../../base-command.ts';

export default class SilencePreview extends BaseCommand<typeof SilencePreview> {
  static override summary = 'show what a silence would hide now';
  static override strict = false;
  static override args = {
    matchers: Args.string({ description: 'MATCHER…', required: true, ignoreStdin: true }),
  };
  static override flags = { ...outputFlag(...LIST_FORMATS), ...serverFlags };

  protected async work(): Promise<number> {
    const { previewListing } = await import('../../cli/alert-run.ts');
    await this.printListing(
      await previewListing(await this.alertClient(), this.words, this.signal),
    );
    return 0;
  }
}
