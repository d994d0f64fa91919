// Client libraries from npm that know nothing of mon: the OpenTelemetry SDK with both of its HTTP
// exporters, a StatsD client over UDP, and InfluxDB's own client. What they were told is what can
// be queried, and what cannot be taken is said to them.
import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { InfluxDB, Point, setLogger } from '@influxdata/influxdb-client';
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { StatsD } from 'hot-shots';
import { freePort } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { until } from '../support/until.ts';
import { MonFolder } from './mon-folder.ts';

let folder: MonFolder;
let mon: MonProcess;
let statsdPort = 0;
before(async () => {
  folder = await MonFolder.make();
  statsdPort = await freePort();
  const own = 'host_agent: false, self_scrape: false, default_rules: false';
  mon = await folder.start(
    `global: {scrape_interval: 250ms, scrape_timeout: 250ms}
mon: {${own}, statsd: "127.0.0.1:${statsdPort}"}
`,
  );
});
after(() => folder.remove());

interface Row {
  readonly metric: Record<string, string>;
  readonly value: [number, string];
}

async function rows(query: string): Promise<Row[]> {
  const reply = await fetch(`${mon.url}/api/v1/query?query=${encodeURIComponent(query)}`);
  return ((await reply.json()) as { data: { result: Row[] } }).data.result;
}

async function valueOf(query: string): Promise<number | undefined> {
  const found = await rows(query);
  return found.length === 0 ? undefined : Number(found[0].value[1]);
}

async function untilValue(query: string, want: number): Promise<void> {
  let found: number | undefined;
  const holds = async (): Promise<boolean> => {
    found = await valueOf(query);
    return found === want;
  };
  await until(`${query} is ${want}`, holds, { seen: () => found });
}

interface Told {
  /** What the exporter said of each export. */
  readonly results: { readonly code: number; readonly error?: Error | undefined }[];
  readonly provider: MeterProvider;
}

/** A provider whose exporter also keeps what was answered. */
function provider(exporter: PushMetricExporter, service: string): Told {
  const results: Told['results'] = [];
  const send = exporter.export.bind(exporter);
  exporter.export = (metrics: ResourceMetrics, done): void => {
    send(metrics, (result) => {
      results.push(result);
      done(result);
    });
  };
  const attributes = { 'service.name': service, 'service.instance.id': 'i1', region: 'eu' };
  const made = new MeterProvider({
    resource: resourceFromAttributes(attributes),
    views: [
      {
        instrumentName: 'wait.exp',
        aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
      },
    ],
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  });
  return { results, provider: made };
}

for (const [form, Exporter] of [
  ['JSON', JsonExporter],
  ['protobuf', ProtoExporter],
] as const) {
  test(`OpenTelemetry over HTTP in ${form}`, async () => {
    const service = `shop-${form}`;
    const exporter = new Exporter({ url: `${mon.url}/api/v1/otlp/v1/metrics` });
    const { results, provider: metrics } = provider(exporter, service);
    const meter = metrics.getMeter('test');
    const orders = meter.createCounter('orders', { unit: '{order}', description: 'Orders.' });
    orders.add(3, { kind: 'new' });
    orders.add(4, { kind: 'new' });
    orders.add(1, { kind: 'old' });
    meter.createUpDownCounter('queue.length').add(-2);
    meter.createObservableGauge('temperature', { unit: 'Cel' }).addCallback((result) => {
      result.observe(21.5, { room: 'a' });
    });
    const wait = meter.createHistogram('wait', {
      unit: 's',
      advice: { explicitBucketBoundaries: [0.1, 1, 10] },
    });
    for (const value of [0.05, 0.5, 0.5, 5, 50]) wait.record(value);
    const exponential = meter.createHistogram('wait.exp', { unit: 's' });
    for (const value of [0.5, 1, 2, 4, 8]) exponential.record(value);
    await metrics.forceFlush();
    assert.deepEqual(results, [{ code: 0 }]);
    const of = `job="${service}",instance="i1"`;
    await untilValue(`orders_total{kind="new",${of}}`, 7);
    await untilValue(`orders_total{kind="old",${of}}`, 1);
    await untilValue(`queue_length{${of}}`, -2);
    await untilValue(`temperature_celsius{room="a",${of}}`, 21.5);
    const buckets = await rows(`wait_seconds_bucket{${of}}`);
    const told = buckets.map(({ metric, value }) => `${metric['le']} ${value[1]}`).sort();
    assert.deepEqual(told, ['+Inf 5', '0.1 1', '1 3', '10 4'].sort());
    await untilValue(`wait_seconds_count{${of}}`, 5);
    await untilValue(`wait_seconds_sum{${of}}`, 56.05);
    await untilValue(`histogram_count(wait_exp_seconds{${of}})`, 5);
    await untilValue(`histogram_sum(wait_exp_seconds{${of}})`, 15.5);
    await untilValue(`histogram_fraction(0, 2, wait_exp_seconds{${of}})`, 0.6);
    await untilValue(`target_info{region="eu",${of}}`, 1);
    orders.add(5, { kind: 'new' });
    await pause(5);
    await metrics.forceFlush();
    await untilValue(`orders_total{kind="new",${of}}`, 12);
    await metrics.shutdown();
  });

  test(`OpenTelemetry with delta temporality in ${form}: what is not taken is said`, async () => {
    const exporter = new Exporter({
      url: `${mon.url}/api/v1/otlp/v1/metrics`,
      temporalityPreference: AggregationTemporality.DELTA,
    });
    const { results, provider: metrics } = provider(exporter, `delta-${form}`);
    const meter = metrics.getMeter('test');
    meter.createCounter('clicks').add(3);
    meter.createObservableGauge('level').addCallback((result) => result.observe(4));
    await metrics.forceFlush();
    // A partial success is a success: the points would be refused again.
    assert.equal(results.length, 1);
    assert.equal(results[0].code, 0);
    await untilValue(`level{job="delta-${form}"}`, 4);
    assert.deepEqual(await rows(`{__name__=~"clicks.*",job="delta-${form}"}`), []);
    await metrics.shutdown();
  });
}

test('hot-shots: StatsD over UDP', async () => {
  const client = new StatsD({ host: '127.0.0.1', port: statsdPort, prefix: 'app.' });
  const closed = (): Promise<unknown> => new Promise((resolve) => client.close(resolve));
  client.increment('visits', 3, { page: 'home' });
  client.increment('visits', 2, { page: 'home' });
  client.gauge('load', 0.75);
  client.set('users', 'ada');
  client.set('users', 'bob');
  client.timing('query', 120);
  client.timing('query', 80);
  await closed();
  await untilValue('app_visits{page="home"}', 5);
  await untilValue('app_load', 0.75);
  await untilValue('app_query_count', 2);
  await untilValue('round(app_query_sum, 0.001)', 0.2);
  await untilValue('max_over_time(app_users[1m])', 2);
});

test('the client of InfluxDB 2', async () => {
  // It would print what this test expects.
  setLogger({ error: () => undefined, warn: () => undefined });
  const client = new InfluxDB({ url: mon.url, token: 'none' });
  const write = client.getWriteApi('org', 'plant', 'ms', { maxRetries: 0 });
  const at = Date.now();
  const point = new Point('boiler')
    .tag('site', 'north, hall "1"')
    .floatField('pressure', 2.25)
    .intField('starts', 7)
    .booleanField('on', true)
    .stringField('note', 'a "quoted" = text')
    .timestamp(at);
  write.writePoint(point);
  await write.close();
  await untilValue('boiler_pressure{db="plant",site="north, hall \\"1\\""}', 2.25);
  await untilValue('boiler_starts{db="plant"}', 7);
  await untilValue('boiler_on{db="plant"}', 1);
  const broken = client.getWriteApi('org', 'plant', 'ms', { maxRetries: 0 });
  broken.writeRecord('boiler pressure=no');
  broken.writeRecord(`boiler pressure=3 ${at + 1}`);
  await assert.rejects(broken.close(), /partial write: line 1/);
  await untilValue('boiler_pressure{site=""}', 3);
});
