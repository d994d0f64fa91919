// `mon test rules`: unit tests of rules in promtool's
// format. Needs no server and no data.
import { Args, BaseCommand, Flags } from '../../base-command.ts';

export default class TestRules extends BaseCommand<typeof TestRules> {
  static override summary = "run unit tests of rules, in promtool's format";
  static override description = `Paths of rule files in a test start from its folder.
Exits with 3 when any test fails.`;
  static override examples = [
    '<%= config.bin %> test rules rules_test.yml',
    '<%= config.bin %> test rules tests/*.yml --junit report.xml',
  ];
  static override args = {
    files: Args.string({
      multiple: true,
      required: true,
      ignoreStdin: true,
      description: 'test files; - is stdin',
    }),
  };
  static override flags = {
    run: Flags.string({ helpValue: 'REGEX', description: 'only tests of such names' }),
    junit: Flags.string({ helpValue: 'FILE', description: 'write a JUnit report too' }),
  };

  protected async work(): Promise<number> {
    const { runRuleTests } = await import('../../cli/test-rules-run.ts');
    const { run, junit } = this.flags;
    return await runRuleTests(this.args.files, { run, junit }, this.stage);
  }
}
