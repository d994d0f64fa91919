// `mon dash`: a dashboard on the whole terminal, of mon's own or a file, live. Everything that
// draws is loaded when it runs; the flags are the view, so that a view can be opened again.
import { Args, BaseCommand, Flags, serverFlags } from '../base-command.ts';

export default class Dash extends BaseCommand<typeof Dash> {
  static override summary = 'show a dashboard live: charts, numbers, tables, heatmaps';
  static override description = `Works with any server of the Prometheus API. A dashboard is a name
(mon dash list), a YAML file, or JSON exported from Grafana.
Press ? for the keys, v for variables, Enter for one panel alone.
The flags are the view that the key c shows, so that a view can be opened again.`;
  static override examples = [
    '<%= config.bin %> dash',
    '<%= config.bin %> dash service --since 15m --var service=cart',
    '<%= config.bin %> dash node-exporter.json --url http://prometheus:9090',
  ];
  static override args = {
    dashboard: Args.string({
      default: 'host',
      ignoreStdin: true,
      description: 'name or file; host by default',
    }),
  };
  static override flags = {
    since: Flags.string({ helpValue: 'DURATION', description: 'time shown' }),
    to: Flags.string({ helpValue: 'TIME', description: 'end of the time shown; now by default' }),
    var: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME=VALUE',
      description: 'value of a variable; again for several, All for all',
    }),
    panel: Flags.string({ helpValue: 'ID', description: 'panel to choose' }),
    zoom: Flags.boolean({ description: 'show the chosen panel alone' }),
    refresh: Flags.string({
      helpValue: 'DURATION',
      description: 'ask at most this often; at least 500ms',
    }),
    tz: Flags.string({ helpValue: 'ZONE', description: 'zone of times: utc, local or a name' }),
    theme: Flags.option({ options: ['dark', 'light'] as const, description: 'background' })(),
    ascii: Flags.boolean({ description: 'draw with ASCII characters alone' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { runDash } = await import('../cli/dash-run.ts');
    const [client, server] = await Promise.all([this.client(), this.server()]);
    const { flags, stage } = this;
    return await runDash({ asked: this.args.dashboard, client, server, flags, stage, process });
  }
}
