// What the wiring has to know of a log that it opened, whichever it is, and to which log a data
// folder belongs. Easy to get wrong: a folder's state holds offsets of one log, and of no other.
import { join } from 'node:path';
import { MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { SeriesBook } from '../kernels/series-book.ts';
import type { Log, Sink, State } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import type { Disk } from '../runtime/disk.ts';
import type { Logger } from '../runtime/logger.ts';
import type { KafkaSettings } from './config-kafka.ts';

/** The log of a folder that has never seen Kafka. */
export const EMBEDDED = 'embedded';
const IDENTITY = 'log/identity';

export interface OpenLogOptions {
  readonly dataDir: string;
  /** Of the embedded log; a topic has its own number. */
  readonly partitions: number;
  readonly kafka?: KafkaSettings;
  /** How far back the embedded log reaches at least. */
  readonly keepMs?: number;
  readonly kernels: Kernels;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly state: State;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** Work that the log wants done from time to time. */
export interface LogBeat {
  readonly everyMs: number;
  readonly work: () => Promise<unknown>;
}

export interface OpenedLog {
  readonly log: Log;
  readonly book: SeriesBook;
  /** The epoch of the records that this process writes; -1 where each partition has its own. */
  readonly epoch: number;
  /** How many producers write into a partition at once; undefined: this process alone. */
  readonly epochs?: number;
  readonly doorLimits: { readonly recordBytes?: number };
  readonly beats: readonly LogBeat[];
  /** The sink as the log has to see it. */
  readonly sink: (sink: Sink) => Sink;
}

/** Notes which log the state of this folder belongs to. @throws MonError when it is another one. */
export async function claimFolder(
  { state, dataDir, disk }: Pick<OpenLogOptions, 'state' | 'dataDir' | 'disk'>,
  identity: string,
): Promise<void> {
  const found = await state.get(IDENTITY);
  const begun = found === undefined && (await disk.exists(join(dataDir, 'log', 'meta.json')));
  const owner = found?.value ?? (begun ? EMBEDDED : identity);
  if (owner !== identity) {
    const words = `the state in ${dataDir} belongs to the log ${owner}, not to ${identity}`;
    throw new MonError('MON_CONFIG_INVALID', words, {
      hint: 'give another --data-dir, or go on with the log that it belongs to',
    });
  }
  if (found === undefined) await state.compareAndSet(IDENTITY, identity, 0);
}
