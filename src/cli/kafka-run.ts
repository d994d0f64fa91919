// What `mon kafka init` and `mon kafka check` show: a row for each topic, or for each thing about
// it that is otherwise than expected.
import type { TopicReport } from '../engine/daemons/kafka-admin.ts';
import type { Listing } from './listing.ts';

/** The rows, and whether all is well. */
export function topicsListing(reports: readonly TopicReport[]): {
  listing: Listing;
  well: boolean;
} {
  const rows = reports.map(({ topic, state, words, hint }) => [topic, state, words, hint]);
  const columns = [{ name: 'topic' }, { name: 'state' }, { name: 'found' }, { name: 'mend' }];
  const well = reports.every(({ state }) => state === 'made' || state === 'good');
  return { listing: { kind: 'KafkaTopics', columns, rows, valueColumn: 0 }, well };
}
