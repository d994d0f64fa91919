// The thread of the bomb: makes up new series at a rate and sends them, apart from those who
// measure how long others wait. Told the address and the rate; tells statuses when it is stopped.
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { WRITE_HEADERS, writeRequestBody } from '../support/write-request.ts';

const BODY = 1000;
const { url, perSecond } = workerData as { url: string; perSecond: number };
let stopped = false;
parentPort?.once('message', () => (stopped = true));

const statuses = new Map<number, number>();
const began = performance.now();
let sent = 0;
while (!stopped) {
  const timestamp = Date.now();
  const body = writeRequestBody(
    Array.from({ length: BODY }, (_, i) => ({
      labels: { __name__: 'bomb', job: 'evil', request_id: `request-${sent + i}` },
      samples: [{ timestamp, value: 1 }],
    })),
  );
  const options = { method: 'POST', headers: WRITE_HEADERS, body: Buffer.from(body) };
  const response = await fetch(`${url}/api/v1/write`, options);
  await response.arrayBuffer();
  statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  sent += BODY;
  await pause(Math.max(0, began + (sent / perSecond) * 1000 - performance.now()));
}
parentPort?.postMessage({ sent, statuses });
