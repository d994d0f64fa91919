// The flags by which `mon up` becomes a cluster of processes, and the sizes that they mean
// together. Easy to get wrong: no defaults of the parser, for those would count as given, and want
// --cluster beside them.
import { Flags } from '../base-command.ts';

export const clusterFlags = {
  cluster: Flags.boolean({ description: 'as a process for each role instead of one for all' }),
  stores: Flags.integer({
    ...{ min: 1, max: 64, helpValue: 'N', dependsOn: ['cluster'] },
    description: 'store processes, each a zone of its own that holds everything once',
  }),
  zones: Flags.integer({
    ...{ min: 1, max: 26, helpValue: 'N', dependsOn: ['cluster'] },
    description: 'fewer zones than stores: those of a zone share the partitions',
  }),
  collectors: Flags.integer({
    ...{ min: 1, max: 64, helpValue: 'N', dependsOn: ['cluster'] },
    description: 'collector processes, which share the targets',
  }),
};

/** How many processes; a zone has at least one store. */
export function clusterSize(flags: { stores?: number; zones?: number; collectors?: number }) {
  const { stores = 1, zones = Math.min(stores, 26), collectors = 1 } = flags;
  return { stores, zones: Math.min(zones, stores), collectors };
}
