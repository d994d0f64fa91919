// `mon context remove`: forgets a server. Its data and its token file stay where they are; no other
// context becomes the current one in its place.
import { Args, BaseCommand } from '../../base-command.ts';

export default class ContextRemove extends BaseCommand<typeof ContextRemove> {
  static override summary = 'forget a server';
  static override args = {
    name: Args.string({ required: true, description: 'name of a context', ignoreStdin: true }),
  };

  protected async work(): Promise<number> {
    const { removeContext } = await import('../../cli/context-run.ts');
    await removeContext(this.args.name, this.stage);
    return 0;
  }
}
