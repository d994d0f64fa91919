// One process of the demo fleet: it lives second by second, counting requests, errors, latencies,
// CPU and a queue. Part of the demo fleet. Easy to get wrong: counters may only grow while the
// process lives, and every request must be in the histogram and in the counter.
import type { Random } from '../runtime/random.ts';
import type { ExpositionWriter } from '../wire/exposition-writer.ts';
import { numberText } from '../wire/exposition-writer.ts';

/** What all instances of a service have in common. */
export interface DemoService {
  readonly name: string;
  /** Requests a second of one instance at noon. */
  readonly rate: number;
  /** Median latency in seconds. */
  readonly latency: number;
  readonly memoryBytes: number;
}

/** Upper bounds of the latency buckets in seconds: Prometheus' default ones. */
const DEMO_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const DAY_S = 86_400;
const WAVE_S = 600;
const OUTCOMES: readonly (readonly [string, string])[] = [
  ['GET', '200'],
  ['GET', '404'],
  ['GET', '500'],
  ['POST', '201'],
  ['POST', '400'],
  ['POST', '500'],
];

/** A standard normal number (Box and Muller). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The day's wave and a shorter one that a viewer can see, around 1. */
function wave(second: number): number {
  const day = Math.sin((2 * Math.PI * (second % DAY_S)) / DAY_S - Math.PI / 2);
  return 1 + 0.4 * day + 0.15 * Math.sin((2 * Math.PI * second) / WAVE_S);
}

export class DemoInstance {
  readonly #service: DemoService;
  readonly #random: Random;
  #startedS: number;
  #outcomes = new Float64Array(OUTCOMES.length);
  #buckets = new Float64Array(DEMO_BUCKETS.length + 1);
  #sum = 0;
  #count = 0;
  #cpu = 0;
  #heap = 0;
  #queue = 0;

  constructor(service: DemoService, random: Random, startedS: number) {
    this.#service = service;
    this.#random = random;
    this.#startedS = startedS;
  }

  /** The process ends and begins anew: its counters are 0. */
  restart(second: number): void {
    this.#startedS = second;
    this.#outcomes.fill(0);
    this.#buckets.fill(0);
    this.#sum = 0;
    this.#count = 0;
    this.#cpu = 0;
    this.#heap = 0;
    this.#queue = 0;
  }

  /** Lives one second, `hit` (0 to 1) being how hard an incident hits it. */
  live(second: number, hit: number): void {
    const random = this.#random;
    const mean = this.#service.rate * wave(second);
    const requests = Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
    const median = this.#service.latency * (1 + 7 * hit);
    for (let i = 0; i < requests; i++) this.#serve(median, 0.002 + 0.18 * hit);
    this.#cpu += 0.01 + requests * (0.0015 + 0.002 * hit) * (0.9 + 0.2 * random());
    // A collector that frees two thirds whenever the heap has doubled.
    this.#heap += requests * 20_000 * (1 + hit);
    if (this.#heap > this.#service.memoryBytes) this.#heap /= 3;
    const target = mean * (0.05 + 3 * hit);
    this.#queue = Math.max(0, this.#queue + (target - this.#queue) * 0.2 + normal(random));
  }

  #serve(median: number, failing: number): void {
    const random = this.#random;
    const post = random() < 0.2 ? 3 : 0;
    const fate = random();
    const kind = fate < failing ? 2 : fate < failing + 0.01 ? 1 : 0;
    this.#outcomes[post + kind]++;
    const seconds = median * Math.exp(0.6 * normal(random)) * (post === 0 ? 1 : 1.6);
    let bucket = 0;
    while (bucket < DEMO_BUCKETS.length && seconds > DEMO_BUCKETS[bucket]) bucket++;
    this.#buckets[bucket]++;
    this.#sum += seconds;
    this.#count++;
  }

  write(out: ExpositionWriter): void {
    out.family('http_requests_total', 'counter', 'Requests served, by method and status code.');
    OUTCOMES.forEach(([method, code], i) => {
      out.sample('http_requests_total', { method, code }, this.#outcomes[i]);
    });
    const seconds = 'http_request_duration_seconds';
    out.family(seconds, 'histogram', 'Time from request to answer.');
    let below = 0;
    [...DEMO_BUCKETS, Infinity].forEach((bound, i) => {
      below += this.#buckets[i];
      out.sample(`${seconds}_bucket`, { le: numberText(bound) }, below);
    });
    out.sample(`${seconds}_sum`, {}, this.#sum);
    out.sample(`${seconds}_count`, {}, this.#count);
    out.single('process_cpu_seconds_total', 'counter', 'CPU time spent.', this.#cpu);
    const memory = Math.round(this.#service.memoryBytes + this.#heap);
    out.single('process_resident_memory_bytes', 'gauge', 'Resident memory.', memory);
    out.single('process_start_time_seconds', 'gauge', 'Start of the process.', this.#startedS);
    out.single('queue_depth', 'gauge', 'Requests that wait.', Math.round(this.#queue));
  }
}
