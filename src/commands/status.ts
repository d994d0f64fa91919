// `mon status`: which servers run here, or how a named one is. Easy to get wrong: a server that
// does not answer is an answer to this question, not a failure of it.
import {
  BaseCommand,
  LIST_FORMATS,
  folderFlags,
  outputFlag,
  serverFlags,
} from '../base-command.ts';

export default class Status extends BaseCommand<typeof Status> {
  static override summary = 'show the servers that run here, or a named one';
  static override description =
    'Exits with 5 when nothing runs, with 1 when a server is not ready.';
  static override flags = { ...outputFlag(...LIST_FORMATS), ...folderFlags, ...serverFlags };

  protected async work(): Promise<number> {
    const { clusterStatus, localStatus, remoteStatus } = await import('../cli/status-run.ts');
    const { foldersOf, neededRunning, runningIn } = await import('../cli/running.ts');
    const { stage, flags } = this;
    const folders = foldersOf(flags, stage.env);
    const local = flags.demo || flags['data-dir'] !== undefined;
    const server = local ? undefined : await this.server();
    const named = server !== undefined && server.from !== 'default';
    if (!named) neededRunning(folders);
    const all = named ? [] : runningIn(folders);
    // A cluster that runs alone is told process by process.
    const [only] = all;
    const cluster = all.length === 1 ? await clusterStatus(only, stage) : undefined;
    const plain = named ? remoteStatus(server, stage) : localStatus(all, stage);
    const listing = cluster ?? (await plain);
    await this.printListing(listing);
    return listing.rows.every((row) => row[1] === 'ready') ? 0 : 1;
  }
}
