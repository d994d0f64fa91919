// `mon logs`: the log of a server that was started with --detach, and of any other one of this
// machine: the last lines, and with -f what comes after them.
import { BaseCommand, Flags, folderFlags } from '../base-command.ts';

export default class Logs extends BaseCommand<typeof Logs> {
  static override summary = 'print the log of the server that runs here';
  static override flags = {
    ...folderFlags,
    follow: Flags.boolean({ char: 'f', description: 'go on with what is written from now on' }),
    role: Flags.string({
      helpValue: 'ROLE',
      description: 'of a cluster: one role, or one process such as store-0',
    }),
    lines: Flags.integer({
      char: 'n',
      min: 0,
      default: 100,
      description: 'of what is there already',
    }),
  };

  protected async work(): Promise<number> {
    const { foldersOf } = await import('../cli/running.ts');
    const { printLog } = await import('../cli/log-tail.ts');
    const { stage, flags } = this;
    await printLog(foldersOf(flags, stage.env), flags, stage);
    return 0;
  }
}
