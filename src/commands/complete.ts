// `mon __complete -- WORDS…`: what the completion scripts ask. Prints an offer a line and never
// fails.
import { Args, BaseCommand } from '../base-command.ts';

/** A Tab waits no longer for a server than this, ms. */
const SERVER_MS_MAX = 700;

export default class Complete extends BaseCommand<typeof Complete> {
  static override summary = 'offer words for the last one of a line';
  static override hidden = true;
  static override hiddenAliases = ['__complete'];
  static override args = {
    words: Args.string({ multiple: true, ignoreStdin: true, description: 'words after mon' }),
  };

  protected async work(): Promise<number> {
    const { candidateLine, candidatesFor } = await import('../cli/completion.ts');
    const world = {
      commands: this.config.commands,
      env: this.stage.env,
      client: () => this.client(SERVER_MS_MAX),
    };
    const found = await candidatesFor(this.args.words ?? [''], world);
    await this.stage.print(found.map(candidateLine));
    return 0;
  }
}
