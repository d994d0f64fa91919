// The servers that the rules' bench measures: a real `mon up` and Debian's Prometheus with the same
// rules, and one listener that both tell: a webhook for mon, an Alertmanager's /api/v2/alerts for
// Prometheus. Easy to get wrong: only the first telling of an alert counts, and what a server
// costs is asked of the system, not of itself.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, startMon } from '../support/mon-process.ts';

export interface Measured {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  stop(): Promise<unknown>;
}

/** A telling: when it came, and when the alert says that it began. */
export interface Heard {
  readonly atMs: number;
  readonly startsAtMs: number;
}

export interface Listener {
  readonly url: string;
  /** By path, then by the probe's number. */
  readonly heard: Record<'mon' | 'prometheus', Map<number, Heard>>;
  close(): void;
}

interface Alert {
  readonly labels: Record<string, string>;
  readonly startsAt: string;
}

/** Takes what both servers tell. */
export async function listen(): Promise<Listener> {
  const heard = { mon: new Map<number, Heard>(), prometheus: new Map<number, Heard>() };
  const server = createServer((request, response) => {
    const atMs = Date.now();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.end('{}');
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Alert[] | { alerts: Alert[] };
      const into = Array.isArray(body) ? heard.prometheus : heard.mon;
      for (const { labels, startsAt } of Array.isArray(body) ? body : body.alerts) {
        const i = Number(labels.i);
        if (labels.alertname !== 'Probe' || into.has(i)) continue;
        into.set(i, { atMs, startsAtMs: Date.parse(startsAt) });
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, heard, close: () => server.close() };
}

/** mon with all roles, telling one webhook at once. */
export async function startMeasuredMon(
  folder: string,
  rules: string,
  listener: Listener,
): Promise<Measured> {
  const routes = join(folder, 'routes.yml');
  writeFileSync(
    routes,
    [
      'route:',
      '  receiver: nobody',
      '  group_by: [alertname]',
      '  routes:',
      '  - {matchers: [alertname=Probe], receiver: hook, group_by: [...], group_wait: 0s}',
      'receivers:',
      '- name: nobody',
      `- {name: hook, webhook_configs: [{url: '${listener.url}/hook'}]}`,
      '',
    ].join('\n'),
  );
  const port = await freePort();
  const args = ['--rules', rules, '--routes', routes];
  const mon = await startMon({ dataDir: join(folder, 'mon'), port, args });
  return { name: 'mon', url: mon.url, pid: mon.pid, stop: () => mon.end('SIGTERM') };
}

/** Prometheus that evaluates every second and sends at once. */
export async function startPrometheus(
  folder: string,
  rules: string,
  listener: Listener,
): Promise<Measured> {
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  const target = listener.url.slice('http://'.length);
  writeFileSync(
    config,
    [
      'global: {evaluation_interval: 1s}',
      `rule_files: [${rules}]`,
      `alerting: {alertmanagers: [{static_configs: [{targets: ['${target}']}]}]}`,
      '',
    ].join('\n'),
  );
  const child = spawn('prometheus', [
    ...[`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'prom')}`],
    ...[`--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver'],
    '--log.level=error',
  ]);
  const url = `http://127.0.0.1:${port}`;
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) await pause(100);
  const stop = async (): Promise<boolean> => child.kill('SIGTERM');
  return { name: 'prometheus', url, pid: child.pid as number, stop };
}

/** Seconds of CPU that a process has had, all its threads. */
export function cpuSeconds({ pid }: Measured): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory, MB. */
export function megabytes({ pid }: Measured): number {
  const found = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) / 1024;
}
