// `mon silence extend`: lets silences end later. Prints the ids they then have.
// Easy to get wrong: what has expired cannot be extended; it would begin anew.
import { Args, BaseCommand, Flags, serverFlags } from '../../base-command.ts';

export default class SilenceExtend extends BaseCommand<typeof SilenceExtend> {
  static override summary = 'let silences end later';
  static override examples = ['<%= config.bin %> silence extend 4fec14cf -d 1h'];
  static override strict = false;
  static override args = {
    ids: Args.string({ description: 'ID…', required: true, ignoreStdin: true }),
  };
  static override flags = {
    duration: Flags.string({ char: 'd', helpValue: 'DURATION', default: '1h', description: 'by' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { extendSilences } = await import('../../cli/alert-run.ts');
    await extendSilences(await this.alertClient(), this.words, this.flags.duration, this.stage);
    return 0;
  }
}
