// What reading the configuration of a running server again has changed: told by the daemon, carried
// by the API, printed by `mon reload`. Plain data.

export interface ReloadReport {
  /** Names of scrape jobs. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** Jobs that go on as they were. */
  readonly kept: number;
  /** Other settings that differ and are followed from now on; an old server tells none. */
  readonly applied?: readonly string[];
  /** Settings that differ in the file and count only after a restart. */
  readonly restart: readonly string[];
  /** Sentences with their places, for fields that are known but not used. */
  readonly warnings: readonly string[];
}
