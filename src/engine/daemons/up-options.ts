// What the command line hands to `mon up`: plain values, paths absolute. Of its own file, because
// both forms of mon start from it.

/** The flags of `mon up`, plain. */
export interface UpOptions {
  readonly demo: boolean;
  readonly configPath?: string;
  readonly dataDir?: string;
  readonly listen?: string;
  readonly detach: boolean;
  /** Set on the process that --detach starts: its lines go to the log file alone. */
  readonly background: boolean;
  readonly tokenFile?: string;
  readonly shards?: number;
  /** Brokers of Kafka, instead of those of the configuration. */
  readonly kafka?: string;
  readonly enableAdmin?: boolean;
  /** POST /-/reload works without a token. */
  readonly enableLifecycle?: boolean;
  /** Calls back at each SIGHUP from then on. */
  readonly onHangup?: (listener: () => void) => void;
  /** Absolute globs of rule files, beside those of the configuration. */
  readonly rules?: readonly string[];
  /** The routing file, absolute. */
  readonly routesPath?: string;
  /** As processes on this machine instead of one. */
  readonly cluster?: ClusterSize;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
}

/** How many processes of the roles that there may be several of. */
export interface ClusterSize {
  readonly stores: number;
  readonly zones: number;
  readonly collectors: number;
}
