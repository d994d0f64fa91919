// `mon top`: the live overview of a server on the whole terminal. Everything that draws is loaded
// when it runs; the flags are the view, so that a view can be opened again.
import { BaseCommand, Flags, serverFlags } from '../base-command.ts';

export default class Top extends BaseCommand<typeof Top> {
  static override summary = 'watch a server live: charts, targets, health';
  static override description = `Works with any server of the Prometheus API. Press ? for the keys.
The flags are the view that the key c shows, so that a view can be opened again.`;
  static override examples = [
    '<%= config.bin %> top',
    '<%= config.bin %> top --since 1h --panel latency --zoom',
    '<%= config.bin %> top --url http://prometheus:9090 --filter job=api',
  ];
  static override flags = {
    since: Flags.string({ helpValue: 'DURATION', default: '5m', description: 'time shown' }),
    to: Flags.string({ helpValue: 'TIME', description: 'end of the time shown; now by default' }),
    filter: Flags.string({ helpValue: 'TEXT', description: 'only targets with this; ! inverts' }),
    sort: Flags.option({
      options: ['health', 'job', 'instance', 'duration', 'age'] as const,
      default: 'health',
      description: 'order of the targets',
    })(),
    reverse: Flags.boolean({ description: 'the other way round' }),
    panel: Flags.string({ helpValue: 'ID', description: 'chart to choose' }),
    zoom: Flags.boolean({ description: 'show the chosen chart alone' }),
    refresh: Flags.string({
      helpValue: 'DURATION',
      default: '1s',
      description: 'ask at most this often; at least 500ms',
    }),
    tz: Flags.string({ helpValue: 'ZONE', description: 'zone of times: utc, local or a name' }),
    theme: Flags.option({ options: ['dark', 'light'] as const, description: 'background' })(),
    ascii: Flags.boolean({ description: 'draw with ASCII characters alone' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { runTop } = await import('../cli/top-run.ts');
    const [client, server] = await Promise.all([this.client(), this.server()]);
    return await runTop({ client, server, flags: this.flags, stage: this.stage, process });
  }
}
