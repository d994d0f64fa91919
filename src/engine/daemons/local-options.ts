// Everything that `mon up` needs to know before it starts: plain options, in which the
// configuration file and the flags have become one. Easy to get wrong: what is left out here is a
// decision that somebody else made, not a default.
import type { AggregateRule } from '../collector/aggregate/aggregate-rule.ts';
import type { CardinalityLimits } from '../collector/cardinality-guard.ts';
import type { ScrapeConfig } from '../collector/scrape-config.ts';
import type { ScrapeManager } from '../collector/scrape-manager.ts';
import type { ReloadReport } from '../model/reload-report.ts';
import type { RollupKeep } from '../model/rollup.ts';
import type { PatternRetention } from '../model/upkeep.ts';
import type { Logger } from '../runtime/logger.ts';
import type { TierSettings } from './cold-options.ts';
import type { BehindSettings } from './config-behind.ts';
import type { KafkaSettings } from './config-kafka.ts';
import type { RegionsSettings } from './config-regions.ts';
import type { ListenAddress } from './listen-address.ts';
import type { RuleSettings } from './rules-wiring.ts';

/** Everything decided; the configuration file and the flags are behind. */
export interface LocalOptions {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly partitions: number;
  /** The log over Kafka instead of the embedded one; the topic's partitions count then. */
  readonly kafka?: KafkaSettings;
  /** A store behind mon that keeps the history. */
  readonly behind?: BehindSettings;
  /** Regions whose samples come here too. */
  readonly regions?: RegionsSettings;
  readonly shards: number;
  readonly retentionMs: number;
  readonly retentionBytes?: number;
  /** Folder of the object store that sealed blocks are uploaded to. */
  readonly objectFolder?: string;
  /** Where samples go as they grow old. */
  readonly tiers?: TierSettings;
  readonly retentionFor?: readonly PatternRetention[];
  /** What is kept as rollups; without it there are none. */
  readonly rollups?: RollupKeep;
  /** Deletion and snapshots over the API are somebody's decision. */
  readonly adminApi?: boolean;
  /** Asks over HTTP may reload the configuration, and how that is done; none without a file. */
  readonly lifecycle?: boolean;
  readonly reload?: (targets: ScrapeManager) => Promise<ReloadReport>;
  readonly checkpointMs?: number;
  /** How often what came late for sealed ranges is sealed. */
  readonly sealMs?: number;
  readonly intervalMs: number;
  readonly scrapes: readonly ScrapeConfig[];
  readonly hostAgent: boolean;
  readonly cardinality: CardinalityLimits;
  /** What is folded into windows before it is stored. */
  readonly aggregate?: readonly AggregateRule[];
  /** Where StatsD senders reach it. */
  readonly statsd?: ListenAddress;
  readonly selfScrape: boolean;
  readonly demo: boolean;
  /** A Redis that keeps query results; without it this process does. */
  readonly redisUrl?: string;
  readonly externalLabels?: Readonly<Record<string, string>>;
  /** The routing file; without it nobody is notified. */
  readonly routesPath?: string;
  /** A PostgreSQL for the notifier's state, instead of the data folder. */
  readonly statePostgres?: string;
  /** Variables of the process, for discovery. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly configText: () => string;
  readonly flags: Readonly<Record<string, string>>;
  readonly rules: RuleSettings;
  readonly logger: Logger;
  /** Called when a part has failed for good; the process should end. */
  readonly failed: (error: unknown) => void;
}
