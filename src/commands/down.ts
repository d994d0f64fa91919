// `mon down`: stops a server of this machine and waits until it has drained. Easy to get wrong:
// told to stop is not stopped; only the folder that was let go of says so.
import { BaseCommand, Flags, folderFlags } from '../base-command.ts';

export default class Down extends BaseCommand<typeof Down> {
  static override summary = 'stop the server that runs here';
  static override description = `Without flags it stops the server on your data folder,
else the demo. Exits with 5 when nothing runs.`;
  static override flags = {
    ...folderFlags,
    timeout: Flags.string({
      helpValue: 'DURATION',
      default: '60s',
      description: 'give up waiting after this time, with exit code 124',
    }),
  };

  protected async work(): Promise<number> {
    const { foldersOf, neededRunning, stopServer } = await import('../cli/running.ts');
    const { stage } = this;
    const running = neededRunning(foldersOf(this.flags, stage.env));
    await stopServer(running, stage);
    await stage.note(`stopped process ${running.owner.pid} on ${running.folder}`);
    return 0;
  }
}
