// `mon rules explain`: what rules become: their
// PromQL, and how they run. Needs no server.
import { Args, BaseCommand, Flags } from '../../base-command.ts';

export default class RulesExplain extends BaseCommand<typeof RulesExplain> {
  static override summary = 'show the PromQL of rules and how they run';
  static override args = {
    files: Args.string({
      multiple: true,
      required: true,
      ignoreStdin: true,
      description: 'rule files or globs; - is stdin',
    }),
  };
  static override flags = {
    rule: Flags.string({ helpValue: 'NAME', description: 'only rules of this name' }),
  };

  protected async work(): Promise<number> {
    const { showRules } = await import('../../cli/rules-run.ts');
    return await showRules(this.args.files, this.flags.rule, this.stage);
  }
}
