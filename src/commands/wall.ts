// `mon wall`: dashboards on the screen that hangs on the wall, one after the other. Everything that
// draws is loaded when it runs.
import { BaseCommand, Flags, serverFlags } from '../base-command.ts';

export default class Wall extends BaseCommand<typeof Wall> {
  static override summary = 'show dashboards on a wall, one after the other';
  static override description = `Read only, for a screen that people look at from afar.
Without a name it shows what the server has data for: services, hosts, mon.
Keys: q quit, arrows turn the page, Space holds it.`;
  static override examples = [
    '<%= config.bin %> wall',
    '<%= config.bin %> wall services shop.yml --every 30s',
  ];
  static override usage = 'wall [DASHBOARD…]';
  static override strict = false;
  static override flags = {
    every: Flags.string({ helpValue: 'DURATION', description: 'turn the page this often' }),
    since: Flags.string({ helpValue: 'DURATION', description: 'time shown' }),
    refresh: Flags.string({ helpValue: 'DURATION', description: 'ask at most this often' }),
    tz: Flags.string({ helpValue: 'ZONE', description: 'zone of times: utc, local or a name' }),
    theme: Flags.option({ options: ['dark', 'light'] as const, description: 'background' })(),
    ascii: Flags.boolean({ description: 'draw with ASCII characters alone' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { runWall } = await import('../cli/wall-run.ts');
    const [client, server] = await Promise.all([this.client(), this.server()]);
    const { words: names, flags, stage } = this;
    return await runWall({ names, client, server, flags, stage, process });
  }
}
