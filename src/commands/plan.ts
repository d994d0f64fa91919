// `mon plan`: machines, disks, Kafka and money for a load, from figures that were measured. Asks
// no server.
import { BaseCommand, Flags } from '../base-command.ts';

export default class Plan extends BaseCommand<typeof Plan> {
  static override summary = 'compute machines, disks, Kafka and cost for a load';
  static override description = `Computes with the figures that mon bench saved on this machine, or
with those that ship, which say where they were measured. Inputs and prices are YAML files, see
docs/plan.md. Shows what breaks first at 1 M, 10 M, 100 M and 1 B samples a second, and
the tables of the design documents beside ours.`;
  static override examples = [
    '<%= config.bin %> plan',
    '<%= config.bin %> plan --inputs load.yml --prices prices.yml -o markdown',
  ];
  static override flags = {
    output: Flags.option({
      char: 'o',
      options: ['table', 'json', 'markdown', 'csv'] as const,
      default: 'table',
      description: 'form of the output',
    })(),
    inputs: Flags.string({ helpValue: 'FILE', description: 'load, retention, copies: YAML' }),
    prices: Flags.string({ helpValue: 'FILE', description: 'machines and disks: YAML' }),
    figures: Flags.string({ helpValue: 'FILE', description: 'of mon bench' }),
  };

  protected async work(): Promise<number> {
    const { runPlan } = await import('../cli/plan-run.ts');
    const { stateFolder } = await import('../engine/daemons/folders.ts');
    const { resolve } = await import('node:path');
    const path = (name: string | undefined): string | undefined => name && resolve(name);
    const { inputs, prices, figures, output } = this.flags;
    const asked = {
      ...{ inputsPath: path(inputs), pricesPath: path(prices), figuresPath: path(figures) },
      stateFolder: stateFolder(this.env),
    };
    await runPlan(asked, output, this.stage);
    return 0;
  }
}
