// scrape_configs of a configuration file: Prometheus' names, checked, with the global defaults
// filled in. Part of the configuration. Easy to get wrong: a timeout that nobody wrote must not
// make a short interval invalid.
import type { Node } from 'yaml';
import type { FileDiscoveryConfig, ScrapeConfig, TargetGroup } from '../collector/scrape-config.ts';
import type { ConfigFile } from './config-reader.ts';
import { Section, words } from './config-reader.ts';
import { HTTP_FIELDS, HTTP_IGNORED, HTTP_UNUSED, readAuth, readTls } from './config-http.ts';
import { DISCOVERY_FIELDS, readDiscoveries } from './config-discovery.ts';
import { readRelabel } from './config-relabel.ts';

/** What the global section sets for every job. */
export interface ScrapeDefaults {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly limits: ScrapeLimits;
  readonly histograms: HistogramWishes;
}

/** Whether native histograms are asked for, and classic buckets kept beside them. */
export type HistogramWishes = Pick<ScrapeConfig, 'nativeHistograms' | 'classicHistograms'>;

type ScrapeLimits = Pick<
  ScrapeConfig,
  | 'bodyBytesMax'
  | 'sampleLimit'
  | 'targetLimit'
  | 'labelLimit'
  | 'labelNameBytesMax'
  | 'labelValueBytesMax'
>;

/** Fields of a limit, in the global section and in a job. */
export const LIMIT_FIELDS = [
  ...words('body_size_limit sample_limit target_limit label_limit keep_dropped_targets'),
  ...words('label_name_length_limit label_value_length_limit'),
];
/** What concerns protocols that are not spoken here; harmless. */
export const PROTOCOL_FIELDS = [
  ...words('scrape_protocols'),
  ...words('convert_classic_histograms_to_nhcb metric_name_validation_scheme'),
  ...words('metric_name_escaping_scheme scrape_failure_log_file extra_scrape_metrics'),
];
/** What asks for native histograms, in the global section and in a job. */
export const HISTOGRAM_FIELDS = words('scrape_native_histograms always_scrape_classic_histograms');
const JOB_PROTOCOL_FIELDS = [
  ...PROTOCOL_FIELDS,
  ...words('fallback_scrape_protocol scrape_classic_histograms track_timestamps_staleness'),
  ...words('native_histogram_bucket_limit native_histogram_min_bucket_factor'),
];
const OTHER_DISCOVERY = words(
  'azure digitalocean docker dockerswarm eureka gce hetzner ionos kuma lightsail linode marathon ' +
    'nerve nomad openstack ovhcloud puppetdb scaleway serverset stackit triton uyuni vultr',
).map((name) => `${name}_sd_configs`);
const JOB_FIELDS = [
  ...words('job_name scrape_interval scrape_timeout metrics_path scheme params'),
  ...words('honor_labels honor_timestamps static_configs file_sd_configs'),
  ...words('relabel_configs metric_relabel_configs'),
  ...LIMIT_FIELDS,
  ...HTTP_FIELDS,
  ...HTTP_IGNORED,
  ...HTTP_UNUSED,
  ...JOB_PROTOCOL_FIELDS,
  ...HISTOGRAM_FIELDS,
  ...DISCOVERY_FIELDS,
  ...OTHER_DISCOVERY,
];
const FILE_PATTERN = /^[^*?]*[^/]*\.(?:json|yml|yaml|JSON|YML|YAML)$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Limits of a section, with those of `under` where it says nothing. */
export function readLimits(section: Section, under?: ScrapeLimits): ScrapeLimits {
  const count = (name: string): number | undefined => section.integer(name, 0, 2 ** 31);
  section.notUsed(['keep_dropped_targets']);
  return {
    bodyBytesMax: section.bytes('body_size_limit') ?? under?.bodyBytesMax ?? 0,
    sampleLimit: count('sample_limit') ?? under?.sampleLimit ?? 0,
    targetLimit: count('target_limit') ?? under?.targetLimit ?? 0,
    labelLimit: count('label_limit') ?? under?.labelLimit ?? 0,
    labelNameBytesMax: count('label_name_length_limit') ?? under?.labelNameBytesMax ?? 0,
    labelValueBytesMax: count('label_value_length_limit') ?? under?.labelValueBytesMax ?? 0,
  };
}

/** A map of label names and values. @throws UserError for a name that is none. */
export function readLabels(section: Section, name: string): Record<string, string> {
  const labels = Object.create(null) as Record<string, string>;
  const { file } = section;
  for (const { key, keyNode, value } of file.entries(section.value(name), name)) {
    if (!LABEL_NAME.test(key)) file.fail(keyNode, `${JSON.stringify(key)} is not a label name`);
    labels[key] = value === null ? '' : file.text(value, 'a label value');
  }
  return labels;
}

function readGroup(file: ConfigFile, node: Node, source: string): TargetGroup {
  const section = new Section(file, node, 'static_configs', ['targets', 'labels']);
  const targets = section.items('targets').map((item) => {
    const target = file.text(item, 'a target');
    const hint = 'host:port; the path goes into metrics_path, http or https into scheme';
    if (target === '' || target.includes('/')) file.fail(item, 'this is not an address', hint);
    return target;
  });
  return { source, targets, labels: readLabels(section, 'labels') };
}

function readFileDiscovery(file: ConfigFile, node: Node): FileDiscoveryConfig {
  const section = new Section(file, node, 'file_sd_configs', ['files', 'refresh_interval']);
  const files = section.items('files').map((item) => {
    const text = file.text(item, 'a path');
    const hint = 'a .json, .yml or .yaml file; only its name may hold * and ?';
    if (!FILE_PATTERN.test(text)) file.fail(item, 'this path names no discovery file', hint);
    return file.resolvePath(text);
  });
  if (files.length === 0) file.fail(node, 'file_sd_configs needs files');
  const refreshMs = section.duration('refresh_interval') ?? 5 * 60_000;
  if (refreshMs === 0) section.fail('refresh_interval', 'refresh_interval must be above 0');
  return { files, refreshMs };
}

function readParams(section: Section): Record<string, readonly string[]> {
  const params = Object.create(null) as Record<string, readonly string[]>;
  const { file } = section;
  for (const { key, value } of file.entries(section.value('params'), 'params')) {
    params[key] = file.items(value, `params.${key}`).map((item) => file.text(item, 'a parameter'));
  }
  return params;
}

/**
 * Interval and timeout of a section; a timeout that is only a default never exceeds the interval.
 */
export function readTimes(section: Section, under: { intervalMs: number; timeoutMs: number }) {
  const intervalMs = section.duration('scrape_interval') ?? under.intervalMs;
  if (intervalMs === 0) section.fail('scrape_interval', 'scrape_interval must be above 0');
  const own = section.duration('scrape_timeout');
  if (own === 0) section.fail('scrape_timeout', 'scrape_timeout must be above 0');
  if (own !== undefined && own > intervalMs) {
    section.fail('scrape_timeout', 'scrape_timeout is longer than scrape_interval');
  }
  return { intervalMs, timeoutMs: own ?? Math.min(under.timeoutMs, intervalMs) };
}

/** The wishes of a section; what it leaves open is as above it. Absent means no. */
export function readHistograms(section: Section, under: HistogramWishes = {}): HistogramWishes {
  const native = section.bool('scrape_native_histograms') ?? under.nativeHistograms;
  const classic = section.bool('always_scrape_classic_histograms') ?? under.classicHistograms;
  return {
    ...(native === true ? { nativeHistograms: true } : {}),
    ...(classic === true ? { classicHistograms: true } : {}),
  };
}

function readJob(file: ConfigFile, node: Node, under: ScrapeDefaults): ScrapeConfig {
  const section = new Section(file, node, 'scrape_configs', JOB_FIELDS);
  const jobName = section.text('job_name') ?? '';
  if (jobName === '') section.fail('job_name', 'a job needs a job_name');
  section.notUsed(OTHER_DISCOVERY, 'is not used yet: none of its targets will be found');
  section.notUsed([...HTTP_UNUSED, ...JOB_PROTOCOL_FIELDS]);
  const auth = readAuth(section);
  const tls = readTls(section);
  const discoveries = readDiscoveries(section);
  return {
    jobName,
    ...readTimes(section, under),
    scheme: section.oneOf('scheme', ['http', 'https']) ?? 'http',
    metricsPath: section.text('metrics_path') ?? '/metrics',
    params: readParams(section),
    honorLabels: section.bool('honor_labels') ?? false,
    honorTimestamps: section.bool('honor_timestamps') ?? true,
    followRedirects: section.bool('follow_redirects') ?? true,
    compression: section.bool('enable_compression') ?? true,
    ...readHistograms(section, under.histograms),
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
    ...readLimits(section, under.limits),
    staticConfigs: section
      .items('static_configs')
      .map((item, i) => readGroup(file, item, `static/${i}`)),
    fileConfigs: section.items('file_sd_configs').map((item) => readFileDiscovery(file, item)),
    ...(discoveries.length === 0 ? {} : { discoveries }),
    relabel: readRelabel(section, 'relabel_configs'),
    metricRelabel: readRelabel(section, 'metric_relabel_configs'),
  };
}

/** All jobs of a file. @throws UserError. */
export function readJobs(root: Section, under: ScrapeDefaults): ScrapeConfig[] {
  const names = new Set<string>();
  return root.items('scrape_configs').map((node) => {
    const job = readJob(root.file, node, under);
    if (names.has(job.jobName)) {
      root.file.fail(node, `two jobs are called ${JSON.stringify(job.jobName)}`);
    }
    names.add(job.jobName);
    return job;
  });
}
