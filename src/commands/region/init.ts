// `mon region init`: writes the configuration of MirrorMaker 2, of each region and of the global
// stack. Talks to nobody; a file that is there is never replaced unasked.
import { BaseCommand, Flags, LIST_FORMATS, outputFlag } from '../../base-command.ts';

export default class RegionInit extends BaseCommand<typeof RegionInit> {
  static override summary = 'write the files that make several regions one global stack';
  static override description =
    'For MirrorMaker 2 and for mon: each region over its own Kafka, and a global stack that ' +
    'reads copies of their topics.';
  static override examples = [
    '<%= config.bin %> region init --region eu=k1.eu:9092 --region us=k1.us:9092 --global g1:9092',
  ];
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    region: Flags.string({
      multiple: true,
      required: true,
      helpValue: 'NAME=HOST:PORT,…',
      description: 'a region and the brokers of its Kafka; may be given again',
    }),
    global: Flags.string({
      required: true,
      helpValue: 'HOST:PORT,…',
      description: 'brokers of the global Kafka',
    }),
    topic: Flags.string({ helpValue: 'NAME', description: 'of samples; metrics.raw by default' }),
    label: Flags.string({ helpValue: 'NAME', description: 'that tells the region; region' }),
    replication: Flags.integer({ min: 1, max: 9, description: 'replicas of each partition; 3' }),
    dir: Flags.string({ helpValue: 'DIR', default: '.', description: 'where to write them' }),
    force: Flags.boolean({ description: 'replace files that are there' }),
  };

  protected async work(): Promise<number> {
    const { initRegions } = await import('../../engine/daemons/region-files.ts');
    const { resolve } = await import('node:path');
    const { region: regions, global, topic, label, replication, dir, force } = this.flags;
    const folder = resolve(dir);
    const asked = { regions, global, topic, label, replication, folder, force };
    const rows = (await initRegions(asked)).map(({ path, use }) => [path, use]);
    const columns = [{ name: 'file' }, { name: 'use' }];
    await this.printListing({ kind: 'RegionFiles', columns, rows, valueColumn: 0 });
    return 0;
  }
}
