// `mon store dump`: the series and samples of one block file, as JSON lines. Values are text, so
// that what JSON has no number for is told too.
import { resolve } from 'node:path';
import { Args, BaseCommand } from '../../base-command.ts';

export default class StoreDump extends BaseCommand<typeof StoreDump> {
  static override summary = 'print the series and samples of one block file';
  static override description =
    'A JSON line for each series: labels, then [ms, value] pairs. A histogram is written as the ' +
    'query API does.';
  static override args = {
    file: Args.string({ required: true, description: 'a .block file', ignoreStdin: true }),
  };

  protected async work(): Promise<number> {
    const { dumpLines } = await import('../../cli/store-run.ts');
    const { safeChunks } = await import('../../cli/listing.ts');
    const { stage } = this;
    const file = resolve(this.args.file);
    await stage.print(await safeChunks(() => dumpLines(file), stage.surface));
    return 0;
  }
}
