// `mon notify test`: sends a test to a receiver, past all routing, and says what became of it.
// Easy to get wrong: the server sends it, so what is tested is the server's own file.
import { Args, BaseCommand, LIST_FORMATS, outputFlag, serverFlags } from '../../base-command.ts';

export default class NotifyTest extends BaseCommand<typeof NotifyTest> {
  static override summary = 'send a test notification to a receiver';
  static override description = 'Exits with 1 when one of its integrations does not take it.';
  static override args = {
    receiver: Args.string({ description: 'name in the routing file', required: true }),
  };
  static override flags = { ...outputFlag(...LIST_FORMATS), ...serverFlags };

  protected async work(): Promise<number> {
    const client = await this.alertClient();
    const outcomes = await client.test(this.args.receiver, this.signal);
    await this.printListing({
      kind: 'NotifyTest',
      columns: ['receiver', 'kind', 'ok', 'words'].map((name) => ({ name })),
      rows: outcomes.map(({ receiver, kind, ok, words }) => [receiver, kind, ok, words]),
      valueColumn: 2,
    });
    return outcomes.every(({ ok }) => ok) ? 0 : 1;
  }
}
