// The tiers of a configuration for commands that look at them without a server: wiring only. Easy
// to get wrong: a log over Kafka has as many partitions as its topic, which nobody is asked for
// here.
import { inspectCold, verifyCold, type ColdVerdict, type InspectedCold } from '../cold/inspect.ts';
import { openObjects } from '../cold/open-objects.ts';
import { UserError } from '../errors.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { zoneStore } from './cluster-tiers.ts';
import type { MonConfig } from './config.ts';

const TOPIC_PARTITIONS_MAX = 256;

function partitionsOf({ kafka, partitions }: MonConfig): number {
  return kafka === undefined ? partitions : TOPIC_PARTITIONS_MAX;
}

/** Of a zone of a cluster, or of one process. */
function storeOf({ tiers }: MonConfig, zone?: string) {
  if (tiers?.store !== undefined) {
    return zone === undefined ? tiers.store : zoneStore(tiers.store, zone);
  }
  throw new UserError('the configuration has no cold tier', {
    hint: 'write mon.tiers with store: FOLDER, or with s3:',
  });
}

/** What lies in the cold tier. @throws UserError without one, MonError of the store. */
export async function inspectTiers(config: MonConfig, zone?: string): Promise<InspectedCold[]> {
  const objects = await openObjects(storeOf(config, zone), systemDisk);
  return inspectCold(objects, partitionsOf(config));
}

/** Every file of it that was read whole. @throws as inspectTiers does. */
export async function* verifyTiers(config: MonConfig, zone?: string): AsyncIterable<ColdVerdict> {
  const objects = await openObjects(storeOf(config, zone), systemDisk);
  yield* verifyCold(objects, partitionsOf(config));
}
