// `mon config show`: what is in force, defaults included, secrets hidden. What it prints is a
// configuration again.
import { Args, BaseCommand } from '../../base-command.ts';

export default class ConfigShow extends BaseCommand<typeof ConfigShow> {
  static override summary = 'print a configuration with all defaults filled in';
  static override args = {
    file: Args.string({ description: 'the one mon up takes by default', ignoreStdin: true }),
  };

  protected async work(): Promise<number> {
    const { showConfig } = await import('../../cli/config-run.ts');
    await showConfig(this.args.file, this.stage);
    return 0;
  }
}
