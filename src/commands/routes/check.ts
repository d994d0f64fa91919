// `mon routes check`: whether mon up would take this routing file, an alertmanager.yml. Also says
// what of it is read and not used yet.
import { Args, BaseCommand } from '../../base-command.ts';

export default class RoutesCheck extends BaseCommand<typeof RoutesCheck> {
  static override summary = 'check a routing file (alertmanager.yml)';
  static override description = 'Exits with 2 and shows the place when there is a mistake in it.';
  static override strict = false;
  static override args = {
    files: Args.string({ description: 'FILE…', required: true, ignoreStdin: true }),
  };

  protected async work(): Promise<number> {
    const { checkRoutes } = await import('../../cli/routes-run.ts');
    await checkRoutes(this.words, this.stage);
    return 0;
  }
}
