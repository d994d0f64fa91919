// `mon export`: the samples themselves of some series, to stdout, in a form that other programs and
// `mon import` read. Easy to get wrong: no form may change a value that it can hold.
import { BaseCommand, Flags, outputFlag, serverFlags, usageError } from '../base-command.ts';

export default class Export extends BaseCommand<typeof Export> {
  static override summary = 'write samples as Parquet, CSV, JSON lines or exposition text';
  static override description = `Writes all samples of the series that any SELECTOR matches.
Parquet, CSV, JSON lines and remote-write bodies keep every bit, stale markers and native
histograms included; prom and openmetrics hold floats.`;
  static override examples = [
    `<%= config.bin %> export up --since 1d > up.jsonl`,
    `<%= config.bin %> export '{job="node"}' -o parquet > node.parquet`,
    '<%= config.bin %> export up -o openmetrics > up.om',
  ];
  static override strict = false;
  static override usage = 'export SELECTOR… [-o FORM] [--from TIME] [--to TIME]';
  static override flags = {
    ...outputFlag('jsonl', 'csv', 'parquet', 'prom', 'openmetrics', 'remote-write'),
    from: Flags.string({ helpValue: 'TIME', description: 'samples from this time on' }),
    to: Flags.string({ helpValue: 'TIME', description: 'samples up to this time' }),
    since: Flags.string({ helpValue: 'DURATION', description: 'samples of this time back' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { words, stage, flags } = this;
    if (words.length === 0) throw usageError('no selector given', 'export');
    const { runExport } = await import('../cli/export-run.ts');
    const writeBytes = (pages: AsyncIterable<Uint8Array>) => this.writeBytes(pages);
    const server = await this.server();
    return await runExport({ selectors: words, server, flags, stage, writeBytes });
  }
}
