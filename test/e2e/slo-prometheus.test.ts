// The gate against a real Prometheus, which may not know anchored ranges: then counts are
// extrapolated, the output says so, and the verdicts are the same.
import { strict as assert } from 'node:assert';
import { it } from 'node:test';
import { runCli } from '../support/run-cli.ts';
import { startPrometheus } from '../support/real-prometheus.ts';
import { MonFolder, writeSamples } from './mon-folder.ts';

const MINUTE = 60_000;

it('a plain Prometheus is asked as well', async () => {
  const folder = await MonFolder.make();
  const server = await startPrometheus({
    folder: folder.path,
    config: 'global: {scrape_interval: 1h}\n',
    args: ['--web.enable-remote-write-receiver'],
  });
  try {
    const atMs = Math.floor(Date.now() / MINUTE) * MINUTE - MINUTE;
    const counter = (slo: string, code: string, perMinute: number) => ({
      labels: { __name__: 'shop_requests_total', slo, code },
      samples: Array.from({ length: 31 }, (_, i) => {
        return { timestamp: atMs + (i - 30) * MINUTE, value: i * perMinute };
      }),
    });
    const series = [counter('fine', '200', 100), counter('burning', '200', 90)];
    const { status } = await writeSamples(server.url, [...series, counter('burning', '500', 10)]);
    assert.equal(status, 204);
    const args = ['slo', 'check', 'fixtures/slo/shop.yml', '--at', String(atMs / 1000)];
    const got = await runCli([...args, '-o', 'json'], { env: { MON_URL: server.url } });
    assert.equal(got.code, 3, got.stderr);
    const { counting, items } = JSON.parse(got.stdout) as {
      counting: string;
      items: readonly { slo: string; outcome: string }[];
    };
    const note = 'note: the server knows no anchored ranges, so that counts are extrapolated\n';
    assert.equal(got.stderr, counting === 'anchored' ? '' : note);
    assert.deepEqual(
      items.map(({ slo, outcome }) => [slo, outcome]),
      [
        ['fine', 'ok'],
        ['burning', 'burning'],
        ['spent', 'no-data'],
        ['silent', 'no-data'],
        ['rare', 'no-data'],
      ],
    );
  } finally {
    await server.end();
    await folder.remove();
  }
});
