// From what discovery found to a target: defaults, relabelling, checks, address. It stands before
// the scrape loop. Easy to get wrong: labels that begin with `__` steer the scrape (address, path,
// scheme, interval, parameters) and are gone from the samples.
import { MonError } from '../errors.ts';
import { durationOf, formatDuration } from '../model/duration.ts';
import type { Labels } from '../model/labels.ts';
import { labelsKey, makeLabels } from '../model/labels.ts';
import type { Relabeller } from './relabel.ts';
import type { ScrapeConfig, TargetGroup } from './scrape-config.ts';

export interface ScrapeTarget {
  /** As discovered, before relabelling. */
  readonly discovered: Labels;
  /** What its samples carry. */
  readonly labels: Labels;
  readonly url: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Equal for equal targets. */
  readonly key: string;
}

/**
 * What a group makes: targets, dropped label sets, and sentences about those that make no sense.
 */
export interface TargetList {
  readonly targets: ScrapeTarget[];
  readonly dropped: Labels[];
  readonly problems: string[];
}

const PARAM = '__param_';

function bad(message: string): never {
  throw new MonError('MON_CONFIG_INVALID', message);
}

function targetUrl(config: ScrapeConfig, labels: Map<string, string>): string {
  const params = new Map(Object.entries(config.params).map(([k, v]) => [k, [...v]]));
  for (const [name, value] of labels) {
    if (!name.startsWith(PARAM)) continue;
    const key = name.slice(PARAM.length);
    params.set(key, [value, ...(params.get(key) ?? []).slice(1)]);
  }
  const query = new URLSearchParams();
  for (const key of [...params.keys()].sort()) {
    for (const value of params.get(key) ?? []) query.append(key, value);
  }
  const scheme = labels.get('__scheme__') ?? '';
  if (scheme !== 'http' && scheme !== 'https') bad(`the scheme is '${scheme}', not http or https`);
  const address = labels.get('__address__') ?? '';
  const url = URL.parse(`${scheme}://${address}`);
  if (url === null || url.host === '' || url.username !== '') bad(`'${address}' is no host:port`);
  url.pathname = labels.get('__metrics_path__') ?? '';
  const text = query.toString();
  return `${scheme}://${address}${url.pathname}${text === '' ? '' : '?'}${text}`;
}

function durationLabel(labels: Map<string, string>, name: string): number {
  const text = labels.get(name) ?? '';
  const ms = durationOf(text);
  if (ms === undefined || ms === 0) bad(`${name} is '${text}', not a duration above 0`);
  return ms;
}

function withDefaults(config: ScrapeConfig, found: Map<string, string>): Map<string, string> {
  const labels = new Map(found);
  const defaults: [string, string][] = [
    ['job', config.jobName],
    ['__scrape_interval__', formatDuration(config.intervalMs)],
    ['__scrape_timeout__', formatDuration(config.timeoutMs)],
    ['__metrics_path__', config.metricsPath],
    ['__scheme__', config.scheme],
  ];
  for (const [key, values] of Object.entries(config.params)) {
    if (values.length > 0) defaults.push([PARAM + key, values[0]]);
  }
  for (const [name, value] of defaults) {
    if ((labels.get(name) ?? '') === '') labels.set(name, value);
  }
  return labels;
}

/**
 * The target of a discovered label set, or undefined when relabelling drops it.
 * @throws MonError MON_CONFIG_INVALID with a sentence when it makes no sense.
 */
function makeTarget(
  config: ScrapeConfig,
  relabel: Relabeller,
  found: Map<string, string>,
): ScrapeTarget | undefined {
  const labels = withDefaults(config, found);
  const discovered = makeLabels(labels);
  if (!relabel.apply(labels)) return undefined;
  const address = labels.get('__address__') ?? '';
  if (address === '') bad('it has no address');
  if (address.includes('/')) bad(`the address '${address}' holds a slash`);
  const intervalMs = durationLabel(labels, '__scrape_interval__');
  const timeoutMs = durationLabel(labels, '__scrape_timeout__');
  if (timeoutMs > intervalMs) bad('its timeout is longer than its interval');
  if ((labels.get('instance') ?? '') === '') labels.set('instance', address);
  const url = targetUrl(config, labels);
  const shown = makeLabels([...labels].filter(([name]) => !name.startsWith('__')));
  const kept = makeLabels([...labels].filter(([name]) => !name.startsWith('__meta_')));
  const key = `${url}\u0001${labelsKey(kept)}`;
  return { discovered, labels: shown, url, intervalMs, timeoutMs, key };
}

/** Targets of all groups; equal ones are one. */
export function makeTargets(
  config: ScrapeConfig,
  relabel: Relabeller,
  groups: readonly TargetGroup[],
): TargetList {
  const found = new Map<string, ScrapeTarget>();
  const list: TargetList = { targets: [], dropped: [], problems: [] };
  for (const group of groups) {
    for (const address of group.targets) {
      const labels = new Map([...Object.entries(group.labels), ['__address__', address]]);
      try {
        const target = makeTarget(config, relabel, labels);
        if (target !== undefined) found.set(target.key, target);
        else list.dropped.push(makeLabels(withDefaults(config, labels)));
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        const where = `${config.jobName}: target ${JSON.stringify(address)} of ${group.source}`;
        list.problems.push(`${where}: ${thrown.message}`);
      }
    }
  }
  list.targets.push(...found.values());
  return list;
}
