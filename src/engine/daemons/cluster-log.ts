// The log as the roles of a cluster see it: the one place that decides which log that is. Today it
// is the process `log`, over a socket. Easy to get wrong: offsets of all partitions are asked for
// with every query, so they have to be one question and not one for each partition.
import type { Log, Offset } from '../ports.ts';
import { RemoteLog } from '../remote/log-client.ts';
import type { FarEncoder } from '../remote/log-wire.ts';
import type { RoleWorld } from './role-frame.ts';

/** A log that tells about all its partitions at once. */
export interface ClusterLog extends Log {
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
}

/** @throws MonError when the log does not answer in time. */
export function openClusterLog(
  world: RoleWorld,
  { encoder, waitMs }: ClusterLogOptions = {},
): Promise<ClusterLog> {
  const { clock } = world;
  return RemoteLog.open({ link: world.hub('log', waitMs), clock, ...(encoder && { encoder }) });
}
