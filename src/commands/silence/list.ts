// `mon silence list`: what is silenced, by whom, why, and until when.
// Those that are over are left out unless they are asked for.
import { Args, BaseCommand, Flags, LIST_FORMATS } from '../../base-command.ts';
import { outputFlag, serverFlags } from '../../base-command.ts';

export default class SilenceList extends BaseCommand<typeof SilenceList> {
  static override summary = 'list silences';
  static override strict = false;
  static override args = {
    matchers: Args.string({ description: 'only silences with these', ignoreStdin: true }),
  };
  static override flags = {
    all: Flags.boolean({ description: 'expired ones too' }),
    ...outputFlag(...LIST_FORMATS),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { silencesListing } = await import('../../cli/alert-run.ts');
    const { words, flags, signal } = this;
    const asked = { all: flags.all, words };
    await this.printListing(await silencesListing(await this.alertClient(), asked, signal));
    return 0;
  }
}
