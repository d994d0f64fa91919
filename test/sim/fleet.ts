// Targets that are scraped: applications whose series come and go, which answer, answer late, not
// at all, or nonsense. Each knows which rows its next append must consist of, stale markers and
// reports included; the door it is given looks at every row on its way. Easy to get wrong: a
// target that is scraped anew after a restart has forgotten what was live, one that was only
// reloaded has not.
import { strict as assert } from 'node:assert';
import { Buffer } from 'node:buffer';
import type { ScrapeConfig } from '../../src/engine/collector/scrape-config.ts';
import type { ScrapeDoor } from '../../src/engine/collector/scrape-door.ts';
import type { ScrapeReply } from '../../src/engine/collector/scrape-http.ts';
import type { InternalTarget } from '../../src/engine/collector/scrape-manager.ts';
import type { MakeReader } from '../../src/engine/collector/scrape-pool.ts';
import { MonError } from '../../src/engine/errors.ts';
import { SCRAPE_ALIGN_MS_MAX } from '../../src/engine/limits.ts';
import type { MetadataEntry } from '../../src/engine/model/batch.ts';
import { labelsKey, makeLabels, NAME } from '../../src/engine/model/labels.ts';
import type { Clock } from '../../src/engine/runtime/clock.ts';
import { bitsOf } from '../support/open-records.ts';
import type { Dice } from './dice.ts';
import { STALE_BITS } from './sent.ts';
import type { Sent } from './sent.ts';
import { numberOf, pairsOf, TEXT_NAN_BITS, textLine } from './traffic.ts';

export interface FleetPlan {
  readonly targets: number;
  readonly internal: boolean;
  readonly intervalMs: number;
  readonly seriesMax: number;
  /** How often a series comes or goes between two scrapes. */
  readonly churn: number;
  readonly fails: number;
  readonly hangs: number;
  readonly slow: number;
  readonly malformed: number;
  /** Series with timestamps of their own. */
  readonly timed: number;
}

type Answer = { readonly rows: readonly Row[] } | { readonly failed: true };

interface Row {
  readonly series: string;
  readonly bits: bigint;
  readonly t?: number;
}

const METADATA: readonly MetadataEntry[] = [
  { family: 'app_requests_total', type: 'counter', help: 'Requests so far.', unit: '' },
  { family: 'app_load', type: 'gauge', help: 'Load "now" \\ then.', unit: '' },
];
const REPORTS = [
  ...['up', 'scrape_duration_seconds', 'scrape_samples_scraped'],
  ...['scrape_samples_post_metric_relabeling', 'scrape_series_added'],
];
const REPORT_ANYTHING = new Set(['scrape_duration_seconds']);

/** One application behind one target. */
class SimTarget {
  readonly job: string;
  readonly address: string;
  readonly pairs: readonly (readonly [string, string])[];
  /** Series whose newest sample is a value that a stale marker may have to follow. */
  readonly live = new Set<string>();
  /** Of the last body that was taken; fresh series are those that are not among them. */
  lastBody: ReadonlySet<string> = new Set();
  reported = false;
  /** Of the last scrape; its rows may wait for those of others. */
  asked: { readonly atMs: number; answer: Answer; renewed: boolean } | undefined;
  lastT = -Infinity;
  scrapes = 0;
  offered = false;
  readonly #dice: Dice;
  readonly #plan: FleetPlan;
  readonly #apps = new Map<string, number>();
  #born = 0;

  constructor(dice: Dice, plan: FleetPlan, job: string, address: string) {
    this.#dice = dice;
    this.#plan = plan;
    this.job = job;
    this.address = address;
    this.pairs = [
      ['job', job],
      ['instance', address],
    ];
  }

  get key(): string {
    return this.series([]);
  }

  /** The key of a series with these labels besides the target's own. */
  series(more: readonly (readonly [string, string])[]): string {
    return labelsKey(makeLabels([...this.pairs, ...more]));
  }

  /** The program has been started anew: nothing is known of earlier scrapes. */
  restart(): void {
    this.live.clear();
    this.asked = undefined;
    this.renew();
    this.reported = false;
    this.offered = false;
  }

  /** A new loop takes over what was live. */
  renew(): void {
    if (this.asked === undefined) this.lastBody = new Set();
    else this.asked.renewed = true;
  }

  /** What a scrape that begins now gets. */
  async read(clock: Clock, signal?: AbortSignal): Promise<ScrapeReply> {
    if (this.asked?.renewed === true) this.lastBody = new Set();
    const asked = { atMs: clock.now(), answer: { failed: true } as Answer, renewed: false };
    this.asked = asked;
    const { fails, hangs, slow, malformed, intervalMs } = this.#plan;
    const dice = this.#dice;
    if (dice.chance(fails)) throw new MonError('MON_SCRAPE_FAILED', 'connection refused');
    if (dice.chance(hangs)) await clock.sleep(intervalMs * 2, signal);
    else if (dice.chance(slow)) await clock.sleep(dice.int(1, intervalMs), signal);
    if (signal?.aborted) throw signal.reason;
    const rows = this.#rows(clock.now());
    const head = METADATA.map((m) => {
      const help = m.help.replaceAll('\\', '\\\\');
      return `# HELP ${m.family} ${help}\n# TYPE ${m.family} ${m.type}\n`;
    });
    const lines = rows.map((row) => {
      const pairs = pairsOf(row.series).filter(([name]) => name !== 'job' && name !== 'instance');
      return `${textLine(pairs.flat().join('\u0000'), numberOf(row.bits), row.t)}\n`;
    });
    const broken = dice.chance(malformed);
    if (!broken) asked.answer = { rows };
    const text = [...head, ...lines, broken ? 'app_load{zone="z1" 5\n' : ''].join('');
    return { bytes: Buffer.from(text), contentType: 'text/plain' };
  }

  /** Holds the rows of an append against what was answered; changes what is live. */
  check(rows: readonly Sent[], t: number): void {
    const { asked } = this;
    assert.ok(asked, `${this.address}: nothing was scraped`);
    this.asked = undefined;
    const away = Math.abs(t - asked.atMs);
    assert.ok(away <= SCRAPE_ALIGN_MS_MAX, `${this.address}: scraped at ${asked.atMs}, dated ${t}`);
    assert.ok(t > this.lastT, `${this.address}: ${t} does not follow ${this.lastT}`);
    this.lastT = t;
    this.scrapes++;
    const expected = this.#expected(asked.answer, t);
    const lines = rows.filter((row) => !isLoose(row.series)).map(lineOf);
    assert.deepEqual(lines.toSorted(), expected.map(lineOf).toSorted(), `rows of ${this.address}`);
    if (asked.renewed) this.lastBody = new Set();
    const loose = rows.filter((row) => isLoose(row.series));
    assert.equal(loose.length, REPORT_ANYTHING.size, 'every report is there once');
  }

  /** All that has to be marked stale when the target goes. */
  remains(): string[] {
    const reports = this.reported ? REPORTS.map((name) => this.series([[NAME, name]])) : [];
    return [...this.live, ...reports];
  }

  #expected(answer: Answer, t: number): Sent[] {
    const rows = 'rows' in answer ? answer.rows : [];
    const out: Sent[] = [];
    const now = new Set<string>();
    const body = new Set<string>();
    for (const row of rows) {
      body.add(row.series);
      if (row.t !== undefined) out.push({ ...row, t: row.t });
      else if (!now.has(row.series)) {
        now.add(row.series);
        out.push({ ...row, t });
      }
    }
    for (const series of this.live) {
      if (!now.has(series)) out.push({ series, t, bits: STALE_BITS });
    }
    const fresh = [...body].filter((series) => !this.lastBody.has(series)).length;
    const ok = 'rows' in answer;
    const report = (name: string, value: number): void =>
      void out.push({ series: this.series([[NAME, name]]), t, bits: bitsOf(value) });
    report('up', ok ? 1 : 0);
    report('scrape_samples_scraped', rows.length);
    report('scrape_samples_post_metric_relabeling', rows.length);
    report('scrape_series_added', fresh);
    this.live.clear();
    for (const series of now) this.live.add(series);
    if (ok) this.lastBody = body;
    if (ok) this.offered = true;
    this.reported = true;
    return out;
  }

  #rows(nowMs: number): Row[] {
    const dice = this.#dice;
    const { seriesMax, churn, timed } = this.#plan;
    while (this.#apps.size === 0 || (dice.chance(churn) && this.#apps.size < seriesMax)) {
      const kind = dice.pick(['app_requests_total', 'app_load', 'app_timed']);
      const name = kind === 'app_timed' && !dice.chance(timed) ? 'app_load' : kind;
      this.#apps.set(
        this.series([
          [NAME, name],
          ['path', `/${this.#born++}`],
        ]),
        0,
      );
    }
    if (dice.chance(churn) && this.#apps.size > 1) {
      this.#apps.delete(dice.pick([...this.#apps.keys()]));
    }
    const rows: Row[] = [];
    for (const [series, before] of this.#apps) {
      const counter = series.includes('app_requests_total');
      const value = counter ? before + dice.int(0, 20) : dice.int(1, 500) / 10;
      this.#apps.set(series, counter && dice.chance(0.02) ? 0 : value);
      const nan = !counter && dice.chance(0.02);
      const bits = nan ? TEXT_NAN_BITS : bitsOf(value);
      const own = series.includes('app_timed') ? { t: nowMs - dice.scale(1, 2_000_000) } : {};
      rows.push({ series, bits, ...own });
      // The same series twice in a body: the first one stands.
      if (dice.chance(0.01)) rows.push({ series, bits: bitsOf(value + 1), ...own });
    }
    return rows;
  }
}

function isLoose(series: string): boolean {
  return pairsOf(series).some(([name, value]) => name === NAME && REPORT_ANYTHING.has(value));
}

function lineOf({ series, t, bits }: Sent): string {
  return `${series} ${t} ${bits.toString(16)}`;
}

/** All targets of a simulation; they live on when the program that scrapes them dies. */
export class Fleet {
  targets: SimTarget[] = [];
  readonly internal: SimTarget | undefined;
  /** Targets that were taken away and whose series have still to be marked stale. */
  leaving: SimTarget[] = [];
  readonly #dice: Dice;
  readonly #plan: FleetPlan;
  readonly #clock: Clock;
  #born = 0;
  #intervalMs: number;

  constructor(dice: Dice, plan: FleetPlan, clock: Clock) {
    this.#dice = dice;
    this.#plan = plan;
    this.#clock = clock;
    this.#intervalMs = plan.intervalMs;
    for (let i = 0; i < plan.targets; i++) this.#add();
    if (plan.internal) this.internal = new SimTarget(dice, plan, 'inside', 'inside:0');
  }

  get metadata(): readonly MetadataEntry[] {
    return this.#all.some((target) => target.offered) ? METADATA : [];
  }

  get #all(): SimTarget[] {
    return this.internal ? [...this.targets, this.internal] : this.targets;
  }

  restart(): void {
    for (const target of this.#all) target.restart();
    this.leaving = [];
  }

  configs(): ScrapeConfig[] {
    return ['a', 'b'].map((job) => this.#config(job));
  }

  internalTarget(target: SimTarget): InternalTarget {
    return {
      ...{ job: target.job, instance: target.address, intervalMs: this.#plan.intervalMs },
      timeoutMs: this.#plan.intervalMs / 2,
      render: async () => (await target.read(this.#clock)).bytes,
    };
  }

  readonly makeReader: MakeReader = (_config, { labels }) => {
    const key = labelsKey(labels);
    const target = this.targets.find((one) => one.key === key);
    assert.ok(target, `nobody asked for a target ${key}`);
    return (signal) => target.read(this.#clock, signal);
  };

  /** Changes the targets; the manager has to be given configs() after it. */
  change(): void {
    const before = this.configs().map((config) => JSON.stringify(config));
    const dice = this.#dice;
    const what = dice.int(0, 2);
    if (what === 0 && this.targets.length > 0) {
      const [gone] = this.targets.splice(dice.int(0, this.targets.length - 1), 1);
      this.leaving.push(gone);
    } else if (what === 1) {
      this.#add();
    } else {
      this.#intervalMs = this.#plan.intervalMs * dice.int(1, 3);
    }
    const same = this.configs().filter((config, i) => JSON.stringify(config) === before[i]);
    const kept = new Set(same.map(({ jobName }) => jobName));
    for (const target of this.targets) if (!kept.has(target.job)) target.renew();
  }

  /** Looks at an append of the manager before the door gets it. */
  check(rows: readonly Sent[], nowMs: number): void {
    const rest: Sent[] = [];
    for (const [key, own] of byTarget(rows)) {
      const ups = own.filter(({ series, bits }) => isUp(series) && bits !== STALE_BITS);
      if (ups.length === 0) {
        rest.push(...own);
        continue;
      }
      assert.equal(ups.length, 1, 'one scrape of a target is in one append, whole');
      const target = [...this.#all, ...this.leaving].find((one) => one.key === key);
      assert.ok(target, `a target that is not there was scraped: ${key}`);
      target.check(own, ups[0].t);
    }
    if (rest.length === 0 && rows.length > 0) return;
    const remains = this.leaving.flatMap((target) => target.remains());
    this.leaving = [];
    const t = nowMs + SCRAPE_ALIGN_MS_MAX + 1;
    const expected = remains.map((series) => lineOf({ series, t, bits: STALE_BITS }));
    assert.deepEqual(rest.map(lineOf).toSorted(), expected.toSorted(), 'stale markers of the gone');
  }

  /** After a reload: nothing is left to be marked. */
  settled(): void {
    for (const target of this.leaving) assert.deepEqual(target.remains(), [], 'not marked stale');
    this.leaving = [];
  }

  #add(): void {
    const number = this.#born++;
    const job = this.#dice.pick(['a', 'b']);
    this.targets.push(new SimTarget(this.#dice, this.#plan, job, `host-${number}:80`));
  }

  #config(jobName: string): ScrapeConfig {
    const targets = this.targets.filter(({ job }) => job === jobName).map((one) => one.address);
    return {
      ...{ jobName, intervalMs: this.#intervalMs, timeoutMs: this.#plan.intervalMs / 2 },
      ...{ scheme: 'http', metricsPath: '/metrics', params: {}, honorLabels: false },
      ...{ honorTimestamps: true, followRedirects: true, compression: true, bodyBytesMax: 0 },
      ...{ sampleLimit: 0, targetLimit: 0, labelLimit: 0, labelNameBytesMax: 0 },
      ...{ labelValueBytesMax: 0, fileConfigs: [], relabel: [], metricRelabel: [] },
      staticConfigs: [{ source: 'static/0', targets, labels: {} }],
    };
  }
}

/** Rows by the labels of the targets that they are of. */
function byTarget(rows: readonly Sent[]): Map<string, Sent[]> {
  const found = new Map<string, Sent[]>();
  for (const row of rows) {
    const pairs = pairsOf(row.series).filter(([name]) => name === 'job' || name === 'instance');
    const key = labelsKey(makeLabels(pairs));
    const list = found.get(key) ?? [];
    found.set(key, [...list, row]);
  }
  return found;
}

function isUp(series: string): boolean {
  return pairsOf(series).some(([name, value]) => name === NAME && value === 'up');
}

/** The door as the manager gets it: `seen` is shown each append first. */
export function watchedDoor(
  door: ScrapeDoor,
  seen: (rows: Parameters<ScrapeDoor['append']>[0], receivedMs: number) => Promise<unknown>,
): ScrapeDoor {
  return {
    refOf: (labels) => door.refOf(labels),
    release: (refs) => door.release(refs),
    metadata: (entries) => door.metadata(entries),
    append: (columns, receivedMs) => seen(columns, receivedMs) as ReturnType<ScrapeDoor['append']>,
  };
}
