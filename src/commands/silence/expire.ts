// `mon silence expire`: ends silences now. The beginning of an id is enough.
// Easy to get wrong: a beginning that means several silences must end none of them.
import { Args, BaseCommand, serverFlags } from '../../base-command.ts';

export default class SilenceExpire extends BaseCommand<typeof SilenceExpire> {
  static override summary = 'end silences now';
  static override strict = false;
  static override args = {
    ids: Args.string({ description: 'ID…', required: true, ignoreStdin: true }),
  };
  static override flags = { ...serverFlags };

  protected async work(): Promise<number> {
    const { silenceNamed } = await import('../../cli/alert-run.ts');
    const client = await this.alertClient();
    for (const id of this.words) {
      await client.expire((await silenceNamed(client, id, this.signal)).id, this.signal);
    }
    return 0;
  }
}
