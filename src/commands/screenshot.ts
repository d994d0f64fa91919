// `mon screenshot`: a picture of a screen, made without a terminal, for pages and reports. What
// draws is loaded when it runs.
import { resolve } from 'node:path';
import { Args, BaseCommand, Flags, serverFlags } from '../base-command.ts';

export default class Screenshot extends BaseCommand<typeof Screenshot> {
  static override summary = 'write a picture of a screen: SVG or text';
  static override description = `Runs the screen without a terminal until its picture stands still.
Without --output the text is printed. A wall or a dashboard is given by name or file.`;
  static override examples = [
    '<%= config.bin %> screenshot top --size 120x40 -o top.svg',
    '<%= config.bin %> screenshot dash service --size 160x45 -o service.svg',
    '<%= config.bin %> screenshot wall services --size 200x50 --theme light -o wall.svg',
  ];
  static override usage = 'screenshot SCREEN [DASHBOARD…]';
  static override strict = false;
  static override args = {
    screen: Args.string({
      required: true,
      options: ['top', 'alerts', 'wall', 'dash'],
      description: 'top, alerts, wall or dash',
    }),
  };
  static override flags = {
    size: Flags.string({ helpValue: 'CxR', default: '120x40', description: 'columns and rows' }),
    output: Flags.string({ char: 'o', helpValue: 'FILE', description: 'ends in .svg or .txt' }),
    since: Flags.string({ helpValue: 'DURATION', description: 'time shown' }),
    to: Flags.string({ helpValue: 'TIME', description: 'end of the time shown; now by default' }),
    panel: Flags.string({ helpValue: 'ID', description: 'this chart of mon top alone' }),
    var: Flags.string({ multiple: true, helpValue: 'NAME=VALUE', description: 'of a dashboard' }),
    wait: Flags.string({ helpValue: 'DURATION', default: '2s', description: 'wait at least' }),
    tz: Flags.string({ helpValue: 'ZONE', default: 'utc', description: 'zone of times' }),
    theme: Flags.option({
      options: ['dark', 'light'] as const,
      default: 'dark',
      description: 'background',
    })(),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { runScreenshot } = await import('../cli/screenshot-run.ts');
    const [client, alerts] = await Promise.all([this.client(), this.alertClient()]);
    const { stage } = this;
    const { output } = this.flags;
    // A file is written beside its place first: that needs the whole path.
    const path = output === undefined || output === '-' ? output : resolve(output);
    const flags = { ...this.flags, output: path };
    const screen = this.args.screen as 'top' | 'alerts' | 'wall' | 'dash';
    const server = await this.server();
    const names = this.words.slice(1);
    await runScreenshot({ screen, names, client, alerts, server, flags, stage, process });
    return 0;
  }
}
