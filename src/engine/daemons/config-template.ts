// The file that `mon config init` writes: a starter with every key that most people need,
// commented. Easy to get wrong: a test parses it as it is and with its comments taken away, so that
// what it shows is true.

export const CONFIG_TEMPLATE = `\
# The configuration of mon: a prometheus.yml with mon's own keys at the end.
# Check it with \`mon config check\`, see what is in force with \`mon config show\`.

global:
  scrape_interval: 10s
  scrape_timeout: 5s
  # Labels for everything that leaves this server.
  # external_labels:
  #   site: home

scrape_configs:
  # One entry a job. A target is host:port, without a path.
  # - job_name: node
  #   static_configs:
  #     - targets: ['localhost:9100']
  #       labels:
  #         env: dev

  # Targets that another program writes into files; changes are picked up while mon runs.
  # - job_name: services
  #   scrape_interval: 1s
  #   scrape_timeout: 500ms
  #   metrics_path: /metrics
  #   file_sd_configs:
  #     - files: ['targets/*.yml']
  #   relabel_configs:
  #     - source_labels: [__address__]
  #       regex: '([^:]+):.*'
  #       target_label: host
  #   metric_relabel_configs:
  #     - source_labels: [__name__]
  #       regex: 'go_.*'
  #       action: drop

mon:
  # Beyond 127.0.0.1 a token_file is needed.
  listen: 127.0.0.1:9590
  # data_dir: data
  # token_file: token
  # A duration for samples, or a preset for all: seed, pipeline, staff.
  retention: 15d
  # rollups:
  #   keep: {1m: 30d, 5m: 90d, 1h: 1y, 1d: 2y}
  #   quantiles: ['{__name__=~".*_seconds"}']
  # CPU, memory, disks and network of this machine, under node_exporter's names.
  host_agent: true
  # mon's own metrics.
  self_scrape: true
`;
