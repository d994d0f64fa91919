// `mon help`: the same help that --help prints, and the exit codes. Other errors point here, so
// every `mon help X` in a hint has to exist.
import { Args, BaseCommand, showHelp } from '../base-command.ts';

export default class Help extends BaseCommand<typeof Help> {
  static override summary = 'explain a command, or exit-codes';
  static override examples = ['<%= config.bin %> help query', '<%= config.bin %> help exit-codes'];
  static override args = {
    command: Args.string({ description: 'what to explain', multiple: true, ignoreStdin: true }),
  };

  protected async work(): Promise<number> {
    const words = this.args.command ?? [];
    if (words.join(' ') !== 'exit-codes') {
      await showHelp(this.config, words);
      return 0;
    }
    const { EXIT_MEANINGS } = await import('../cli/exit-codes.ts');
    const lines = EXIT_MEANINGS.map(([code, words]) => `${String(code).padStart(4)}  ${words}\n`);
    await this.stage.print(['EXIT CODES\n', ...lines]);
    return 0;
  }
}
