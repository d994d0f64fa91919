// `mon context list`: the servers that have a name, and which of them is asked when nothing else is
// said.
import { BaseCommand, LIST_FORMATS, outputFlag } from '../../base-command.ts';

export default class ContextList extends BaseCommand<typeof ContextList> {
  static override summary = 'list the servers that have a name';
  static override flags = { ...outputFlag(...LIST_FORMATS) };

  protected async work(): Promise<number> {
    const { contextListing } = await import('../../cli/context-run.ts');
    await this.printListing(await contextListing(this.stage));
    return 0;
  }
}
