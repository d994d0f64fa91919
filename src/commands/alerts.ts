// `mon alerts`: what pends and fires on a server. With --fail-firing it is a check for scripts,
// with --live the alert centre.
import { BaseCommand, Flags, LIST_FORMATS, outputFlag, serverFlags } from '../base-command.ts';

export default class Alerts extends BaseCommand<typeof Alerts> {
  static override summary = 'list alerts';
  static override description = `--fail-firing exits with 3 when any alert fires;
--fail-firing=P2 only when one of severity P1 or P2 does.`;
  static override examples = [
    '<%= config.bin %> alerts',
    '<%= config.bin %> alerts --fail-firing=P1',
    '<%= config.bin %> alerts --live',
  ];
  static override flags = {
    live: Flags.boolean({ description: 'the alert centre, on the whole terminal' }),
    filter: Flags.string({ helpValue: 'TEXT', description: 'with --live: only alerts with this' }),
    tz: Flags.string({ helpValue: 'ZONE', description: 'with --live: zone of times' }),
    theme: Flags.option({ options: ['dark', 'light'] as const, description: 'background' })(),
    ascii: Flags.boolean({ description: 'draw with ASCII characters alone' }),
    ...outputFlag(...LIST_FORMATS),
    'fail-firing': Flags.string({ helpValue: 'SEVERITY', description: 'exit with 3' }),
    ...serverFlags,
  };
  static override bareFlags = { 'fail-firing': 'any' };

  protected async work(): Promise<number> {
    const { flags, stage } = this;
    if (flags.live) {
      const { runAlertCentre } = await import('../cli/alert-centre-run.ts');
      const asked = [this.alertClient(), this.server(), this.client()] as const;
      const [client, server, ask] = await Promise.all(asked);
      return await runAlertCentre({ client, server, ask, flags, stage, process });
    }
    const { alertsListing, failsAt } = await import('../cli/alerts-run.ts');
    const alerts = await (await this.client()).alerts(this.signal);
    await this.printListing(alertsListing(alerts));
    const level = flags['fail-firing'];
    return level !== undefined && failsAt(alerts, level) ? 3 : 0;
  }
}
