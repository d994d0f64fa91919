// `mon kafka check`: says how the topics of mon differ from what they have to be. Changes nothing.
// It exits with 1 when something is otherwise, and prints the command that mends it.
import { BaseCommand, LIST_FORMATS, kafkaFlags, outputFlag } from '../../base-command.ts';

export default class KafkaCheck extends BaseCommand<typeof KafkaCheck> {
  static override summary = 'check the topics of mon in Kafka';
  static override description =
    'Says what is otherwise than it has to be, and the command that mends it; exits with 1 then.';
  static override examples = ['<%= config.bin %> kafka check --brokers 127.0.0.1:9092'];
  static override flags = { ...outputFlag(...LIST_FORMATS), ...kafkaFlags };

  protected async work(): Promise<number> {
    const { kafkaTopics } = await import('../../engine/daemons/kafka-admin.ts');
    const { kafkaSettings } = await import('../../cli/kafka-flags.ts');
    const { topicsListing } = await import('../../cli/kafka-run.ts');
    const { partitions, replication, compression } = this.flags;
    const settings = kafkaSettings(this.flags);
    const asked = { settings, partitions, replication, compression, init: false };
    const { listing, well } = topicsListing(await kafkaTopics(asked));
    await this.printListing(listing);
    return well ? 0 : 1;
  }
}
