// A ledger over power losses: senders push remote writes at once through door, log and store, each
// noting what was acknowledged, until the disk loses power at a random operation; then everything
// is opened again and asked by PromQL. It knows no model of the log: what counts is what a sender
// was told and what a query says. Values follow from series and time, so that a wrong one shows
// itself.
import { seededRandom } from '../../src/engine/runtime/random.ts';
import type { Random } from '../../src/engine/runtime/random.ts';
import type { RawSamples } from '../../src/engine/model/fragment.ts';
import { labelValue } from '../../src/engine/model/labels.ts';
import { MemoryDisk } from '../support/memory-disk.ts';
import { VirtualClock, settle } from '../support/virtual-clock.ts';
import { writeRequestBody } from '../support/write-request.ts';
import { Chain } from './chain.ts';
import type { Seams } from './chain.ts';

export interface LedgerOptions {
  readonly seed: number;
  /** Power losses while writes are under way; those that come during a start are not counted. */
  readonly losses: number;
  readonly seams?: Seams;
}

export interface LedgerReport {
  /** While senders were writing. */
  powerLosses: number;
  /** While the program was starting or answering the check. */
  earlyLosses: number;
  bodies: number;
  /** Bodies that were never answered, each sent again after the restart. */
  unanswered: number;
  acknowledged: number;
  /** Acknowledged samples looked for, all checks together. */
  lookedFor: number;
  lost: number;
  wrong: number;
  twice: number;
  strangers: number;
}

const SENDERS = 6;
const SERIES_EACH = 12;
const SETTINGS = {
  ...{ partitions: 4, stores: 2, segmentBytes: 40_000, pendingBytesMax: 1 << 20 },
  ...{ recentBytes: 100_000, keepMs: 0, gatherMs: 0, checkpointMs: 400, checkpointBytes: 200_000 },
  ...{ retentionMs: 15 * 86_400_000, recordBytes: 1 << 20, cached: false },
};

function valueOf(series: number, t: number): number {
  return (Math.imul(series + 1, 2654435761) ^ Math.imul(t % 2 ** 31, 40503)) >>> 1;
}

interface Body {
  readonly series: readonly number[];
  readonly times: readonly number[];
}

/** One sender; it outlives the program, as senders do. */
class Sender {
  readonly number: number;
  readonly #random: Random;
  #lastT = 0;
  /** What was sent and not answered. */
  pending: Body | undefined;

  constructor(number: number, random: Random) {
    this.number = number;
    this.#random = random;
  }

  next(nowMs: number): Body {
    if (this.pending) return this.pending;
    const random = this.#random;
    const series: number[] = [];
    for (let i = 0; i < SERIES_EACH; i++) {
      if (random() < 0.7) series.push(this.number * SERIES_EACH + i);
    }
    this.#lastT = Math.max(this.#lastT + 1, nowMs);
    const times = [this.#lastT];
    if (random() < 0.2) times.push(this.#lastT - Math.ceil(random() * 60_000));
    this.pending = { series, times };
    return this.pending;
  }
}

class Ledger {
  readonly report: LedgerReport = {
    ...{ powerLosses: 0, earlyLosses: 0, bodies: 0, unanswered: 0, acknowledged: 0 },
    ...{ lookedFor: 0, lost: 0, wrong: 0, twice: 0, strangers: 0 },
  };
  readonly #random: Random;
  readonly #disk: MemoryDisk;
  readonly #senders: readonly Sender[];
  readonly #acked = new Map<number, Set<number>>();
  readonly #sent = new Map<number, Set<number>>();
  #clock = new VirtualClock();
  #dark = false;

  readonly #seams: Seams;

  constructor(seed: number, seams: Seams) {
    this.#seams = seams;
    const random = seededRandom(seed);
    this.#random = random;
    this.#disk = new MemoryDisk({
      random,
      clock: {
        now: () => this.#clock.now(),
        monotonic: () => this.#clock.monotonic(),
        after: (ms, call) => this.#clock.after(ms, call),
        sleep: (ms, signal) => this.#clock.sleep(ms, signal),
      },
    });
    // Every operation takes its time, so that a loss finds many writes under way.
    Object.assign(this.#disk.faults, { slow: 0.5, slowMs: 2 });
    this.#senders = Array.from({ length: SENDERS }, (_, i) => new Sender(i, random));
  }

  async live(): Promise<void> {
    this.#clock = new VirtualClock(this.#clock.now() + 1);
    this.#dark = false;
    const clock = this.#clock;
    void this.#disk.freezeAfter(1 + Math.floor(this.#random() * 900)).then(() => {
      if (clock === this.#clock) this.#dark = true;
    });
    const chain = await this.#open();
    if (chain) await this.#whileLit(this.#check(chain));
    if (this.#dark) this.report.earlyLosses++;
    else if (chain) {
      for (const sender of this.#senders) void this.#send(sender, chain);
      while (!this.#dark) await clock.advance(1);
      this.report.powerLosses++;
    }
    await settle();
    this.#disk.powerLoss();
  }

  /** The last look, with the power on. */
  async last(): Promise<void> {
    this.#clock = new VirtualClock(this.#clock.now() + 1);
    this.#dark = false;
    const chain = await this.#open();
    if (!chain) throw new Error('nobody has cut the power');
    await this.#whileLit(this.#check(chain));
    await this.#whileLit(chain.stop());
    for (const times of this.#acked.values()) this.report.acknowledged += times.size;
  }

  async #open(): Promise<Chain | undefined> {
    const failed = (error: unknown): void => {
      throw error;
    };
    const { chain } = await this.#whileLit(
      Chain.open({
        ...{ disk: this.#disk, clock: this.#clock, settings: SETTINGS, failed, postponed: failed },
        seams: this.#seams,
      }).then(async (chain) => {
        await chain.start();
        return { chain };
      }),
      { chain: undefined },
    );
    return chain;
  }

  /** Lets time pass until the work is done; when the power goes before, answers `otherwise`. */
  async #whileLit<T, U = undefined>(work: Promise<T>, otherwise?: U): Promise<T | U> {
    let done = false;
    const end = (): void => void (done = true);
    work.then(end, end);
    await settle();
    while (!done && !this.#dark) await this.#clock.advance(1);
    return done ? work : (otherwise as U);
  }

  async #send(sender: Sender, chain: Chain): Promise<void> {
    for (;;) {
      if (sender.pending) this.report.unanswered++;
      const body = sender.next(this.#clock.now());
      const series = body.series.map((number) => ({
        labels: { __name__: 'ledger', series: String(number), zone: `z${number % 3}` },
        samples: body.times.map((t) => ({ timestamp: t, value: valueOf(number, t) })),
      }));
      this.report.bodies++;
      note(this.#sent, body);
      await chain.door.remoteWrite(writeRequestBody(series));
      note(this.#acked, body);
      sender.pending = undefined;
      if (this.#random() < 0.3) await this.#clock.sleep(this.#random() * 20);
    }
  }

  async #check(chain: Chain): Promise<void> {
    const end = this.#clock.now() + 100_000;
    const window = `ledger[${Math.ceil(end / 1000)}s]`;
    const raw = await chain.ask.instant(window, end);
    const counted = await chain.ask.instant(`count_over_time(${window})`, end);
    if (raw.result.type !== 'samples' || counted.result.type !== 'vector') {
      throw new Error(`${raw.result.type} and ${counted.result.type} for a window and its count`);
    }
    const { matrix } = counted.result;
    const counts = new Map(
      matrix.labels.map((labels, i) => [labelValue(labels, 'series'), matrix.values[i]]),
    );
    const found = this.#take(raw.result.raw, counts);
    for (const [series, times] of this.#acked) {
      this.report.lookedFor += times.size;
      for (const t of times) if (!found.get(series)?.has(t)) this.report.lost++;
    }
  }

  #take(raw: RawSamples, counts: Map<string, number>): Map<number, Set<number>> {
    const { report } = this;
    const found = new Map<number, Set<number>>();
    raw.labels.forEach((labels, s) => {
      const name = labelValue(labels, 'series');
      const series = Number(name);
      const times = found.get(series) ?? new Set<number>();
      found.set(series, times);
      for (let i = raw.from[s]; i < raw.from[s + 1]; i++) {
        const t = raw.timestamps[i];
        if (times.has(t)) report.twice++;
        times.add(t);
        if (!this.#sent.get(series)?.has(t)) report.strangers++;
        if (raw.values[i] !== valueOf(series, t)) report.wrong++;
      }
      if (counts.get(name) !== times.size) report.twice++;
    });
    return found;
  }
}

function note(to: Map<number, Set<number>>, { series, times }: Body): void {
  for (const number of series) {
    const all = to.get(number) ?? new Set<number>();
    to.set(number, all);
    for (const t of times) all.add(t);
  }
}

/** Runs lives that are ended by a power loss, and says what the ledger found. */
export async function powerLossLedger(options: LedgerOptions): Promise<LedgerReport> {
  const ledger = new Ledger(options.seed, options.seams ?? {});
  while (ledger.report.powerLosses < options.losses) await ledger.live();
  await ledger.last();
  return ledger.report;
}
