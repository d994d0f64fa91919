// `mon bench`: what this machine does with a CPU second, measured against servers that it starts
// for that in a folder of their own. Ends what it started, also when it is interrupted.
import { Args, BaseCommand, Flags, outputFlag } from '../base-command.ts';

export default class Bench extends BaseCommand<typeof Bench> {
  static override summary = 'measure what this machine does with a CPU second';
  static override description = `Starts servers of its own on loopback in a temporary folder, loads
them with a made-up fleet and counts CPU, memory and bytes.
All parts together are saved to $XDG_STATE_HOME/mon/figures.json, which mon plan computes with.`;
  static override examples = [
    '<%= config.bin %> bench',
    '<%= config.bin %> bench ingest --seconds 5 -o json',
    '<%= config.bin %> bench --brokers 127.0.0.1:9092 --replication 1 --save figures.json',
  ];
  static override drains = true;
  static override args = {
    part: Args.string({
      description: 'ingest, store, query, rules or kafka; all of them by default',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    ...outputFlag('table', 'json'),
    seconds: Flags.integer({ min: 1, max: 600, default: 10, description: 'of load in each part' }),
    brokers: Flags.string({ helpValue: 'HOST:PORT,…', description: 'Kafka to measure over' }),
    replication: Flags.integer({ min: 1, max: 9, description: 'replicas of the topic there' }),
    save: Flags.string({ helpValue: 'FILE', description: 'where to write the figures' }),
  };

  protected async work(): Promise<number> {
    const { runBench } = await import('../cli/bench-run.ts');
    await runBench({ ...this.flags, part: this.args.part }, this.stage);
    return 0;
  }
}
