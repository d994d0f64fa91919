// `mon config init`: a starter of the configuration, commented, where mon up looks for it. A file
// that is there already is never replaced unasked.
import { Args, BaseCommand, Flags } from '../../base-command.ts';

export default class ConfigInit extends BaseCommand<typeof ConfigInit> {
  static override summary = 'write a starter of the configuration';
  static override description = `Without a name it goes to where mon up looks for it:
$XDG_CONFIG_HOME/mon/prometheus.yml, by default ~/.config/mon/prometheus.yml.`;
  static override args = {
    file: Args.string({ description: 'where to write it; - is stdout', ignoreStdin: true }),
  };
  static override flags = {
    force: Flags.boolean({ description: 'replace a file that is there' }),
  };

  protected async work(): Promise<number> {
    const { initConfig } = await import('../../cli/config-run.ts');
    await initConfig(this.args.file, this.flags.force, this.stage);
    return 0;
  }
}
