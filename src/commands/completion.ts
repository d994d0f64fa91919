// `mon completion`: the script that makes a shell complete mon's words. The script itself knows
// nothing; it asks `mon __complete` at every Tab.
import { Args, BaseCommand } from '../base-command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export default class Completion extends BaseCommand<typeof Completion> {
  static override summary = 'print a completion script for bash, zsh or fish';
  static override examples = [
    'echo "source <(<%= config.bin %> completion bash)" >> ~/.bashrc',
    'echo "source <(<%= config.bin %> completion zsh)" >> ~/.zshrc',
    '<%= config.bin %> completion fish > ~/.config/fish/completions/<%= config.bin %>.fish',
  ];
  static override args = {
    shell: Args.string({
      required: true,
      options: [...SHELLS],
      description: 'bash, zsh or fish',
      ignoreStdin: true,
    }),
  };

  protected async work(): Promise<number> {
    const { completionScript } = await import('../cli/completion.ts');
    await this.stage.print([completionScript(this.args.shell as (typeof SHELLS)[number])]);
    return 0;
  }
}
