// What PromQL costs over samples that are decoded already: 10,000 series of 180 samples in plain
// columns, typical queries, milliseconds each and samples a second. The reader only copies, so the
// figures are those of the engine.
import { QueryService } from '../../src/engine/query/query-service.ts';
import { runFragment } from '../../src/engine/promql/leaf.ts';
import { matcherTest } from '../../src/engine/promql/regexp.ts';
import { labelValue } from '../../src/engine/model/labels.ts';
import { parse } from '../../src/engine/promql/parse.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import type { Fragment } from '../../src/engine/model/fragment.ts';
import type { Labels } from '../../src/engine/model/labels.ts';
import type { Matcher } from '../../src/engine/model/matcher.ts';
import type { SampleBuffer, SeriesReader, Source } from '../../src/engine/ports.ts';

const SERIES = 10_000;
const SAMPLES = 180;
const INTERVAL = 15_000;

/** Series as columns, timestamps shared. */
class Columns implements SeriesReader {
  readonly #labels: Labels[] = [];
  readonly #times = Float64Array.from({ length: SAMPLES }, (_, i) => i * INTERVAL);
  readonly #values = new Float64Array(SERIES * SAMPLES);

  constructor() {
    const random = seededRandom(1);
    for (let s = 0; s < SERIES; s++) {
      const instance = `host-${s % 100}:9100`;
      const le = String(2 ** (Math.floor(s / 100) % 10));
      const job = `job-${Math.floor(s / 1000)}`;
      const name = 'http_requests_total';
      this.#labels.push(['__name__', name, 'instance', instance, 'job', job, 'le', le]);
      let v = 0;
      for (let i = 0; i < SAMPLES; i++) {
        v = random() < 0.002 ? 0 : v + Math.floor(random() * 20);
        this.#values[s * SAMPLES + i] = v;
      }
    }
  }

  match(matchers: readonly Matcher[]): Uint32Array {
    const tests = matchers.map((m) => ({ name: m.name, passes: matcherTest(m) }));
    const ids: number[] = [];
    this.#labels.forEach((labels, id) => {
      if (tests.every(({ name, passes }) => passes(labelValue(labels, name)))) ids.push(id);
    });
    return Uint32Array.from(ids);
  }

  labels(id: number): Labels {
    return this.#labels[id];
  }

  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const first = Math.max(0, Math.ceil(minMs / INTERVAL));
    const end = Math.min(SAMPLES, Math.floor(maxMs / INTERVAL) + 1);
    if (end <= first) return 0;
    into.timestamps.set(this.#times.subarray(first, end));
    const at = id * SAMPLES;
    into.values.set(this.#values.subarray(at + first, at + end));
    return end - first;
  }

  labelNames(): string[] {
    return [];
  }

  labelValues(): string[] {
    return [];
  }
}

const QUERIES: readonly (readonly [string, 'instant' | 'range'])[] = [
  ['http_requests_total', 'instant'],
  ['http_requests_total{job="job-1"}', 'range'],
  ['http_requests_total', 'range'],
  ['sum(rate(http_requests_total[5m]))', 'instant'],
  ['rate(http_requests_total[5m])', 'range'],
  ['sum by (job) (rate(http_requests_total[5m]))', 'range'],
  ['max_over_time(http_requests_total[10m])', 'range'],
  ['avg_over_time(http_requests_total[10m])', 'range'],
  ['quantile_over_time(0.9, http_requests_total[10m])', 'range'],
  ['topk(10, rate(http_requests_total[5m]))', 'range'],
  ['histogram_quantile(0.9, sum by (le, job) (rate(http_requests_total[5m])))', 'range'],
  ['rate(http_requests_total[5m]) / on (instance, job, le) http_requests_total', 'range'],
];

async function main(): Promise<void> {
  const reader = new Columns();
  const source = {
    fragment: async (fragment: Fragment) => runFragment(fragment, reader),
  } as unknown as Source;
  const service = new QueryService({ sources: [source], clock: systemClock });
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  print(`${SERIES} series x ${SAMPLES} samples of ${INTERVAL / 1000} s; ranges: 30 min, step 15 s`);
  for (const [query, kind] of QUERIES) {
    const ask = () =>
      kind === 'instant'
        ? service.instant(query, 2_600_000)
        : service.range(query, 800_000, 2_600_000, 15_000);
    await ask();
    let best = Infinity;
    let samples = 0;
    for (let run = 0; run < 3; run++) {
      const begin = performance.now();
      const answer = await ask();
      best = Math.min(best, performance.now() - begin);
      samples = answer.samplesRead;
    }
    const rate = (samples / best / 1000).toFixed(1).padStart(6);
    print(`${best.toFixed(1).padStart(8)} ms ${rate} M samples/s  ${kind.padEnd(7)} ${query}`);
  }
  const begin = performance.now();
  for (let i = 0; i < 5000; i++) for (const [query] of QUERIES) parse(query);
  const each = ((performance.now() - begin) / 5000 / QUERIES.length) * 1000;
  print(`${each.toFixed(1).padStart(8)} us to parse a query`);
}

await main();
