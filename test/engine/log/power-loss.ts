// A log on the faulty disk against a naive model: random appends, reads, releases and reopenings,
// cut short at a random operation by a power loss or a kill, again and again. What was
// acknowledged must be there, what was refused for certain must not, and the order must hold.
import assert from 'node:assert/strict';
import { EmbeddedLog } from '../../../src/engine/log/embedded-log.ts';
import type { Batch } from '../../../src/engine/model/batch.ts';
import type { Appended, Delivery, LogReader } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { DefinitionChecker, definingEncoder } from '../../support/defining-records.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';
import { plainBatch } from '../../support/plain-records.ts';
import { VirtualClock, settle } from '../../support/virtual-clock.ts';

const PARTITIONS = 3;
const READER = 'sink';
const FOLDER = '/data/log';

type Fate = 'asked' | 'durable' | 'failed';

export interface CrashRun {
  readonly seed: number;
  /** Disk errors as well, not only the end of the machine or the process. */
  readonly faulty: boolean;
  /** Also lose what was not synced; otherwise the process alone dies. */
  readonly powerLoss: boolean;
}

export interface CrashReport {
  acknowledged: number;
  failed: number;
  lives: number;
}

/** What must be true of the log, told without any of its cleverness. */
class Model {
  /** For each partition the number of the record at each offset known to be durable. */
  readonly durable: Map<number, number>[] = Array.from({ length: PARTITIONS }, () => new Map());
  readonly fates = new Map<number, Fate>();
  /** Offsets below which the reader has released, per partition. */
  readonly released = new Float64Array(PARTITIONS);
  next = 1;

  accept(partition: number, offset: number, number: number): void {
    const known = this.durable[partition].get(offset);
    assert.ok(known === undefined || known === number, `offset ${offset} holds two records`);
    this.durable[partition].set(offset, number);
    this.fates.set(number, 'durable');
  }
}

class Life {
  readonly #disk: MemoryDisk;
  readonly #model: Model;
  readonly #random: Random;
  readonly #clock: VirtualClock;
  readonly report: CrashReport;
  #log: EmbeddedLog | undefined;
  #reader: LogReader | undefined;
  #checker = new DefinitionChecker();
  #ended = false;

  constructor(
    world: { disk: MemoryDisk; model: Model; random: Random; clock: VirtualClock },
    report: CrashReport,
  ) {
    this.#disk = world.disk;
    this.#model = world.model;
    this.#random = world.random;
    this.#clock = world.clock;
    this.report = report;
  }

  async run(steps: number): Promise<void> {
    await this.#open();
    for (let i = 0; i < steps && !this.#ended; i++) await this.#step();
    await settle();
  }

  /** Nothing that comes after this counts: the machine is gone. */
  end(): void {
    this.#ended = true;
  }

  async #open(): Promise<void> {
    this.#log = await openLog(this.#disk, this.#clock);
    this.#reader = undefined;
  }

  async #step(): Promise<void> {
    const dice = this.#random();
    try {
      if (dice < 0.6) this.#append();
      else if (dice < 0.75) await settle(1);
      else if (dice < 0.9) await this.#read();
      else if (dice < 0.95) await this.#clock.advance(1100);
      else if (dice < 0.97) await this.#reopen();
      else await this.#log?.retain();
    } catch (thrown) {
      // A disk error on the way is no fault of the log; damage and bugs are.
      const known = thrown instanceof MonError && !thrown.code.startsWith('MON_LOG');
      if (!known) throw thrown;
      if (!this.#log) await this.#tryOpen();
    }
  }

  async #tryOpen(): Promise<void> {
    const { faults } = this.#disk;
    const before = { ...faults };
    Object.assign(faults, { enospc: 0, readError: 0, writeError: 0, syncError: 0 });
    await this.#open();
    Object.assign(faults, before);
  }

  async #reopen(): Promise<void> {
    const log = this.#log;
    this.#log = undefined;
    await log?.close();
    await this.#open();
  }

  #append(): void {
    const log = this.#log;
    if (!log) return;
    const { fates } = this.#model;
    const count = 1 + Math.floor(this.#random() * 4);
    const batches = Array.from({ length: count }, () => {
      const partition = Math.floor(this.#random() * PARTITIONS);
      const size = 1 + Math.floor(this.#random() * 3);
      const pick = (): number => partition + PARTITIONS * Math.floor(this.#random() * 20);
      const refs = Uint32Array.from({ length: size }, pick);
      const number = this.#model.next++;
      fates.set(number, 'asked');
      return plainBatch(partition, number, { refs });
    });
    void this.#hear(batches, log.append(batches));
  }

  async #hear(batches: readonly Batch[], asked: Promise<readonly Appended[]>): Promise<void> {
    const answers = await asked;
    if (this.#ended) return;
    answers.forEach((answer, i) => {
      const number = batches[i].tick?.timeMs ?? 0;
      if ('offset' in answer) {
        this.report.acknowledged++;
        this.#model.accept(batches[i].partition, answer.offset, number);
      } else {
        this.report.failed++;
        if (answer.error.fields['certain'] !== 0) this.#model.fates.set(number, 'failed');
      }
    });
  }

  async #read(): Promise<void> {
    const log = this.#log;
    if (!log) return;
    if (!this.#reader) {
      const from = new Map(this.#model.released.entries());
      this.#reader = await log.read(READER, from);
      this.#checker = new DefinitionChecker();
    }
    const abort = new AbortController();
    const got = this.#reader.next(abort.signal);
    await settle(1);
    abort.abort();
    for (const delivery of await got) {
      if (this.#ended) return;
      const { number } = this.#checker.check(delivery);
      if (delivery.definitionsOnly) continue;
      // What a reader has seen must stay, acknowledged or not.
      this.#model.accept(delivery.partition, delivery.offset, number);
      if (this.#random() < 0.3) {
        const released = delivery.offset + 1;
        this.#reader.release(delivery.partition, released);
        this.#model.released[delivery.partition] = released;
      }
    }
  }
}

function openLog(disk: MemoryDisk, clock: VirtualClock): Promise<EmbeddedLog> {
  return EmbeddedLog.open({
    folder: FOLDER,
    disk,
    clock,
    encoder: definingEncoder(1500),
    partitions: PARTITIONS,
    segmentBytes: 6000,
    recentBytes: 8000,
    keepMs: 0,
  });
}

/** Opens without faults, reads everything and holds it to the model. */
async function verify(disk: MemoryDisk, clock: VirtualClock, model: Model): Promise<void> {
  const log = await openLog(disk, clock);
  const starts = new Map<number, number>();
  let expected = 0;
  for (let p = 0; p < PARTITIONS; p++) {
    const [start, end] = [await log.start(p), await log.end(p)];
    starts.set(p, start);
    expected += end - start;
    assert.ok(start <= model.released[p], `partition ${p}: ${start} passes what was released`);
    for (const offset of model.durable[p].keys()) {
      assert.ok(
        offset < end,
        `partition ${p}: durable record ${offset} is lost, the log ends ${end}`,
      );
    }
  }
  const reader = await log.read('verify', starts);
  const checker = new DefinitionChecker();
  const last = new Float64Array(PARTITIONS);
  for (let seen = 0; seen < expected;) {
    const got = await reader.next();
    for (const delivery of got) verifyOne(delivery, checker.check(delivery).number, model, last);
    seen += got.length;
  }
  await reader.close();
  await log.forget('verify');
  // Still usable: a record more in each partition.
  const more = await log.append(
    Array.from({ length: PARTITIONS }, (_, p) => plainBatch(p, model.next++)),
  );
  more.forEach((answer, p) => {
    assert.ok('offset' in answer, 'the log takes records after a crash');
    model.accept(p, answer.offset, model.next - PARTITIONS + p);
  });
  await log.close();
}

function verifyOne(delivery: Delivery, number: number, model: Model, last: Float64Array): void {
  const { partition, offset } = delivery;
  const fate = model.fates.get(number);
  assert.notEqual(fate, undefined, `record ${number} was never appended`);
  assert.notEqual(fate, 'failed', `record ${number} had been answered as failed`);
  assert.ok(number > last[partition], `record ${number} came after ${last[partition]}`);
  last[partition] = number;
  model.accept(partition, offset, number);
}

/** Several lives of one log, each ended at a random operation. */
export async function crashRun(options: CrashRun): Promise<CrashReport> {
  const random = seededRandom(options.seed);
  const disk = new MemoryDisk({ random });
  const model = new Model();
  const report: CrashReport = { acknowledged: 0, failed: 0, lives: 0 };
  let clock = new VirtualClock();
  const end = (): void => {
    // A timer of a life that has ended must not go off in the next one.
    clock = new VirtualClock(clock.now());
    if (options.powerLoss && random() < 0.8) disk.powerLoss(random);
    else disk.processCrash();
  };
  for (let i = 0; i < 4; i++) {
    const chance = options.faulty && random() < 0.8 ? random() * 0.05 : 0;
    const life = new Life({ disk, model, random, clock }, report);
    const cut = disk.freezeAfter(1 + Math.floor(random() * 250));
    const faults = { enospc: chance, writeError: chance, syncError: chance };
    const running = life.run(400);
    if (chance > 0) setImmediate(() => Object.assign(disk.faults, faults));
    await Promise.race([running, cut]);
    await settle();
    life.end();
    Object.assign(disk.faults, { enospc: 0, writeError: 0, syncError: 0 });
    end();
    report.lives++;
    // Also the opening after a crash may be cut short, and must be able to begin again.
    if (random() < 0.5) {
      const again = disk.freezeAfter(1 + Math.floor(random() * 15));
      await Promise.race([openLog(disk, clock), again]);
      await settle();
      end();
    }
    await verify(disk, clock, model);
  }
  return report;
}
