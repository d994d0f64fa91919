// Other people's programs as sources, each with values that can be told beforehand: Prometheus by
// federation and remote write, node exporter and Pushgateway scraped, a Pushgateway's client
// against our own paths, collectd by write_http and write_prometheus.
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { TestContext } from 'node:test';
import { freePort } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { skipWithout } from '../support/program.ts';
import { startPrometheus } from '../support/real-prometheus.ts';
import { answers, startProgram } from '../support/real-program.ts';
import { until } from '../support/until.ts';
import { MonFolder } from './mon-folder.ts';

let folder: MonFolder;
beforeEach(async () => {
  folder = await MonFolder.make();
});
afterEach(() => folder.remove());

const QUIET = 'mon: {host_agent: false, self_scrape: false, default_rules: false}\n';
const FAST = 'global: {scrape_interval: 500ms, scrape_timeout: 400ms}\n';

interface Row {
  readonly metric: Record<string, string>;
  readonly value: [number, string];
}

async function rows({ url }: MonProcess, query: string): Promise<Row[]> {
  const reply = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
  return ((await reply.json()) as { data: { result: Row[] } }).data.result;
}

async function exporter(t: TestContext): Promise<number> {
  const port = await freePort();
  const address = `--web.listen-address=127.0.0.1:${port}`;
  const only = ['--collector.disable-defaults', '--collector.meminfo', '--collector.uname'];
  await startProgram(t, ['prometheus-node-exporter', address, ...only], () =>
    answers(`http://127.0.0.1:${port}/metrics`),
  );
  return port;
}

const NODE = { skip: skipWithout('prometheus-node-exporter') };

test('node exporter, scraped: what it shows is what is stored', NODE, async (t) => {
  const port = await exporter(t);
  const job = `scrape_configs:
  - job_name: node
    static_configs: [{targets: ['127.0.0.1:${port}']}]
`;
  const mon = await folder.start(FAST + job + QUIET);
  await until('a scrape', async () => (await rows(mon, 'node_uname_info')).length === 1);
  const total = /^MemTotal:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  const [memory] = await rows(mon, 'node_memory_MemTotal_bytes');
  assert.equal(Number(memory.value[1]), Number(total) * 1024);
  assert.deepEqual(memory.metric, {
    ...{ __name__: 'node_memory_MemTotal_bytes', job: 'node', instance: `127.0.0.1:${port}` },
  });
  const shown = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const series = shown.split('\n').filter((line) => /^[a-z]/.test(line));
  const [scraped] = await rows(mon, 'scrape_samples_scraped{job="node"}');
  assert.equal(Number(scraped.value[1]), series.length);
});

const PROMETHEUS = {
  skip: skipWithout('prometheus') || skipWithout('prometheus-node-exporter'),
};

test('Prometheus: remote write and federation bring the same values', PROMETHEUS, async (t) => {
  const port = await exporter(t);
  const prometheusPort = await freePort();
  const federate = `scrape_configs:
  - job_name: federate
    honor_labels: true
    metrics_path: /federate
    params: {'match[]': ['{__name__=~"node_memory_.*"}']}
    static_configs: [{targets: ['127.0.0.1:${prometheusPort}']}]
`;
  const mon = await folder.start(FAST + federate + QUIET);
  const prometheus = await startPrometheus({
    folder: folder.path,
    port: prometheusPort,
    args: ['--storage.remote.flush-deadline=1s'],
    config: `${FAST}remote_write:
  - url: ${mon.url}/api/v1/write
    write_relabel_configs:
      - {target_label: way, replacement: written}
scrape_configs:
  - job_name: node
    static_configs: [{targets: ['127.0.0.1:${port}']}]
`,
  });
  t.after(() => prometheus.end());
  await until('both ways', async () => {
    const written = await rows(
      mon,
      'count_over_time(node_memory_MemFree_bytes{way="written"}[1m])',
    );
    const federated = await rows(mon, 'count_over_time(node_memory_MemFree_bytes{way=""}[1m])');
    return Number(written[0]?.value[1]) > 4 && Number(federated[0]?.value[1]) > 4;
  });
  const asked = encodeURIComponent('node_memory_MemFree_bytes[30s]');
  const there = (await (await fetch(`${prometheus.url}/api/v1/query?query=${asked}`)).json()) as {
    data: { result: { values: [number, string][] }[] };
  };
  const truth = new Map(there.data.result[0].values);
  for (const way of ['written', '']) {
    const query = encodeURIComponent(`node_memory_MemFree_bytes{way="${way}"}[30s]`);
    const here = (await (await fetch(`${mon.url}/api/v1/query?query=${query}`)).json()) as {
      data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
    };
    const [{ metric, values }] = here.data.result;
    assert.equal(metric['job'], 'node');
    assert.equal(metric['instance'], `127.0.0.1:${port}`);
    const both = values.filter(([at]) => truth.has(at));
    assert.ok(both.length >= 3, `${way}: ${both.length} of ${values.length} times are known`);
    for (const [at, value] of both) assert.equal(value, truth.get(at), `${way} at ${at}`);
  }
});

const GATEWAY = { skip: skipWithout('prometheus-pushgateway') };

test('Pushgateway, scraped; and the same pushes to our own paths', GATEWAY, async (t) => {
  const port = await freePort();
  const gateway = `http://127.0.0.1:${port}`;
  // Debian's keeps its groups under /var/lib and would begin with those of whoever ran it before.
  const args = [`--web.listen-address=127.0.0.1:${port}`, '--persistence.file='];
  await startProgram(t, ['prometheus-pushgateway', ...args], () => answers(`${gateway}/-/ready`));
  const job = `scrape_configs:
  - job_name: gateway
    honor_labels: true
    static_configs: [{targets: ['127.0.0.1:${port}']}]
`;
  const mon = await folder.start(FAST + job + QUIET);
  const body = '# TYPE batch_rows gauge\nbatch_rows{part="a"} 41.5\nbatch_rows{part="b"} -1\n';
  const push = async (to: string, kind: string): Promise<void> => {
    const url = `${to}/metrics/job/${kind}/path@base64/L2Eg`;
    const reply = await fetch(url, { method: 'PUT', body });
    assert.equal(reply.status, 200, await reply.text());
  };
  await push(gateway, 'theirs');
  await push(mon.url, 'ours');
  for (const kind of ['theirs', 'ours']) {
    const query = `batch_rows{job="${kind}"}`;
    await until(query, async () => (await rows(mon, query)).length === 2);
    const found = await rows(mon, query);
    const values = found.map(({ metric, value }) => `${metric['part']} ${value[1]}`).sort();
    assert.deepEqual(values, ['a 41.5', 'b -1'], kind);
    for (const { metric } of found) assert.equal(metric['path'], '/a ', kind);
    assert.equal((await rows(mon, `push_time_seconds{job="${kind}"} > 1e9`)).length, 1, kind);
  }
});

/** Bodies at the edges of what a push may be. */
const BODIES: readonly string[] = [
  ...['a 1\n', 'a 1', 'a{b="c"} 1', '# TYPE a gauge', '# words', 'a 1\n# TYPE b gauge'],
  ...['', '\n', '  ', ' \n\t\n', 'a 1\n  \t', '# words\n', '# TYPE a gauge\n', 'a 1\n\n\nb 2\n'],
  ...['a 1\na 2\n', 'a{\n', 'a 1 1700000000000\n', 'a\n', 'a one\n', '1a 1\n', '{a="b"} 1\n'],
  ...['# TYPE a gauge\n# TYPE a counter\na 1\n', 'a 1\n# TYPE a gauge\n', 'a{b="c",b="d"} 1\n'],
  ...['# HELP a words\n# TYPE a gauge\na NaN\na{b="c"} +Inf\n', '# TYPE a nonsense\na 1\n'],
  ...['a{job="other"} 1\n', 'a{instance="x"} 1\n', 'a 0x10\n', 'a 1e400\n', 'a .5\n', 'a 1.\n'],
  ...['a{b="\\n\\"\\\\"} 1\n', 'a{b="c",} 1\n', 'a{ b = "c" } 1\n', 'a:b:c 1\n', 'a{b:c="d"} 1\n'],
  ...['a 1_000\n', 'a inf\n', 'a{__name__="x"} 1\n'],
];

test('the statuses of a Pushgateway, body by body', GATEWAY, async (t) => {
  const port = await freePort();
  const gateway = `http://127.0.0.1:${port}`;
  const args = [`--web.listen-address=127.0.0.1:${port}`, '--persistence.file='];
  await startProgram(t, ['prometheus-pushgateway', ...args], () => answers(`${gateway}/-/ready`));
  const mon = await folder.start(FAST + QUIET);
  const send = async (to: string, method: string, job: string, body?: string): Promise<number> => {
    const reply = await fetch(`${to}/metrics/job/${job}`, { method, body });
    await reply.text();
    return reply.status;
  };
  const told: string[] = [];
  const compare = async (method: string, job: string, body?: string): Promise<void> => {
    const theirs = await send(gateway, method, job, body);
    const ours = await send(mon.url, method, job, body);
    if (theirs !== ours) told.push(`${method} ${JSON.stringify(body)}: ${theirs}, ours ${ours}`);
  };
  for (const body of BODIES) {
    for (const method of ['PUT', 'POST']) await compare(method, 'one', body);
    await compare('DELETE', 'one');
  }
  // One name has one type in all groups, and a group may change its own.
  const gauge = '# TYPE a gauge\na 1\n';
  for (const [job, body] of [
    ['one', gauge],
    ['one', 'a 1\n'],
    ['one', gauge],
    ['two', 'a 1\n'],
    ['two', '# TYPE a counter\na 1\n'],
    ['two', '# HELP a other words\n# TYPE a gauge\na 1\n'],
  ]) {
    await compare('PUT', job, body);
  }
  assert.deepEqual(told, []);
});

const COLLECTD = { skip: skipWithout('collectd') };

/** Three plugins that read, two that write. */
function collectdConfig(url: string, port: number): string {
  return `Hostname "box"
FQDNLookup false
Interval 1
TypesDB "/usr/share/collectd/types.db"
BaseDir "${folder.path}"
PIDFile "${join(folder.path, 'pid')}"
LoadPlugin uptime
LoadPlugin memory
LoadPlugin interface
LoadPlugin write_http
LoadPlugin write_prometheus
<Plugin interface>
  Interface "lo"
</Plugin>
<Plugin write_http>
  <Node "mon">
    URL "${url}/api/v1/push/collectd"
    Format "JSON"
    BufferSize 4096
  </Node>
</Plugin>
<Plugin write_prometheus>
  Host "127.0.0.1"
  Port "${port}"
</Plugin>
`;
}

test('collectd: write_http in JSON, and write_prometheus scraped', COLLECTD, async (t) => {
  const port = await freePort();
  const job = `scrape_configs:
  - job_name: collectd
    static_configs: [{targets: ['127.0.0.1:${port}']}]
`;
  const mon = await folder.start(FAST + job + QUIET);
  const config = await folder.file('collectd.conf', collectdConfig(mon.url, port));
  const collectd = await startProgram(t, ['collectd', '-f', '-C', config], () =>
    answers(`http://127.0.0.1:${port}/metrics`),
  );
  const pushed = 'collectd_memory{job="",memory="used"}';
  const scraped = 'collectd_memory{job="collectd",memory="used"}';
  await until('both ways', async () => {
    return (await rows(mon, pushed)).length === 1 && (await rows(mon, scraped)).length === 1;
  }).catch((failure: unknown) => {
    throw new Error(collectd.output(), { cause: failure });
  });
  assert.deepEqual((await rows(mon, pushed))[0].metric, {
    ...{ __name__: 'collectd_memory', instance: 'box', memory: 'used' },
  });
  // The same names, and the same values at the times that both told.
  const names = async (job: string): Promise<string[]> => {
    const found = await rows(mon, `count by (__name__) ({__name__=~"collectd_.+",job="${job}"})`);
    return found.map(({ metric }) => metric['__name__']).sort();
  };
  await until('all names', async () => (await names('')).length >= 5);
  assert.deepEqual(await names(''), await names('collectd'));
  const values = async (query: string): Promise<Map<number, string>> => {
    const url = `${mon.url}/api/v1/query?query=${encodeURIComponent(`${query}[1m]`)}`;
    const reply = (await (await fetch(url)).json()) as {
      data: { result: { values: [number, string][] }[] };
    };
    return new Map(reply.data.result[0]?.values);
  };
  let equal = 0;
  await until('a value that came both ways', async () => {
    const [one, other] = [await values(pushed), await values(scraped)];
    for (const [at, value] of other) {
      if (!one.has(at)) continue;
      assert.equal(one.get(at), value);
      equal++;
    }
    return equal > 0;
  });
  const [uptime] = await rows(mon, 'collectd_uptime{job=""}');
  const real = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  assert.ok(Math.abs(Number(uptime.value[1]) - real) < 60, `${uptime.value[1]} ${real}`);
  const lo = 'collectd_interface_if_octets_rx_total{job="",interface="lo"}';
  await until('an interface', async () => (await rows(mon, lo)).length === 1);
});
