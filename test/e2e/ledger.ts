// A sender that keeps a ledger: what it sent, what was acknowledged, and after a crash whether
// every acknowledged sample is there once and right. Values are a function of series and time, so a
// wrong one shows itself.
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../src/engine/runtime/random.ts';
import { WRITE_HEADERS, writeRequestBody } from '../support/write-request.ts';

/** What is read back when not all is: the sendings of several lives. */
const RECENT_S = 3000;

/** Whole numbers below 2^31, different for neighbours in time and series. */
function ledgerValue(series: number, timestamp: number): number {
  return (Math.imul(series + 1, 2654435761) ^ Math.imul(Math.floor(timestamp / 1000), 40503)) >>> 1;
}

export interface SendOptions {
  /** Ends the sending. */
  readonly signal?: AbortSignal;
  /** The server may refuse for now, with 429 or 503. */
  readonly refusals?: boolean;
}

export class Ledger {
  readonly seriesCount: number;
  readonly startMs: number;
  /** Per series: timestamps that were acknowledged. */
  readonly acked: Set<number>[];
  readonly sent: Set<number>[];
  /** Bodies that were answered 429 or 503, for the sender to send again. */
  refused = 0;
  #step = 0;
  readonly #random: Random;

  constructor(seriesCount: number, startMs: number, random: Random) {
    this.seriesCount = seriesCount;
    this.startMs = startMs;
    this.acked = Array.from({ length: seriesCount }, () => new Set());
    this.sent = Array.from({ length: seriesCount }, () => new Set());
    this.#random = random;
  }

  /** Sends until the server goes away; now and then a body is sent twice, as a retry would. */
  async sendUntilGone(url: string, options: SendOptions = {}): Promise<void> {
    const { signal, refusals = false } = options;
    if (signal?.aborted === true) return;
    await this.#send(url, (status) => {
      const refused = status === 429 || status === 503;
      if (refusals && refused) this.refused++;
      else if (status > 0) assert.ok(status >= 200 && status < 300, `status ${status}`);
      return status > 0 && signal?.aborted !== true;
    });
  }

  /** Sends while it is told to; answers how many bodies were not taken (503, or nobody there). */
  async sendWhile(url: string, goOn: () => boolean): Promise<number> {
    let refused = 0;
    await this.#send(url, (status) => {
      const taken = status >= 200 && status < 300;
      assert.ok(taken || status === 0 || status === 503, `status ${status}`);
      if (!taken) refused++;
      return goOn();
    });
    return refused;
  }

  async #send(url: string, goOn: (status: number) => boolean): Promise<void> {
    for (;;) {
      const timestamp = this.startMs + this.#step++ * 1000;
      const late = this.#random() < 0.1 ? timestamp - 5000 * Math.ceil(this.#random() * 5) : 0;
      const times = late > this.startMs ? [timestamp, late] : [timestamp];
      const body = this.#body(times);
      const again = this.#random() < 0.1 ? 2 : 1;
      for (let i = 0; i < again; i++) {
        const status = await fetch(`${url}/api/v1/write`, {
          method: 'POST',
          headers: WRITE_HEADERS,
          body,
        }).then(
          async (response) => {
            await response.arrayBuffer();
            return response.status;
          },
          () => 0,
        );
        const on = goOn(status);
        if (status >= 200 && status < 300) {
          for (const acked of this.acked) for (const t of times) acked.add(t);
        }
        if (!on) return;
      }
      // Slow enough that all of the ledger can be read back after every restart.
      await pause(this.#random() * 8);
    }
  }

  #body(times: readonly number[]): Buffer<ArrayBuffer> {
    const series = Array.from({ length: this.seriesCount }, (_, s) => {
      for (const t of times) this.sent[s].add(t);
      return {
        labels: { __name__: 'ledger', series: `s${s}`, zone: `z${s % 3}` },
        samples: times.map((timestamp) => ({ timestamp, value: ledgerValue(s, timestamp) })),
      };
    });
    return Buffer.from(writeRequestBody(series));
  }

  /**
   * Compares all samples, or the newest, with their values, and the counts of all. Answers how many
   * acknowledged samples there are.
   */
  async check(url: string, whole = true): Promise<number> {
    const endMs = this.startMs + this.#step * 1000;
    const all = Math.ceil((endMs - this.startMs) / 1000) + 10;
    const window = whole ? all : Math.min(all, RECENT_S);
    const raw = await vector(url, `ledger[${window}s]`, endMs);
    const counts = await vector(url, `count_over_time(ledger[${all}s])`, endMs);
    const fromMs = endMs - window * 1000;
    const ackedAny = this.acked.some((set) => set.size > 0);
    if (ackedAny) assert.equal(raw.length, this.seriesCount, 'every series is there');
    let checked = 0;
    for (const one of raw) {
      const s = Number(one.metric['series'].slice(1));
      const found = new Map(one.values.map(([t, v]) => [Math.round(t * 1000), Number(v)]));
      assert.equal(found.size, one.values.length, `series ${s}: a timestamp stands twice`);
      for (const [t, value] of found) {
        assert.ok(this.sent[s].has(t), `series ${s}: ${t} was never sent`);
        assert.equal(value, ledgerValue(s, t), `series ${s}: wrong value at ${t}`);
      }
      for (const t of this.acked[s]) {
        assert.ok(t <= fromMs || found.has(t), `series ${s}: acked ${t} is lost`);
      }
      checked += this.acked[s].size;
      const told = counts.find((c) => c.metric['series'] === one.metric['series']);
      const count = Number(told?.value[1]);
      assert.ok(count >= this.acked[s].size, `series ${s}: ${count} counted, some are lost`);
      assert.ok(count <= this.sent[s].size, `series ${s}: ${count} counted, more than were sent`);
      if (window === all) assert.equal(count, found.size, `series ${s}: counted twice or lost`);
    }
    return checked;
  }
}

interface Answered {
  metric: Record<string, string>;
  values: [number, string][];
  value: [number, string];
}

async function vector(url: string, query: string, timeMs: number): Promise<Answered[]> {
  const params = new URLSearchParams({ query, time: String(timeMs / 1000) });
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body: params });
  const answer = (await response.json()) as { status: string; data: { result: Answered[] } };
  assert.equal(answer.status, 'success', JSON.stringify(answer).slice(0, 300));
  return answer.data.result;
}
