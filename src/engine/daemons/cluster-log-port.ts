// What a log offers to the roles of a cluster, whichever log it is, and what they say of themselves
// when they open it. Easy to get wrong: a process that only reads has no encoder, and one that
// acknowledges samples over Kafka needs a spool.
import type { Log, Offset } from '../ports.ts';
import type { FarEncoder } from '../remote/log-wire.ts';

/** A log that tells about all its partitions at once. */
export interface ClusterLog extends Log {
  /** Which log this is among all that there are; undefined for the one of the process `log`. */
  readonly identity?: string;
  /** The first offset that each partition still holds. */
  starts(): Promise<readonly Offset[]>;
  /** One past the last durable record of each partition. */
  ends(ms?: number): Promise<readonly Offset[]>;
}

export interface ClusterLogOptions {
  /** For processes that append. */
  readonly encoder?: FarEncoder;
  /** How long a question waits for a log that is away. */
  readonly waitMs?: number;
  /** Over Kafka: what is acknowledged while the brokers are away lies on this process's disk. */
  readonly spool?: boolean;
  /** The name of its reader, for who shows how far it is behind. */
  readonly reader?: string;
}
