// What HTTP itself costs: requests a second and CPU a request of remote-write bodies into an Intake
// that does nothing, and the rate at which answers become JSON. Load comes from a second process
// over plain sockets, so that only the server's CPU is counted.
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { queryJson } from '../../src/engine/api/query-json.ts';
import type { Labels } from '../../src/engine/model/labels.ts';
import { answerOf, outcomeOf, startApi } from '../support/api-fixture.ts';

const SECONDS = 3;
const WARM_SECONDS = 1;
const CONNECTIONS = 4;

/** Sends one prepared request over and over, the next when the answer to the last has begun. */
function load(port: number, bytes: number): void {
  const head =
    `POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n` +
    'Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\r\n';
  const request = Buffer.concat([Buffer.from(head), Buffer.alloc(bytes)]);
  for (let i = 0; i < CONNECTIONS; i++) {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.on('connect', () => socket.write(request));
    socket.on('data', () => socket.write(request));
    socket.on('error', () => process.exit(0));
  }
}

async function pushes(bytes: number): Promise<void> {
  const done = outcomeOf();
  let count = 0;
  const take = async (): Promise<typeof done> => {
    count++;
    return done;
  };
  await using api = await startApi({
    intake: {
      remoteWrite: take,
      remoteWrite2: take,
      writeRequest: take,
      json: take,
      exposition: take,
    },
  });
  const self = fileURLToPath(import.meta.url);
  const loader = fork(self, ['load', String(api.port), String(bytes)]);
  await new Promise((resolve) => setTimeout(resolve, WARM_SECONDS * 1000));
  const begin = { count, cpu: process.cpuUsage(), at: performance.now() };
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const { user, system } = process.cpuUsage(begin.cpu);
  const wall = (performance.now() - begin.at) / 1000;
  const requests = count - begin.count;
  loader.kill();
  const cpu = ((user + system) / requests).toFixed(0);
  const rate = (requests / wall).toFixed(0);
  const share = ((user + system) / 1e6 / wall).toFixed(2);
  process.stdout.write(
    `${bytes} B bodies: ${rate} requests/s, ${cpu} us of CPU each, ${share} cores\n`,
  );
}

function json(name: string, cell: (i: number) => number): void {
  const [series, steps] = [100, 1000];
  const labels = Array.from({ length: series }, (_, i): Labels => [
    '__name__',
    'node_cpu_seconds_total',
    'cpu',
    String(i),
    'mode',
    'idle',
  ]);
  const values = Float64Array.from({ length: series * steps }, (_, i) => cell(i));
  const matrix = { labels, steps, values, present: new Uint8Array(series * steps).fill(1) };
  const grid = {
    start: 1_700_000_000_000,
    end: 1_700_000_000_000 + (steps - 1) * 15_000,
    step: 15_000,
  };
  const answer = answerOf({ type: 'matrix', grid, matrix });
  let bytes = 0;
  let rounds = 0;
  for (let i = 0; i < 5; i++)
    for (const page of queryJson(answer, { limit: 0 })) bytes = page.length;
  bytes = 0;
  const begin = process.cpuUsage();
  const cpuSeconds = (): number => {
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 1e6;
  };
  while (cpuSeconds() < 1) {
    for (const page of queryJson(answer, { limit: 0 })) bytes += page.length;
    rounds++;
  }
  const seconds = cpuSeconds();
  const samples = ((rounds * series * steps) / seconds / 1e6).toFixed(1);
  const rate = (bytes / seconds / 1e6).toFixed(0);
  process.stdout.write(`JSON of ${name}: ${samples} M samples, ${rate} MB a CPU second\n`);
}

if (process.argv[2] === 'load') {
  load(Number(process.argv[3]), Number(process.argv[4]));
} else {
  await pushes(140_000);
  await pushes(1000);
  json('counters', (i) => 1_000_000 + i);
  json('tenths', (i) => (i % 1000) / 10);
  json('rates', (i) => i / 7);
}
