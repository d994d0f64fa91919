// The walls that mon brings: the services, the hosts, and mon itself. Which of them are shown is
// what the server has series for. Easy to get wrong: a wall is no place for tables of everything; a
// few large numbers say whether somebody has to come.
import {
  Flow,
  makePanel,
  type DashPanel,
  type Dashboard,
  type PanelKind,
} from '../../engine/dash/dashboard.ts';

const GOOD = { value: Number.NEGATIVE_INFINITY, level: 'good' } as const;
const warn = (value: number) => ({ value, level: 'warn' }) as const;
const bad = (value: number) => ({ value, level: 'bad' }) as const;

type More = Partial<Omit<DashPanel, 'id' | 'kind' | 'queries' | 'place'>> & {
  readonly w: number;
  readonly h: number;
  readonly legend_?: string;
};

/** Panels one after the other: kind, title, query, and what else there is to say. */
class Walls {
  readonly panels: DashPanel[] = [];
  readonly #flow = new Flow();

  add(kind: PanelKind, title: string, expr: string, more: More): this {
    const { w, h, legend_: legend = '', ...rest } = more;
    const instant = kind === 'bar' || kind === 'table';
    const place = this.#flow.place(kind, { w, h });
    const queries = [{ expr, legend, instant }];
    this.panels.push(makePanel(`p${this.panels.length}`, kind, { title, place, queries, ...rest }));
    return this;
  }
}

function wall(title: string, panels: readonly DashPanel[]): Dashboard {
  const base = { description: '', tags: [], variables: [], refreshMs: 2000 };
  return { ...base, title, rangeMs: 30 * 60_000, panels };
}

const OK = 'http_requests_total';
const WINDOW = '[$__rate_interval]';
const ERRORS = `sum(rate(${OK}{code=~"5.."}${WINDOW})) / sum(rate(${OK}${WINDOW}))`;
const BUCKETS = `rate(http_request_duration_seconds_bucket${WINDOW})`;
const IDLE = `rate(node_cpu_seconds_total{mode="idle"}${WINDOW})`;

const services = (): Dashboard =>
  wall(
    'services',
    new Walls()
      .add('stat', 'requests', `sum(rate(${OK}${WINDOW}))`, { w: 6, h: 5, unit: '/s' })
      .add('stat', 'errors', ERRORS, {
        ...{ w: 6, h: 5, unit: 'percent' },
        thresholds: [GOOD, warn(0.01), bad(0.05)],
      })
      .add('stat', 'latency p99', `histogram_quantile(0.99, sum by (le) (${BUCKETS}))`, {
        ...{ w: 6, h: 5, unit: 'seconds' },
        thresholds: [GOOD, warn(0.5), bad(1)],
      })
      .add('stat', 'targets down', 'count(up == 0) or vector(0)', {
        ...{ w: 6, h: 5 },
        thresholds: [GOOD, bad(1)],
      })
      .add('timeseries', 'requests by service', `sum by (service) (rate(${OK}${WINDOW}))`, {
        ...{ w: 12, h: 9, unit: '/s', legend_: '{{service}}' },
      })
      .add(
        'timeseries',
        'latency p99 by service',
        `histogram_quantile(0.99, sum by (le, service) (${BUCKETS}))`,
        { w: 12, h: 9, unit: 'seconds', legend_: '{{service}}' },
      )
      .add('bar', 'requests now', `sort_desc(sum by (service) (rate(${OK}${WINDOW})))`, {
        ...{ w: 12, h: 9, unit: '/s', legend_: '{{service}}' },
      })
      .add('gauge', 'busiest hosts', `topk(3, 1 - avg by (instance) (${IDLE}))`, {
        ...{ w: 12, h: 9, unit: 'percent', min: 0, max: 1, legend_: '{{instance}}' },
        thresholds: [GOOD, warn(0.7), bad(0.9)],
      }).panels,
  );

const hosts = (): Dashboard =>
  wall(
    'hosts',
    new Walls()
      .add('timeseries', 'cpu', `1 - avg by (instance) (${IDLE})`, {
        ...{ w: 12, h: 9, unit: 'percent', min: 0, max: 1, legend_: '{{instance}}' },
      })
      .add(
        'timeseries',
        'memory',
        '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
        { w: 12, h: 9, unit: 'percent', min: 0, max: 1, legend_: '{{instance}}' },
      )
      .add(
        'timeseries',
        'network received',
        `sum by (instance) (rate(node_network_receive_bytes_total{device!="lo"}${WINDOW}))`,
        { w: 12, h: 9, unit: 'bytes/s', legend_: '{{instance}}' },
      )
      .add('timeseries', 'load', 'node_load1', { w: 12, h: 9, legend_: '{{instance}}' }).panels,
  );

const mon = (): Dashboard =>
  wall(
    'mon',
    new Walls()
      .add('stat', 'samples', `sum(rate(mon_door_samples_total${WINDOW}))`, {
        ...{ w: 6, h: 5, unit: '/s' },
      })
      .add('stat', 'series', 'sum(mon_head_series)', { w: 6, h: 5 })
      .add('stat', 'memory', 'sum(process_resident_memory_bytes{job="mon"})', {
        ...{ w: 6, h: 5, unit: 'bytes' },
      })
      .add('stat', 'processes', 'count(up{job="mon"} == 1)', { w: 6, h: 5, sparkline: false })
      .add('timeseries', 'samples written', `sum(rate(mon_door_samples_total${WINDOW}))`, {
        ...{ w: 12, h: 9, unit: '/s' },
      })
      .add(
        'timeseries',
        'query time p99',
        `histogram_quantile(0.99, sum by (le) (rate(mon_query_seconds_bucket${WINDOW})))`,
        { w: 12, h: 9, unit: 'seconds' },
      )
      .add('timeseries', 'cpu', `rate(process_cpu_seconds_total{job="mon"}${WINDOW})`, {
        ...{ w: 12, h: 9, unit: 'percent', legend_: '{{instance}}' },
      })
      .add('timeseries', 'log', `sum(rate(mon_log_bytes_total${WINDOW}))`, {
        ...{ w: 12, h: 9, unit: 'bytes/s' },
      }).panels,
  );

export interface DefaultWall {
  readonly name: string;
  /** A server that has this metric has something to show. */
  readonly metric: string;
  readonly make: () => Dashboard;
}

/** In the order in which they are shown. */
export const DEFAULT_WALLS: readonly DefaultWall[] = [
  { name: 'services', metric: OK, make: services },
  { name: 'hosts', metric: 'node_cpu_seconds_total', make: hosts },
  { name: 'mon', metric: 'mon_door_samples_total', make: mon },
];
