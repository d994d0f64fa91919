// What `mon up` prints when everything answers: what runs where, and what to try next. Lines only;
// who calls it prints them.

export interface WelcomeFacts {
  readonly url: string;
  readonly dataDir: string;
  readonly demo: boolean;
  readonly partitions: number;
  readonly kafka?: { readonly brokers: string; readonly topic?: string };
  readonly shards: number;
  readonly retentionMs: number;
  readonly hostAgent: boolean;
  readonly selfScrape: boolean;
  readonly scrapes: readonly unknown[];
  readonly token?: string;
}

const DAY_MS = 86_400_000;

function logWords({ kafka, partitions, dataDir }: WelcomeFacts): string {
  if (kafka === undefined) return `${partitions} partitions in ${dataDir}`;
  return `topic ${kafka.topic ?? 'metrics.raw'} of Kafka at ${kafka.brokers}`;
}

/** Lines without their newlines. */
export function welcome(facts: WelcomeFacts): string[] {
  const { url, shards } = facts;
  const days = Math.round((facts.retentionMs / DAY_MS) * 10) / 10;
  const other = url === 'http://127.0.0.1:9590' ? '' : ` --url ${url}`;
  const jobs = facts.scrapes.length;
  const watched = [
    ...(facts.selfScrape ? ['itself'] : []),
    ...(facts.hostAgent ? ['this host'] : []),
    ...(facts.demo ? ['a demo fleet'] : []),
    ...(jobs > 0 ? [`${jobs} job${jobs === 1 ? '' : 's'} of the configuration`] : []),
  ];
  const watches = watched.length > 0 ? `watches ${watched.join(', ')}` : 'watches nothing';
  const example = facts.demo
    ? 'sum by (service) (rate(http_requests_total[1m]))'
    : 'sum by (mode) (rate(node_cpu_seconds_total[1m]))';
  return [
    `mon is up at ${url}`,
    '',
    `  collector  ${watches}`,
    `  push       to /api/v1/write, /metrics and others`,
    `  log        ${logWords(facts)}`,
    `  store      ${shards} shard${shards === 1 ? '' : 's'}, keeps ${days} days`,
    `  query      PromQL at /api/v1/query, as Prometheus serves it`,
    ...(facts.token === undefined ? [] : ['  access     by bearer token']),
    '',
    'try',
    `  mon top${other}`,
    `  mon query${other} --graph --since 5m '${example}'`,
    `  mon targets${other}`,
  ];
}
