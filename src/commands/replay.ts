// `mon replay`: has what was derived from samples computed anew from a time on, and waits for it.
// Easy to get wrong: who stops waiting does not stop the server's work.
import { BaseCommand, Flags, LIST_FORMATS, outputFlag, serverFlags } from '../base-command.ts';

export default class Replay extends BaseCommand<typeof Replay> {
  static override summary = 'compute rollups or rules anew from stored samples';
  static override description = `The server works through the time from --from on,
as far back as it has samples; running it twice changes nothing.
Of rules, what they record and the states of their alerts are written where
nothing stands yet; nobody is told of alerts of the past.
Tells how much waits until all is done; stopping it does not stop the server.`;
  static override examples = [
    '<%= config.bin %> replay --group rollup --from now-2d',
    '<%= config.bin %> replay --group rollup --from 2026-01-31T00:00:00Z -o json',
    '<%= config.bin %> replay --group alert --from now-6h',
  ];
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    group: Flags.string({ required: true, description: 'what to compute anew: rollup or alert' }),
    from: Flags.string({ required: true, description: 'where to begin: now-2d, RFC 3339' }),
    ...serverFlags,
  };

  protected async work(): Promise<number> {
    const { replayAndWait } = await import('../cli/replay-run.ts');
    const { group, from } = this.flags;
    await this.printListing(
      await replayAndWait(await this.client(), { group, from, stage: this.stage }),
    );
    return 0;
  }
}
