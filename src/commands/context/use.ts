// `mon context use`: which server is asked when nothing else is said. Flags and the environment
// still beat it.
import { Args, BaseCommand } from '../../base-command.ts';

export default class ContextUse extends BaseCommand<typeof ContextUse> {
  static override summary = 'choose the server that is asked by default';
  static override args = {
    name: Args.string({ required: true, description: 'name of a context', ignoreStdin: true }),
  };

  protected async work(): Promise<number> {
    const { useContext } = await import('../../cli/context-run.ts');
    await useContext(this.args.name, this.stage);
    return 0;
  }
}
