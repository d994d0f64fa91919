// `mon version`: what this is, on what it runs. The quickest command there is: its time is the
// price of the frame alone.
import { BaseCommand, LIST_FORMATS, outputFlag } from '../base-command.ts';

export default class Version extends BaseCommand<typeof Version> {
  static override summary = 'print the version';
  static override flags = { ...outputFlag(...LIST_FORMATS) };

  protected async work(): Promise<number> {
    const { version, platform, arch } = this.config;
    const node = process.versions.node;
    if (this.flags.output === 'table') {
      await this.stage.print([`mon ${version} (${platform}-${arch}, node ${node})\n`]);
      return 0;
    }
    const columns = ['version', 'platform', 'arch', 'node'].map((name) => ({ name }));
    const rows = [[version, platform, arch, node]];
    await this.printListing({ kind: 'Version', columns, rows, valueColumn: 0 });
    return 0;
  }
}
