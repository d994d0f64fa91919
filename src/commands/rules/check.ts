// `mon rules check`: whether mon up would take these rule files. Reads them with the same reader,
// so that the two can never disagree.
import { Args, BaseCommand, Flags } from '../../base-command.ts';

export default class RulesCheck extends BaseCommand<typeof RulesCheck> {
  static override summary = 'check rule files';
  static override description = `Every file is checked. Exits with 2 and shows the place when
there is a mistake in one, with 3 for doubled rules when --lint-fatal is given.`;
  static override args = {
    files: Args.string({
      multiple: true,
      required: true,
      ignoreStdin: true,
      description: 'rule files or globs; - is stdin',
    }),
  };
  static override flags = {
    'lint-fatal': Flags.boolean({ description: 'doubled rules fail the check' }),
  };

  protected async work(): Promise<number> {
    const { checkRules } = await import('../../cli/rules-run.ts');
    return await checkRules(this.args.files, this.flags['lint-fatal'], this.stage);
  }
}
