// `mon kafka init`: makes the topics that mon needs, and checks those that are there already.
// It talks to Kafka alone: no server of mon has to run, and no topic that exists is changed.
import { BaseCommand, LIST_FORMATS, kafkaFlags, outputFlag } from '../../base-command.ts';

export default class KafkaInit extends BaseCommand<typeof KafkaInit> {
  static override summary =
    'make the topics that mon needs in Kafka, and check those that are there';
  static override description =
    'Exits with 1 when a topic is otherwise than it has to be. Changes no topic that exists.';
  static override examples = ['<%= config.bin %> kafka init --brokers 127.0.0.1:9092'];
  static override flags = { ...outputFlag(...LIST_FORMATS), ...kafkaFlags };

  protected async work(): Promise<number> {
    const { kafkaTopics } = await import('../../engine/daemons/kafka-admin.ts');
    const { kafkaSettings } = await import('../../cli/kafka-flags.ts');
    const { topicsListing } = await import('../../cli/kafka-run.ts');
    const { partitions, replication, compression } = this.flags;
    const settings = kafkaSettings(this.flags);
    const asked = { settings, partitions, replication, compression, init: true };
    const { listing, well } = topicsListing(await kafkaTopics(asked));
    await this.printListing(listing);
    return well ? 0 : 1;
  }
}
