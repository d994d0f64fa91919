// What the scraping side of the collector is told: plain options, as the daemons hand them over.
// The configuration file's words live in daemons/; here are only their meanings, with every default
// filled in. Easy to get wrong: two equal configs must be equal as JSON, because a reload compares
// that.
import type { AuthConfig, TlsConfig } from './access-config.ts';
import type { DiscoveryConfig } from './discovery-config.ts';

export const RELABEL_ACTIONS = [
  ...(['replace', 'keep', 'drop', 'keepequal', 'dropequal', 'hashmod', 'labelmap'] as const),
  ...(['labeldrop', 'labelkeep', 'lowercase', 'uppercase'] as const),
] as const;
export type RelabelAction = (typeof RELABEL_ACTIONS)[number];

/** One relabelling rule; regular expressions are RE2 and anchored at both ends. */
export interface RelabelRule {
  readonly action: RelabelAction;
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  readonly regex: string;
  readonly modulus: number;
  readonly targetLabel: string;
  readonly replacement: string;
}

/** What a rule is where the file says nothing. */
export const RELABEL_DEFAULT: RelabelRule = {
  action: 'replace',
  sourceLabels: [],
  separator: ';',
  regex: '(.*)',
  modulus: 0,
  targetLabel: '',
  replacement: '$1',
};

/** Targets that share labels. */
export interface TargetGroup {
  /** Where it was found: 'static/0', '/etc/mon/a.json:0'. */
  readonly source: string;
  /** host:port each. */
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface FileDiscoveryConfig {
  /** Absolute paths; the last element may hold * and ?. */
  readonly files: readonly string[];
  readonly refreshMs: number;
}

/** One job. Limits are 0 where there is none beyond the system's own. */
export interface ScrapeConfig {
  readonly jobName: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly scheme: 'http' | 'https';
  readonly metricsPath: string;
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly followRedirects: boolean;
  readonly compression: boolean;
  /** Asks for protobuf, the format that carries native histograms. */
  readonly nativeHistograms?: boolean;
  /** Keeps the classic buckets of histograms that are also native. */
  readonly classicHistograms?: boolean;
  readonly auth?: AuthConfig;
  readonly tls?: TlsConfig;
  readonly bodyBytesMax: number;
  readonly sampleLimit: number;
  readonly targetLimit: number;
  readonly labelLimit: number;
  readonly labelNameBytesMax: number;
  readonly labelValueBytesMax: number;
  readonly staticConfigs: readonly TargetGroup[];
  readonly fileConfigs: readonly FileDiscoveryConfig[];
  /** Where else targets are found. */
  readonly discoveries?: readonly DiscoveryConfig[];
  readonly relabel: readonly RelabelRule[];
  readonly metricRelabel: readonly RelabelRule[];
}
