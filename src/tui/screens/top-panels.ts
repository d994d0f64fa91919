// What `mon top` asks for: the charts and the figures of the header. Host metrics have
// node_exporter's names, requests the usual RED names, and the server's own are mon's or else
// Prometheus'. What a server does not have is not shown; the order is the order on the screen.
import type { Unit } from '../draw/units.ts';
import type { FigureSpec, PanelSpec } from '../feed/snapshot.ts';

/** A chart of the overview. */
export interface TopPanel extends PanelSpec {
  readonly title: string;
  readonly unit: Unit;
  /** The number on the upper edge: of the newest values. */
  readonly head: 'sum' | 'max' | 'none';
  readonly ceiling?: number;
  readonly heat?: boolean;
}

const CPU_IDLE = 'rate(node_cpu_seconds_total{mode="idle"}[$window])';
const SECONDS = 'rate(http_request_duration_seconds_bucket[$window])';
const RX = 'node_network_receive_bytes_total{device!="lo"}';
const TX = 'node_network_transmit_bytes_total{device!="lo"}';
/** A busy host has hundreds of disks and partitions of them; the whole devices are enough. */
const READ = 'sum(rate(node_disk_read_bytes_total[$window]))';
const WRITE = 'sum(rate(node_disk_written_bytes_total[$window]))';

export const TOP_PANELS: readonly TopPanel[] = [
  {
    id: 'requests',
    title: 'requests',
    unit: '/s',
    head: 'sum',
    queries: [{ expr: 'sum by (service) (rate(http_requests_total[$window]))', legend: 'service' }],
  },
  {
    id: 'errors',
    title: 'errors',
    unit: 'percent',
    head: 'max',
    queries: [
      {
        expr:
          'sum by (service) (rate(http_requests_total{code=~"5.."}[$window]))' +
          ' / sum by (service) (rate(http_requests_total[$window]))',
        legend: 'service',
      },
    ],
  },
  {
    id: 'latency',
    title: 'latency p99',
    unit: 'seconds',
    head: 'max',
    queries: [
      { expr: `histogram_quantile(0.99, sum by (le, service) (${SECONDS}))`, legend: 'service' },
    ],
  },
  {
    id: 'cpu',
    title: 'cpu',
    unit: 'percent',
    head: 'max',
    ceiling: 1,
    heat: true,
    queries: [{ expr: `1 - avg by (instance) (${CPU_IDLE})`, legend: 'instance' }],
  },
  {
    id: 'memory',
    title: 'memory',
    unit: 'percent',
    head: 'max',
    ceiling: 1,
    heat: true,
    queries: [
      {
        expr: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
        legend: 'instance',
      },
    ],
  },
  {
    id: 'network',
    title: 'network',
    unit: 'bytes/s',
    head: 'none',
    queries: [
      { expr: `sum(rate(${RX}[$window]))`, name: 'in' },
      { expr: `sum(rate(${TX}[$window]))`, name: 'out' },
    ],
  },
  {
    id: 'disk',
    title: 'disk',
    unit: 'bytes/s',
    head: 'none',
    queries: [
      { expr: READ, name: 'read' },
      { expr: WRITE, name: 'write' },
    ],
  },
  {
    id: 'load',
    title: 'load',
    unit: 'short',
    head: 'max',
    queries: [{ expr: 'node_load1', legend: 'instance' }],
  },
  {
    id: 'ingest',
    title: 'ingest',
    unit: '/s',
    head: 'sum',
    queries: [
      {
        expr:
          'sum(rate(mon_door_samples_total[$window]))' +
          ' or sum(rate(prometheus_tsdb_head_samples_appended_total[$window]))',
        name: 'samples',
      },
    ],
  },
];

export const TOP_FIGURES: readonly FigureSpec[] = [
  {
    id: 'ingest',
    expr:
      'sum(rate(mon_door_samples_total[$window]))' +
      ' or sum(rate(prometheus_tsdb_head_samples_appended_total[$window]))',
  },
  { id: 'series', expr: 'sum(mon_head_series) or sum(prometheus_tsdb_head_series)' },
  { id: 'log', expr: 'sum(rate(mon_log_bytes_total[$window]))' },
  {
    id: 'p99',
    expr:
      'histogram_quantile(0.99, sum by (le) (rate(mon_query_seconds_bucket[$window])))' +
      ' or max(prometheus_engine_query_duration_seconds{slice="inner_eval", quantile="0.99"})',
  },
  {
    id: 'started',
    expr: 'min(mon_start_time_seconds) or min(process_start_time_seconds{job=~"mon|prometheus"})',
  },
];
