// The configuration as YAML again, for `mon config show`: what is in force, defaults included,
// secrets hidden. Easy to get wrong: a file made of it must mean the same, so every name is the
// file's name.
import { RESOLUTIONS } from '../model/rollup.ts';
import { stringify } from 'yaml';
import type { CardinalityLimits } from '../collector/cardinality-guard.ts';
import type { RelabelRule, ScrapeConfig } from '../collector/scrape-config.ts';
import { RELABEL_DEFAULT } from '../collector/scrape-config.ts';
import { formatDuration } from '../model/duration.ts';
import { aggregateFields } from './config-aggregate.ts';
import { behindFields } from './config-behind.ts';
import { kafkaFields } from './config-kafka.ts';
import { policyFields } from './config-policies.ts';
import { tierFields } from './config-tiers.ts';
import { regionsFields } from './config-regions.ts';
import type { MonConfig } from './config.ts';
import type { Plain } from './config-render-access.ts';
import { authFields, compact, tlsFields } from './config-render-access.ts';
import { discoveryFields } from './config-render-discovery.ts';

function cardinalityFields(limits: CardinalityLimits): Plain {
  return {
    mode: limits.mode,
    labels: limits.labels,
    series_per_metric: limits.seriesOfMetric,
    values_per_label: limits.valuesOfLabel,
    ...compact({ allow_labels: limits.allowLabels, deny_labels: limits.denyLabels }),
    ...compact({ policies: limits.policies?.map(policyFields) }),
  };
}

function ruleFields(rule: RelabelRule): Plain {
  const names: readonly (readonly [keyof RelabelRule, string])[] = [
    ['sourceLabels', 'source_labels'],
    ['separator', 'separator'],
    ['regex', 'regex'],
    ['modulus', 'modulus'],
    ['targetLabel', 'target_label'],
    ['replacement', 'replacement'],
  ];
  const told = names.filter(([key]) => {
    return JSON.stringify(rule[key]) !== JSON.stringify(RELABEL_DEFAULT[key]);
  });
  return {
    ...Object.fromEntries(told.map(([key, name]) => [name, rule[key]])),
    action: rule.action,
  };
}

function jobFields(job: ScrapeConfig): Plain {
  return {
    job_name: job.jobName,
    scrape_interval: formatDuration(job.intervalMs),
    scrape_timeout: formatDuration(job.timeoutMs),
    scheme: job.scheme,
    metrics_path: job.metricsPath,
    ...compact({ params: { ...job.params } }),
    honor_labels: job.honorLabels,
    honor_timestamps: job.honorTimestamps,
    follow_redirects: job.followRedirects,
    enable_compression: job.compression,
    ...compact({
      scrape_native_histograms: job.nativeHistograms,
      always_scrape_classic_histograms: job.classicHistograms,
    }),
    ...authFields(job.auth),
    ...compact({
      tls_config: tlsFields(job.tls),
      body_size_limit: job.bodyBytesMax === 0 ? undefined : `${job.bodyBytesMax}B`,
      sample_limit: job.sampleLimit,
      target_limit: job.targetLimit,
      label_limit: job.labelLimit,
      label_name_length_limit: job.labelNameBytesMax,
      label_value_length_limit: job.labelValueBytesMax,
      static_configs: job.staticConfigs.map(({ targets, labels }) => {
        return { targets, ...compact({ labels: { ...labels } }) };
      }),
      file_sd_configs: job.fileConfigs.map(({ files, refreshMs }) => {
        return { files, refresh_interval: formatDuration(refreshMs) };
      }),
      ...discoveryFields(job.discoveries ?? []),
      relabel_configs: job.relabel.map(ruleFields),
      metric_relabel_configs: job.metricRelabel.map(ruleFields),
    }),
  };
}

/** An address without the password in it. */
function withoutSecret(address: string | undefined): string | undefined {
  return address?.replace(/^(\w+:\/\/[^/@]*?):[^/@]*@/, '$1:hidden@');
}

function sizeText(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : `${bytes}B`;
}

function rollupFields(rollups: MonConfig['rollups']): object {
  if (rollups === undefined) return { enabled: false };
  const keep = RESOLUTIONS.map(({ name }, i) => [name, formatDuration(rollups.keepMs[i])] as const);
  const quantiles = rollups.sketchTexts ?? [];
  return { keep: Object.fromEntries(keep), ...compact({ quantiles: [...quantiles] }) };
}

function durationOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDuration(ms);
}

/** The configuration in force as YAML. */
export function renderConfig(config: MonConfig): string {
  const file = {
    global: {
      scrape_interval: formatDuration(config.intervalMs),
      scrape_timeout: formatDuration(config.timeoutMs),
      ...compact({ evaluation_interval: durationOf(config.evaluationIntervalMs) }),
      ...compact({ external_labels: { ...config.externalLabels } }),
    },
    ...compact({
      rule_files: config.ruleFiles,
      scrape_configs: config.scrapes.map(jobFields),
    }),
    mon: {
      listen: config.listen,
      ...compact({ data_dir: config.dataDir }),
      retention: formatDuration(config.retentionMs),
      ...compact({
        retention_size: sizeText(config.retentionBytes),
        object_store: config.objectStore,
        statsd: config.statsd,
        cardinality: cardinalityFields(config.cardinality),
        aggregate: config.aggregate.map(aggregateFields),
        routes: config.routes,
        state_postgres: withoutSecret(config.statePostgres),
        retention_for: config.retentionFor.map(({ text, keepMs }) => {
          return { match: text, keep: formatDuration(keepMs) };
        }),
      }),
      ...compact({ tiers: tierFields(config.tiers) }),
      rollups: rollupFields(config.rollups),
      partitions: config.partitions,
      ...compact({
        kafka: kafkaFields(config.kafka),
        store: behindFields(config.behind),
        regions: regionsFields(config.regions),
      }),
      shards: config.shards,
      ...compact({ token_file: config.tokenFile, cache_redis: withoutSecret(config.cacheRedis) }),
      host_agent: config.hostAgent,
      self_scrape: config.selfScrape,
      checkpoint_interval: formatDuration(config.checkpointMs),
      seal_interval: formatDuration(config.sealMs),
    },
  };
  return stringify(file, { aliasDuplicateObjects: false, lineWidth: 0 });
}
