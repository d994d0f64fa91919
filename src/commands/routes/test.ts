// `mon routes test`: which receivers an alert with these labels would be told to. Exits with 3 when
// they are not the ones that were expected.
import { Args, BaseCommand, Flags } from '../../base-command.ts';

export default class RoutesTest extends BaseCommand<typeof RoutesTest> {
  static override summary = 'show the receivers of an alert';
  static override examples = [
    '<%= config.bin %> routes test alertmanager.yml severity=critical service=api',
    '<%= config.bin %> routes test alertmanager.yml team=db --expect team-db-pager',
  ];
  static override strict = false;
  static override args = {
    file: Args.string({ description: 'an alertmanager.yml', required: true, ignoreStdin: true }),
  };
  static override flags = {
    expect: Flags.string({ helpValue: 'NAMES', description: 'receivers, joined by commas' }),
  };

  protected async work(): Promise<number> {
    const { testRoutes } = await import('../../cli/routes-run.ts');
    const [file, ...labels] = this.words;
    return await testRoutes(file, labels, this.flags.expect, this.stage);
  }
}
