// `mon alerts`: what pends and fires on a server. With
// --fail-firing it is a check for scripts.
import { BaseCommand, Flags, LIST_FORMATS, outputFlag, serverFlags } from '../base-command.ts';

export default class Alerts extends BaseCommand<typeof Alerts> {
  static override summary = 'list alerts';
  static override description = `--fail-firing exits with 3 when any alert fires;
--fail-firing=P2 only when one of severity P1 or P2 does.`;
  static override examples = [
    '<%= config.bin %> alerts',
    '<%= config.bin %> alerts --fail-firing=P1',
  ];
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    'fail-firing': Flags.string({ helpValue: 'SEVERITY', description: 'exit with 3' }),
    ...serverFlags,
  };
  static override bareFlags = { 'fail-firing': 'any' };

  protected async work(): Promise<number> {
    const { alertsListing, failsAt } = await import('../cli/alerts-run.ts');
    const alerts = await (await this.client()).alerts(this.signal);
    await this.printListing(alertsListing(alerts));
    const level = this.flags['fail-firing'];
    return level !== undefined && failsAt(alerts, level) ? 3 : 0;
  }
}
