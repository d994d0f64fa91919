// What a gate over 1,000 SLOs costs from the shell: `mon slo check` over 40 Sloth files of 10 to 40
// SLOs each against a real `mon up` that has days of their series. Wall time of the whole command,
// its CPU and the server's. Series are those of HTTP routes, of gRPC methods, of latency buckets
// and of jobs with metrics of their own. Run: node dist/test/bench/slo.bench.js [SLOs] [days]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import snappy from 'snappy';
import { freePort, startMon } from '../support/mon-process.ts';
import { projectRoot } from '../support/project.ts';
import { cpuOf } from '../support/server-figures.ts';
import { WRITE_HEADERS, encodeWriteRequest, field } from '../support/write-request.ts';

const [, , sloCount = '1000', dayCount = '3'] = process.argv;
const SLOS = Number(sloCount);
const DAYS = Number(dayCount);
const STEP_MS = 60_000;
const RUNS = 6;
const INSTANCES = 2;
const REQUEST_BYTES = 4 << 20;

interface Subject {
  readonly yaml: string;
  readonly series: readonly Readonly<Record<string, string>>[];
}

const SIZES = [10, 15, 20, 25, 30, 40];

function alerting(name: string): string {
  return `    alerting:
      name: ${name}
      labels: {category: availability}
      annotations: {summary: "High error rate on ${name}"}
      page_alert: {labels: {severity: pageteam}}
      ticket_alert: {labels: {severity: slack, slack_channel: "#alerts"}}
`;
}

function slo(name: string, objective: string, [bad, total]: readonly string[]): string {
  return `  - name: "${name}"
    objective: ${objective}
    description: "Common SLO based on what ${name} answers."
    sli:
      events:
        error_query: ${bad}
        total_query: ${total}
${alerting(`Alert${name.replaceAll('-', '')}`)}`;
}

/** One SLO of a service, and the series that it counts. */
function subject(service: string, n: number): Subject {
  const instances = Array.from({ length: INSTANCES }, (_, i) => `10.0.${n % 250}.${i}:8080`);
  const each = (labels: readonly Record<string, string>[]): Record<string, string>[] =>
    instances.flatMap((instance) => labels.map((one) => ({ ...one, instance, job: service })));
  const window = '[{{.window}}]';
  if (n % 4 === 0) {
    const __name__ = 'http_request_duration_seconds_count';
    const of = `${__name__}{job="${service}",route="/v1/r${n}"`;
    return {
      yaml: slo(`requests-${n}`, '99.9', [
        `sum(rate(${of},code=~"(5..|429)"}${window}))`,
        `sum(rate(${of}}${window}))`,
      ]),
      series: each(['200', '404', '503'].map((code) => ({ __name__, route: `/v1/r${n}`, code }))),
    };
  }
  if (n % 4 === 1) {
    const __name__ = 'grpc_server_handled_total';
    const of = `${__name__}{job="${service}",grpc_method="M${n}"`;
    return {
      yaml: slo(`grpc-${n}`, '99.95', [
        `sum(rate(${of},grpc_code=~"Unknown|Internal|Unavailable"}${window}))`,
        `sum(rate(${of}}${window}))`,
      ]),
      series: each(
        ['OK', 'Internal', 'NotFound'].map((grpc_code) => {
          return { __name__, grpc_method: `M${n}`, grpc_code };
        }),
      ),
    };
  }
  if (n % 4 === 2) {
    const bucket = 'http_request_duration_seconds_bucket';
    const of = `${bucket}{job="${service}",route="/v1/l${n}"`;
    return {
      yaml: slo(`latency-${n}`, '99', [
        `sum(rate(${of},le="+Inf"}${window})) - sum(rate(${of},le="0.3"}${window}))`,
        `sum(rate(${of},le="+Inf"}${window}))`,
      ]),
      series: each(
        ['0.1', '0.3', '+Inf'].map((le) => ({ __name__: bucket, route: `/v1/l${n}`, le })),
      ),
    };
  }
  const own = service.replaceAll('-', '_');
  return {
    yaml: slo(`jobs-${n}`, '99.5', [
      `sum(increase(${own}_jobs_failed_total{queue="q${n}"}${window}))`,
      `sum(increase(${own}_jobs_total{queue="q${n}"}${window}))`,
    ]),
    series: each(
      ['failed_total', 'total'].map((end) => ({ __name__: `${own}_jobs_${end}`, queue: `q${n}` })),
    ),
  };
}

/** Files of the gate, and the series of all. */
async function writeFiles(folder: string): Promise<Subject['series']> {
  await mkdir(folder, { recursive: true });
  const series: Record<string, string>[] = [];
  for (let n = 0, f = 0; n < SLOS; f++) {
    const service = `service-${String(f).padStart(3, '0')}`;
    let text = `version: "prometheus/v1"\nservice: "${service}"\n`;
    text += `labels: {owner: team${f % 9}}\nslos:\n`;
    const end = Math.min(SLOS, n + SIZES[f % SIZES.length]);
    for (; n < end; n++) {
      const { yaml, series: more } = subject(service, n);
      text += yaml;
      series.push(...more);
    }
    await writeFile(join(folder, `${service}.yml`), text);
  }
  return series;
}

/** Samples of a counter every minute, up to now, as fields of a TimeSeries. */
function samplesOf(seed: number, endMs: number): Buffer {
  const count = (DAYS * 86_400_000) / STEP_MS;
  const out = Buffer.alloc(count * 18);
  let value = 0;
  for (let i = 0; i < count; i++) {
    const at = i * 18;
    value += (seed * 7 + i * 13) % 40 < 1 + (seed % 40) ? (seed + i) % 17 : 0;
    out[at] = (2 << 3) | 2;
    out[at + 1] = 16;
    out[at + 2] = 9;
    out.writeDoubleLE(value, at + 3);
    out[at + 11] = 16;
    let rest = endMs - (count - 1 - i) * STEP_MS;
    for (let b = 0; b < 6; b++) {
      out[at + 12 + b] = (rest % 128) | (b < 5 ? 128 : 0);
      rest = Math.floor(rest / 128);
    }
  }
  return out;
}

async function push(url: string, series: Subject['series']): Promise<number> {
  const endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS;
  let body: Buffer[] = [];
  let bytes = 0;
  let samples = 0;
  const send = async (): Promise<void> => {
    const block = snappy.compressSync(Buffer.concat(body)) as Buffer;
    const answer = await fetch(`${url}/api/v1/write`, {
      ...{ method: 'POST', headers: WRITE_HEADERS, body: block },
    });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    [body, bytes] = [[], 0];
  };
  for (const [seed, labels] of series.entries()) {
    const empty = encodeWriteRequest([{ labels, samples: [] }]);
    const own = empty.subarray(empty.findIndex((byte, i) => i > 0 && byte < 128) + 1);
    const points = samplesOf(seed, endMs);
    const one = field(1, Buffer.concat([own, points]));
    body.push(one);
    bytes += one.length;
    samples += points.length / 18;
    if (bytes > REQUEST_BYTES) await send();
  }
  if (bytes > 0) await send();
  return samples;
}

/** Waits until the server has nothing to do, for a minute at most. */
async function untilIdle(pid: number): Promise<void> {
  for (let i = 0; i < 60; i++) {
    const before = await cpuOf(pid);
    await pause(1000);
    if ((await cpuOf(pid)) - before < 0.08) return;
  }
}

interface Ran {
  readonly wall: number;
  readonly cpu: number;
  readonly code: number | null;
  readonly stdout: string;
}

/** The command from start to end; its CPU is what the shell's `times` tells of it. */
async function check(folder: string, url: string): Promise<Ran> {
  const line = `"$0" bin/run.js slo check "${folder}"/*.yml --url ${url}; c=$?; times >&2; exit $c`;
  const begin = performance.now();
  const child = spawn('sh', ['-c', line, process.execPath], {
    cwd: projectRoot,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const wall = (performance.now() - begin) / 1000;
  const [user, system] = (stderr.trimEnd().split('\n').at(-1) ?? '').split(' ').map((text) => {
    const [, minutes, seconds] = /(\d+)m([\d.]+)s/.exec(text) ?? [];
    return Number(minutes) * 60 + Number(seconds);
  });
  return { wall, cpu: user + system, code, stdout };
}

async function main(): Promise<void> {
  const room = await mkdtemp(join(tmpdir(), 'mon-slo-bench-'));
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const config = join(room, 'empty.yml');
  await writeFile(config, 'scrape_configs: []\n');
  const mon = await startMon({ dataDir: join(room, 'data'), port: await freePort(), config });
  try {
    const series = await writeFiles(join(room, 'slos'));
    const samples = await push(mon.url, series);
    say(`${SLOS} SLOs, ${series.length} series, ${(samples / 1e6).toFixed(1)} M samples`);
    await untilIdle(mon.pid);
    for (let i = 0; i < RUNS; i++) {
      const before = await cpuOf(mon.pid);
      const { wall, cpu, code, stdout } = await check(join(room, 'slos'), mon.url);
      const server = (await cpuOf(mon.pid)) - before;
      const figures = [wall, cpu, server].map((one) => one.toFixed(2));
      say(`  wall ${figures[0]} s, CPU ${figures[1]} s, server's ${figures[2]} s, exit ${code}`);
      if (i === 0) say(`  ${stdout.trimEnd().split('\n').at(-1)}`);
    }
  } finally {
    await mon.end('SIGTERM');
    await rm(room, { recursive: true, force: true });
  }
}

await main();
