// `mon reload`: has a running server read its configuration again and says what changed. Easy to
// get wrong: what cannot change while it runs is told too, or somebody waits for it in vain.
import { BaseCommand, LIST_FORMATS, outputFlag, serverFlags } from '../base-command.ts';

export default class Reload extends BaseCommand<typeof Reload> {
  static override summary = 'have a server read its configuration again';
  static override description = `What is scraped follows the file at once.
A file with a mistake changes nothing. The server takes it when it was started with
--enable-lifecycle or has a token; SIGHUP to the process does the same without either.`;
  static override examples = [
    '<%= config.bin %> up --config prometheus.yml --enable-lifecycle --detach',
    '<%= config.bin %> reload',
  ];
  static override flags = { ...outputFlag(...LIST_FORMATS), ...serverFlags };

  protected async work(): Promise<number> {
    const { runReload } = await import('../cli/reload-run.ts');
    const client = await this.client();
    await runReload(client, this.stage, (listing) => this.printListing(listing));
    return 0;
  }
}
