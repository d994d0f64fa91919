// `mon import`: samples from files into a mon, in the forms that `mon export` writes and in
// OpenMetrics. Easy to get wrong: some samples may be refused while the rest is stored; then it
// fails and says both.
import {
  BaseCommand,
  Flags,
  LIST_FORMATS,
  outputFlag,
  serverFlags,
  usageError,
} from '../base-command.ts';

export default class Import extends BaseCommand<typeof Import> {
  static override summary = 'store samples from files';
  static override description = `Reads Parquet, CSV, JSON lines and bodies of remote write as
mon export writes them, Prometheus' text and OpenMetrics. Samples that are there already stay as
they are, so a file may be imported again; an import that was interrupted goes on where it stopped.
Exits with 1 when the server refuses some of them.`;
  static override examples = [
    '<%= config.bin %> import up.jsonl',
    '<%= config.bin %> import --format openmetrics dump.txt --url http://new:9590',
  ];
  static override strict = false;
  static override usage = 'import FILE… [--format FORM]';
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    format: Flags.option({
      options: ['auto', 'parquet', 'csv', 'jsonl', 'prom', 'openmetrics', 'remote-write'] as const,
      default: 'auto',
      description: 'what the files are; by their content by default',
    })(),
    'from-start': Flags.boolean({ description: 'send all of a file that was interrupted' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { words, stage, flags } = this;
    if (words.length === 0) throw usageError('no file given', 'import');
    const { runImport } = await import('../cli/import-run.ts');
    const { systemDisk: disk } = await import('../engine/runtime/system-disk.ts');
    const server = await this.server();
    const more = { format: flags.format, fromStart: flags['from-start'] };
    const { listing, refused } = await runImport({ files: words, server, stage, disk, ...more });
    await this.printListing(listing);
    return refused === 0 ? 0 : 1;
  }
}
