// The tiers of a configuration for commands that look at them without a server: wiring only. Easy
// to get wrong: a log over Kafka has as many partitions as its topic, which nobody is asked for
// here.
import { inspectCold, verifyCold, type ColdVerdict, type InspectedCold } from '../cold/inspect.ts';
import { openObjects } from '../cold/open-objects.ts';
import { UserError } from '../errors.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import type { MonConfig } from './config.ts';

const TOPIC_PARTITIONS_MAX = 256;

function partitionsOf({ kafka, partitions }: MonConfig): number {
  return kafka === undefined ? partitions : TOPIC_PARTITIONS_MAX;
}

function storeOf({ tiers }: MonConfig) {
  if (tiers?.store !== undefined) return tiers.store;
  throw new UserError('the configuration has no cold tier', {
    hint: 'write mon.tiers with store: FOLDER, or with s3:',
  });
}

/** What lies in the cold tier. @throws UserError without one, MonError of the store. */
export async function inspectTiers(config: MonConfig): Promise<InspectedCold[]> {
  const objects = await openObjects(storeOf(config), systemDisk);
  return inspectCold(objects, partitionsOf(config));
}

/** Every file of it that was read whole. @throws as inspectTiers does. */
export async function* verifyTiers(config: MonConfig): AsyncIterable<ColdVerdict> {
  const objects = await openObjects(storeOf(config), systemDisk);
  yield* verifyCold(objects, partitionsOf(config));
}
