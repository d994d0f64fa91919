// Native histograms from a scraped target to an answer, through the real process; and Debian's own
// Prometheus as a target, whose protobuf must give the same series as its text.
import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { PROTOBUF_TYPE, protobufBody } from '../support/metric-families.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import { startPrometheus } from '../support/real-prometheus.ts';
import { skipWithout } from '../support/program.ts';
import { until } from '../support/until.ts';
import { QUIET_CONFIG } from './mon-folder.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mon-native-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

async function monScraping(jobs: string) {
  const config = join(folder, 'mon.yml');
  const global = 'global: {scrape_interval: 500ms, scrape_timeout: 500ms}';
  await writeFile(config, `${QUIET_CONFIG}\n${global}\nscrape_configs:\n${jobs}`);
  return await startMon({ dataDir: join(folder, 'data'), port: await freePort(), config });
}

async function resultOf(url: string, query: string) {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as {
    data: { result: { metric: Record<string, string>; histogram?: unknown; value?: unknown }[] };
  };
  return data.result;
}

test('a scraped native histogram is asked for, and goes stale with its target', async () => {
  const accepts: string[] = [];
  const target = createServer((request, reply) => {
    accepts.push(request.headers.accept ?? '');
    const histogram = {
      sampleCount: accepts.length * 10,
      sampleSum: accepts.length * 4,
      schema: 0,
      positiveSpan: [{ offset: 0, length: 2 }],
      positiveDelta: [accepts.length * 5, 0],
    };
    reply.setHeader('Content-Type', PROTOBUF_TYPE);
    reply.end(protobufBody([{ name: 'took_seconds', type: 4, metric: [{ histogram }] }]));
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const { port } = target.address() as AddressInfo;
  const mon = await monScraping(
    `  - job_name: app\n    scrape_native_histograms: true\n` +
      `    static_configs: [{targets: ['127.0.0.1:${port}']}]\n`,
  );
  try {
    await until('a rate of the histogram', async () => {
      const [row] = await resultOf(mon.url, 'histogram_count(increase(took_seconds[5s])) > 0');
      return row !== undefined;
    });
    assert.match(accepts[0], /^application\/vnd\.google\.protobuf;.*encoding=delimited/);
    const [row] = await resultOf(mon.url, 'took_seconds');
    assert.ok(row.histogram !== undefined && row.value === undefined);
    const [median] = await resultOf(mon.url, 'histogram_quantile(0.5, took_seconds)');
    assert.equal((median.value as [number, string])[1], '1');
    target.close();
    target.closeAllConnections();
    await until('the end of the series', async () => {
      return (await resultOf(mon.url, 'took_seconds')).length === 0;
    });
  } finally {
    target.closeAllConnections();
    await mon.end('SIGTERM');
  }
});

const skip = skipWithout('prometheus');
test("Prometheus' own protobuf gives the series of its text", { skip }, async () => {
  const config = `
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: self, static_configs: [{targets: ['127.0.0.1:PORT']}]}`;
  const peer = await startPrometheus({ folder, config });
  const at = peer.url.replace('http://', '');
  const mon = await monScraping(
    `  - {job_name: text, static_configs: [{targets: ['${at}']}]}\n` +
      `  - {job_name: proto, scrape_native_histograms: true,\n` +
      `     always_scrape_classic_histograms: true, static_configs: [{targets: ['${at}']}]}\n`,
  );
  try {
    await until('two scrapes of each', async () => {
      return (await resultOf(mon.url, 'count_over_time(up[1m]) > 2')).length === 2;
    });
    const named = async (job: string): Promise<string[]> => {
      const rows = await resultOf(mon.url, `{job="${job}", __name__!~"scrape_.*"}`);
      return rows.map(({ metric }) => JSON.stringify({ ...metric, job: '' })).sort();
    };
    const [text, proto] = [await named('text'), await named('proto')];
    assert.ok(text.length > 300, `${text.length} series`);
    const more = proto.filter((series) => !text.includes(series));
    const less = text.filter((series) => !proto.includes(series));
    assert.deepEqual({ more, less }, { more: [], less: [] });
  } finally {
    await mon.end('SIGTERM');
    await peer.end();
  }
});
