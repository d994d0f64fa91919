// `mon silence add`: hides alerts for a while. Shows what it would hide now before it asks.
// Easy to get wrong: in a script there is nobody to ask, so it has to say --yes.
import { Args, BaseCommand, Flags, serverFlags } from '../../base-command.ts';

export default class SilenceAdd extends BaseCommand<typeof SilenceAdd> {
  static override summary = 'silence alerts for a while';
  static override description = `Shows which of the alerts that fire now would be hidden, asks,
and prints the id of the silence. A bare word is the name of an alert.`;
  static override examples = [
    "<%= config.bin %> silence add alertname=HighCpu host=~web.* -d 2h -c 'rolling restart'",
    '<%= config.bin %> silence add HighCpu -d 30m -c deploy --yes',
  ];
  static override strict = false;
  static override args = {
    matchers: Args.string({ description: 'MATCHER…', required: true, ignoreStdin: true }),
  };
  static override flags = {
    duration: Flags.string({
      char: 'd',
      helpValue: 'DURATION',
      default: '1h',
      description: 'how long',
    }),
    start: Flags.string({ helpValue: 'TIME', description: 'when it begins; now by default' }),
    comment: Flags.string({ char: 'c', helpValue: 'TEXT', description: 'why' }),
    author: Flags.string({ char: 'a', helpValue: 'NAME', description: '$USER by default' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { addSilence } = await import('../../cli/alert-run.ts');
    return await addSilence(await this.alertClient(), this.words, this.flags, this.stage);
  }
}
