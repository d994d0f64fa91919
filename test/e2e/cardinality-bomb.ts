// A cardinality bomb beside normal senders, against a real server: one source makes up series by
// the thousand a second, the others push what they always push. For the tests and for the figures:
// how long the others wait with and without it, what memory does, what is refused and told.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { WRITE_HEADERS, writeRequestBody } from '../support/write-request.ts';
import type { MonProcess } from '../support/mon-process.ts';

const SENDERS = 20;
const SERIES = 100;
const PERIOD_MS = 100;

export interface BombFigures {
  /** ms, of the normal senders. */
  readonly calm: Latency;
  readonly bombed: Latency;
  readonly statuses: ReadonlyMap<number, number>;
  readonly bombStatuses: ReadonlyMap<number, number>;
  readonly bombSeries: number;
  /** Resident memory in MB before, at a third of the bomb's time, and at its end. */
  readonly memory: readonly number[];
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
}

async function post(url: string, body: Uint8Array): Promise<number> {
  const options = { method: 'POST', headers: WRITE_HEADERS, body: Buffer.from(body) };
  const response = await fetch(`${url}/api/v1/write`, options);
  await response.arrayBuffer();
  return response.status;
}

function latencyOf(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), count: sorted.length };
}

function residentMb(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return Math.round((pages * 4096) / 1e6);
}

class Normal {
  readonly statuses = new Map<number, number>();
  readonly #url: string;
  readonly #name: string;
  readonly #times: number[] = [];

  constructor(url: string, number: number) {
    this.#url = url;
    this.#name = `host-${number}`;
  }

  take(): number[] {
    return this.#times.splice(0);
  }

  async run(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const timestamp = Date.now();
      const body = writeRequestBody(
        Array.from({ length: SERIES }, (_, i) => ({
          labels: { __name__: `normal_${i}`, host: this.#name, job: 'normal' },
          samples: [{ timestamp, value: i }],
        })),
      );
      const began = performance.now();
      const status = await post(this.#url, body);
      this.#times.push(performance.now() - began);
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      await pause(Math.max(0, PERIOD_MS - (performance.now() - began)));
    }
  }
}

interface Sent {
  readonly sent: number;
  readonly statuses: ReadonlyMap<number, number>;
}

/** A thread that sends new series at this rate; the answer stops it. */
function explode(url: string, perSecond: number): () => Promise<Sent> {
  const file = new URL('cardinality-bomb-sender.js', import.meta.url);
  const worker = new Worker(file, { workerData: { url, perSecond } });
  return async () => {
    worker.postMessage('stop');
    const [told] = (await once(worker, 'message')) as [Sent];
    return told;
  };
}

/** Normal senders alone, then with the bomb. Times in seconds. */
export async function runBomb(
  mon: MonProcess,
  times: { readonly calmS: number; readonly bombS: number; readonly perSecond: number },
): Promise<BombFigures> {
  const stop = new AbortController();
  const senders = Array.from({ length: SENDERS }, (_, i) => new Normal(mon.url, i));
  const running = senders.map((sender) => sender.run(stop.signal));
  const taken = (): number[] => senders.flatMap((sender) => sender.take());
  // The first requests make connections and series; they belong to nobody.
  await pause(1500);
  taken();
  await pause(times.calmS * 1000);
  const calm = latencyOf(taken());
  const memory = [residentMb(mon.pid)];
  const disarm = explode(mon.url, times.perSecond);
  await pause((times.bombS * 1000) / 3);
  memory.push(residentMb(mon.pid));
  await pause((times.bombS * 2000) / 3);
  const bombed = latencyOf(taken());
  memory.push(residentMb(mon.pid));
  const { sent: bombSeries, statuses: bombStatuses } = await disarm();
  stop.abort();
  await Promise.all(running);
  const statuses = new Map<number, number>();
  for (const sender of senders) {
    for (const [status, count] of sender.statuses) {
      statuses.set(status, (statuses.get(status) ?? 0) + count);
    }
  }
  assert.ok(bombed.count > 0, 'the senders went on');
  return { calm, bombed, statuses, bombStatuses, bombSeries, memory };
}

/** The figures as a line. */
export function bombLine({ calm, bombed, bombSeries, memory }: BombFigures): string {
  const times = ({ p50, p99 }: Latency): string => `p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms`;
  const ratio = (bombed.p99 / calm.p99).toFixed(2);
  return (
    `${bombSeries} series; others: ${times(calm)}, with the bomb ${times(bombed)} ` +
    `(${ratio} times); memory ${memory.join(', ')} MB`
  );
}
