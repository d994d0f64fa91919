// What both servers are asked over the data that Prometheus wrote into mon. Easy to get wrong: topk
// and bottomk among equals may choose any of them, so what they rank has no equals here.

export interface PeerQuery {
  readonly text: string;
  /** Step of the range query; a second by default. */
  readonly stepMs?: number;
  /** True where the range query finds nothing, and that is the point. */
  readonly empty?: boolean;
}

const SECONDS = 'prometheus_http_request_duration_seconds_bucket';
const BY_LE = `sum by (le) (rate(${SECONDS}[6s]))`;

export const PEER_QUERIES: readonly PeerQuery[] = [
  { text: 'up' },
  { text: 'mortal_odd' },
  { text: '{__name__=~"mortal_.*", le!="0.5"}' },
  { text: 'mortal_scrapes_total{job="mortal"}' },
  { text: 'process_cpu_seconds_total{job=~"prom.*|mon"}' },
  { text: 'rate(process_cpu_seconds_total[5s])' },
  { text: 'increase(mortal_scrapes_total[4s])' },
  { text: 'irate(process_cpu_seconds_total[5s])' },
  { text: 'sum by (code) (rate(prometheus_http_requests_total[5s]))', stepMs: 3000 },
  { text: 'sum without (instance, le) (rate(mortal_seconds_bucket[5s]))' },
  { text: `histogram_quantile(0.9, ${BY_LE})` },
  { text: 'histogram_quantile(0.5, rate(mortal_seconds_bucket[5s]))' },
  { text: 'topk(3, {__name__=~"go_memstats_(sys|heap_sys|heap_inuse|gc_sys)_bytes"})' },
  { text: 'bottomk(1, go_memstats_sys_bytes or process_virtual_memory_bytes)' },
  { text: 'count_over_time(up[6s])' },
  { text: 'count_over_time(up[3500ms])', stepMs: 500 },
  { text: 'avg_over_time(scrape_duration_seconds[5s])' },
  { text: 'quantile_over_time(0.7, go_goroutines[6s])' },
  { text: 'stddev_over_time(process_resident_memory_bytes{job="prometheus"}[6s])' },
  { text: 'process_resident_memory_bytes / on (instance) go_memstats_sys_bytes' },
  { text: 'scrape_samples_scraped * on (job) group_left () up' },
  { text: 'prometheus_http_requests_total - prometheus_http_requests_total offset 3s' },
  { text: 'max_over_time(sum(scrape_samples_scraped)[5s:1s])' },
  { text: 'deriv(process_virtual_memory_bytes[6s])' },
  { text: 'delta(process_resident_memory_bytes[6s])' },
  { text: 'absent(nothing_of_the_kind{job="x"})' },
  { text: 'absent(mortal_scrapes_total)' },
  { text: 'absent_over_time(up{job="mon"}[5s])', empty: true },
  { text: 'up{job="mortal"} == 0' },
  { text: 'up == bool 1 and on (job) scrape_samples_scraped > 0' },
  { text: 'up unless on (instance) mortal_scrapes_total' },
  { text: 'changes(up[6s])' },
  { text: 'resets(mortal_scrapes_total[6s])' },
  { text: 'label_replace(up, "port", "$1", "instance", ".*:(.*)")' },
  { text: 'quantile(0.5, scrape_duration_seconds)' },
  { text: 'count_values("value", up)' },
  { text: 'predict_linear(go_goroutines[6s], 60)' },
  { text: 'time() - timestamp(up)' },
  { text: 'process_start_time_seconds @ end()' },
  { text: 'avg by (job) (go_memstats_alloc_bytes) > 1e3 or vector(0)' },
  { text: 'clamp_max(sgn(delta(go_goroutines[5s])), 1)' },
  { text: 'minute(vector(time()))' },
];

/** What both refuse in the same words; other messages differ between versions of Prometheus. */
export const REFUSED_QUERIES: readonly string[] = [
  'rate({__name__=~"go_memstats_.+_total"}[5s])',
  'rate(up)',
  'sum(up[5m])',
  'histogram_quantile("a", up)',
  'nosuch(up)',
];
