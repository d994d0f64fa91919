// The rules that ship with mon and are on unless a configuration says `default_rules: false`:
// targets that are down, sources that fell silent, disks that fill up, and mon's own health. Easy
// to get wrong: a rule about mon itself must stay quiet on a small server that has nothing to do.

/** Where these rules say they come from. */
export const DEFAULT_RULES_FILE = 'mon:default-rules';

export const DEFAULT_RULES = `groups:
  - name: mon-defaults
    interval: 15s
    rules:
      - alert: TargetDown
        expr: up == 0
        for: 1m
        labels: {severity: P2}
        annotations:
          summary: "{{ $labels.job }} at {{ $labels.instance }} cannot be scraped"
      - alert: DiskFull
        expr: >-
          node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"}
          / node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"} < 0.05
        for: 5m
        labels: {severity: P2}
        annotations:
          summary: "{{ $labels.mountpoint }} has {{ $value | humanizePercentage }} left"
  - name: mon-push
    interval: 2m
    rules:
      - alert: PushSourceSilent
        expr: >-
          count by (job, instance) ({__name__=~".+", job!=""} offset 10m)
          unless on (job, instance) count by (job, instance) ({__name__=~".+", job!=""})
          unless on (job, instance) up offset 10m
        labels: {severity: P3}
        annotations:
          summary: "{{ $labels.job }} {{ $labels.instance }} has sent nothing for 5 minutes"
  - name: mon-self
    interval: 15s
    rules:
      - alert: MonScrapeSlow
        expr: scrape_duration_seconds > 5
        for: 1m
        labels: {severity: P3}
        annotations:
          summary: "scraping {{ $labels.instance }} takes {{ $value | humanizeDuration }}"
      - alert: MonScrapeErrors
        expr: sum by (job) (changes(up[1m])) + sum by (job) (up == bool 0) * 6 > 10
        for: 1m
        labels: {severity: P3}
        annotations:
          summary: "more than 10 scrapes a minute of {{ $labels.job }} fail"
      - alert: MonSeriesGrowth
        expr: >-
          mon_cardinality_series > 1.1 * mon_cardinality_series_day_ago
          and mon_cardinality_series > 1000 + mon_cardinality_series_day_ago
        for: 1m
        labels: {severity: P3}
        annotations:
          summary: "{{ $value | humanize }} series, more than a tenth above yesterday: mon explore"
      - alert: MonCardinalityLimit
        expr: sum by (reason) (rate(mon_cardinality_over_total[5m])) > 1
        for: 1m
        labels: {severity: P3}
        annotations:
          summary: "{{ $value | humanize }} new series a second over {{ $labels.reason }}"
      - alert: MonConsumerLag
        expr: mon_rules_lag_records > 1000000
        labels: {severity: P2}
        annotations:
          summary: "readers of the log are {{ $value | humanize }} records behind"
      - alert: MonWritesStopped
        expr: >-
          rate(mon_door_samples_total[5m]) == 0 and rate(mon_door_samples_total[5m] offset 15m) > 0
        for: 5m
        labels: {severity: P2}
        annotations:
          summary: "nothing has been written for 5 minutes"
      - alert: MonQuerySlow
        expr: >-
          histogram_quantile(0.99, sum by (le) (rate(mon_query_seconds_bucket[5m]))) > 5
        for: 5m
        labels: {severity: P3}
        annotations:
          summary: "queries take {{ $value | humanizeDuration }} at the 99th percentile"
      - alert: MonRulesSlow
        expr: mon_rules_tick_seconds > 10
        labels: {severity: P2}
        annotations:
          summary: "a tick of the rules takes {{ $value | humanizeDuration }}"
`;
