// What mon tells of itself on /metrics: the parts' plain counts, read when somebody asks. Shard
// figures come from other threads, so they are fetched on a beat and shown as they were then.
import { performance } from 'node:perf_hooks';
import { memoryUsage, resourceUsage } from 'node:process';
import type { Counters } from '../runtime/counters.ts';
import { openFiles } from '../runtime/open-files.ts';
import type { StoreStats } from '../store/store.ts';
import { VERSION } from './version.ts';

/** Figures of the log that are shown; embedded-log.ts says what each means. */
export interface LogFigures {
  readonly records: number;
  readonly bytes: number;
  readonly commits: number;
  readonly commitSeconds: number;
  readonly failures: number;
  readonly segments: number;
  readonly bytesOnDisk: number;
}

/** Figures of the door that are shown. */
export interface DoorFigures {
  readonly acceptedSamples: number;
  readonly acceptedHistograms: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly newSeries: number;
  readonly requests: number;
  readonly bytes: number;
}

type Read = () => number;
type Row = readonly [name: string, help: string, read: Read];

function show(counters: Counters, rows: readonly Row[]): void {
  for (const [name, help, read] of rows) counters.reading(name, help, { read });
}

/** Prometheus' own names for what every process tells. */
export function showProcess(counters: Counters, startedMs: number): void {
  const cpuSeconds = (): number => {
    const { userCPUTime, systemCPUTime } = resourceUsage();
    return (userCPUTime + systemCPUTime) / 1e6;
  };
  show(counters, [
    ['process_cpu_seconds_total', 'User and system CPU time.', cpuSeconds],
    ['process_resident_memory_bytes', 'Resident memory.', () => memoryUsage.rss()],
    ['process_start_time_seconds', 'Start time since 1970.', () => startedMs / 1000],
    ['nodejs_heap_size_used_bytes', 'Memory of JavaScript objects.', () => memoryUsage().heapUsed],
    ['nodejs_eventloop_active_seconds_total', 'Time the main thread was busy.', busySeconds],
  ]);
  if (openFiles() > 0) show(counters, [['process_open_fds', 'Open files.', openFiles]]);
  const { version, runtime = '' } = VERSION;
  const help = 'Always 1; the labels tell the version and what it runs on.';
  const labels = { version, runtime };
  counters.reading('mon_build_info', help, { read: () => 1, labels });
}

function busySeconds(): number {
  return performance.eventLoopUtilization().active / 1000;
}

/** What of the notifier is shown. */
export interface NotifierFigures {
  readonly counts: {
    readonly delivered: number;
    readonly refused: number;
    readonly delayed: number;
  };
  readonly book: Readonly<
    Record<
      'alerts' | 'incidents' | 'silences' | 'sends',
      { readonly rows: { readonly size: number } }
    >
  >;
}

/** What a process with all roles has beside log, door and shards. */
export function showParts(
  counters: Counters,
  targets: TargetFigures,
  notifier: NotifierFigures | undefined,
): void {
  showTargets(counters, targets);
  showNotifier(counters, notifier);
}

function showNotifier(counters: Counters, notifier: NotifierFigures | undefined): void {
  if (notifier === undefined) return;
  const { counts, book } = notifier;
  const help = 'Notifications by what became of them; delayed: the first attempt failed.';
  for (const result of ['delivered', 'refused', 'delayed'] as const) {
    const read = (): number => counts[result];
    counters.reading('mon_notify_sends_total', help, { read, labels: { result } });
  }
  show(counters, [
    ['mon_notify_waiting', 'Notifications decided and not delivered.', () => book.sends.rows.size],
    ['mon_notify_alerts', 'Alerts that the notifier knows.', () => book.alerts.rows.size],
    ['mon_notify_incidents', 'Incidents that it keeps.', () => book.incidents.rows.size],
    ['mon_notify_silences', 'Silences that it keeps.', () => book.silences.rows.size],
  ]);
}

/** What of the targets is shown. */
export interface TargetFigures {
  active(): readonly { readonly health: string }[];
  discoveryFailures(): number;
}

export function showTargets(counters: Counters, targets: TargetFigures): void {
  const help = 'Targets by their health.';
  for (const health of ['up', 'down', 'unknown']) {
    const read = (): number => targets.active().filter((one) => one.health === health).length;
    counters.reading('mon_scrape_targets', help, { read, labels: { health } });
  }
  const failed = 'Questions and readings of discovery that failed.';
  const read = (): number => targets.discoveryFailures();
  counters.reading('mon_scrape_discovery_failures_total', failed, { read });
}

export function showLog(counters: Counters, counts: () => LogFigures): void {
  show(counters, [
    ['mon_log_records_total', 'Records made durable.', () => counts().records],
    ['mon_log_bytes_total', 'Bytes of records made durable.', () => counts().bytes],
    ['mon_log_commits_total', 'Group commits, one sync each.', () => counts().commits],
    ['mon_log_commit_seconds_total', 'Time in commits.', () => counts().commitSeconds],
    ['mon_log_failures_total', 'Commits that failed.', () => counts().failures],
    ['mon_log_segments', 'Segment files held.', () => counts().segments],
    ['mon_log_size_bytes', 'Bytes of the segment files.', () => counts().bytesOnDisk],
  ]);
}

/** Refusals get a series for each reason as it first shows, on the beat. */
export function showDoor(counters: Counters, counts: () => DoorFigures): () => void {
  show(counters, [
    ['mon_door_samples_total', 'Samples accepted.', () => counts().acceptedSamples],
    ['mon_door_histograms_total', 'Histograms among them.', () => counts().acceptedHistograms],
    ['mon_door_new_series_total', 'Series seen first.', () => counts().newSeries],
    ['mon_door_requests_total', 'Bodies pushed.', () => counts().requests],
    ['mon_door_bytes_total', 'Bytes of pushed bodies.', () => counts().bytes],
  ]);
  const shown = new Set<string>();
  return () => {
    for (const reason of Object.keys(counts().refused)) {
      if (shown.has(reason)) continue;
      shown.add(reason);
      const read = (): number => counts().refused[reason] ?? 0;
      const help = 'Samples refused, by reason.';
      counters.reading('mon_door_refused_total', help, { read, labels: { reason } });
    }
  };
}

/** `stats` answers the newest figures of each shard that were fetched. */
export function showShards(counters: Counters, stats: () => readonly StoreStats[]): void {
  const sum = (pick: (one: StoreStats) => number): Read => {
    return () => stats().reduce((all, one) => all + pick(one), 0);
  };
  show(counters, [
    ['mon_head_series', 'Series in memory.', sum((s) => s.series)],
    ['mon_head_samples', 'Samples in memory.', sum((s) => s.samples)],
    ['mon_head_histograms', 'Native histograms among them.', sum((s) => s.histograms)],
    ['mon_head_chunks', 'Chunks in memory.', sum((s) => s.chunks)],
    ['mon_head_memory_bytes', 'Bytes in live pieces of the shards.', sum((s) => s.memoryBytes)],
    ['mon_head_accepted_total', 'Samples taken from the log.', sum((s) => s.applied.accepted)],
    ['mon_head_duplicates_total', 'Samples that stood already.', sum((s) => s.applied.duplicate)],
    ['mon_head_out_of_order_total', 'Samples sorted in.', sum((s) => s.applied.outOfOrder)],
    ['mon_head_too_old_total', 'Samples past retention.', sum((s) => s.applied.tooOld)],
    ['mon_block_files', 'Sealed blocks.', sum((s) => s.blocks.files)],
    ['mon_block_bytes', 'Bytes of sealed blocks.', sum((s) => s.blocks.bytes)],
    ['mon_block_samples', 'Samples in sealed blocks.', sum((s) => s.blocks.samples)],
    ['mon_block_damaged', 'Blocks set aside.', sum((s) => s.blocks.damaged)],
    ['mon_block_tombstones', 'Deletions still in files.', sum((s) => s.blocks.tombstones)],
    ['mon_block_sealed_total', 'Blocks sealed.', sum((s) => s.blocks.sealed)],
    ['mon_block_compactions_total', 'Blocks joined from others.', sum((s) => s.blocks.compactions)],
    ['mon_block_postponed_total', 'Upkeep put off.', sum((s) => s.blocks.postponed)],
    ['mon_block_cache_bytes', 'Bytes kept unpacked.', sum((s) => s.blocks.cacheBytes)],
    ['mon_block_cache_hits_total', 'Sections found unpacked.', sum((s) => s.blocks.cacheHits)],
    ['mon_block_cache_misses_total', 'Sections unpacked.', sum((s) => s.blocks.cacheMisses)],
    ['mon_store_malformed_total', 'Records not understood.', sum((s) => s.malformedRecords)],
  ]);
}
