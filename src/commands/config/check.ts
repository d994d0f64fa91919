// `mon config check`: whether mon up would take this configuration. Reads it with the same reader,
// so that the two can never disagree.
import { Args, BaseCommand } from '../../base-command.ts';

export default class ConfigCheck extends BaseCommand<typeof ConfigCheck> {
  static override summary = 'check a configuration';
  static override description = 'Exits with 2 and shows the place when there is a mistake in it.';
  static override args = {
    file: Args.string({ description: 'the one mon up takes by default', ignoreStdin: true }),
  };

  protected async work(): Promise<number> {
    const { checkConfig } = await import('../../cli/config-run.ts');
    await checkConfig(this.args.file, this.stage);
    return 0;
  }
}
