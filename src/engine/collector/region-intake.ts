// Samples of another region, from a mirrored topic through the door into this stack's log, each
// series with the label of its region. Easy to get wrong: a copy of a topic may hold a stretch
// twice, and a kill between the door and the note of the place brings one again; heads drop both,
// so nothing is asked here but that every record is taken in order and none is passed over.
import { canonicalOf, labelsOf } from '../codec/canonical.ts';
import { MonError } from '../errors.ts';
import { AGENT_RETRY_MS_MAX, AGENT_RETRY_MS_MIN } from '../limits-links.ts';
import { REGION_BATCH_SAMPLES, REGION_NOTE_MS } from '../limits-regions.ts';
import { makeLabels } from '../model/labels.ts';
import type { Delivery, Intake, LogReader } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AgentBatch, Spell } from './agent-batch.ts';
import type { RegionPlace } from './region-place.ts';

export interface RegionIntakeOptions {
  readonly reader: LogReader;
  readonly place: RegionPlace;
  readonly batch: AgentBatch;
  readonly intake: Pick<Intake, 'writeRequest'>;
  readonly clock: Clock;
  /** Writes the place down; durable when it resolves. */
  readonly save: (text: string) => Promise<void>;
  readonly warn: (sentence: string) => void;
  readonly counts: RegionCounts;
}

/** Samples of a region since the start. */
export interface RegionCounts {
  taken: number;
  /** Refused by this stack's door: too old, too many series. */
  refused: number;
  /** Without a series, since what defines it is no longer in the topic. */
  lost: number;
  /** Records that cannot be read. */
  malformed: number;
}

/** Gives series the label of their region; one of that name that they have is `exported_` then. */
export function regionSpell(label: string, region: string): Spell {
  return (canonical) => {
    const own = labelsOf(canonical);
    const pairs: [string, string][] = [[label, region]];
    for (let i = 0; i < own.length; i += 2) {
      const name = own[i] === label ? `exported_${label}` : own[i];
      pairs.push([name, own[i + 1]]);
    }
    return canonicalOf(makeLabels(pairs));
  };
}

export class RegionIntake {
  readonly #options: RegionIntakeOptions;
  #savedAt = -Infinity;
  #refusal = '';

  constructor(options: RegionIntakeOptions) {
    this.#options = options;
  }

  /** Takes records until the signal fires. @throws MonError of the reader, of State, of the log. */
  async run(signal: AbortSignal): Promise<void> {
    const { reader, batch } = this.#options;
    while (!signal.aborted) {
      const deliveries = await reader.next(signal);
      for (const delivery of deliveries) {
        this.#take(delivery);
        if (batch.samples >= REGION_BATCH_SAMPLES) await this.#write(signal);
        if (signal.aborted) return;
      }
      await this.#write(signal);
    }
  }

  #take(delivery: Delivery): void {
    const { place, batch, counts } = this.#options;
    const { partition, offset, bytes } = delivery;
    // Read again after a restart, for what it defines.
    const definitionsOnly = place.taken(partition, offset);
    try {
      const facts = batch.take({ partition, offset, bytes, definitionsOnly });
      // The partition of a record is that of its region's log, which is the topic's.
      if (!definitionsOnly) place.took({ ...facts, partition }, offset);
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.kind !== 'data') throw thrown;
      counts.malformed++;
      place.skipped(partition, offset);
    }
  }

  /** Brings what was gathered into the log, however long that takes, and notes the place. */
  async #write(signal: AbortSignal): Promise<void> {
    const { batch, clock, counts } = this.#options;
    counts.lost += batch.takeLost();
    if (!batch.empty) {
      // A view of the batch's memory; the door copies it before it waits for anything.
      const body = batch.finish().slice();
      let pauseMs = AGENT_RETRY_MS_MIN;
      while (!(await this.#written(body))) {
        await clock.sleep(pauseMs, signal);
        if (signal.aborted) return;
        pauseMs = Math.min(pauseMs * 2, AGENT_RETRY_MS_MAX);
      }
    }
    const now = clock.monotonic();
    if (now - this.#savedAt < REGION_NOTE_MS) return;
    this.#savedAt = now;
    await this.#options.save(this.#options.place.text());
  }

  /** False when the log takes nothing now. */
  async #written(body: Uint8Array): Promise<boolean> {
    const { intake, counts, warn } = this.#options;
    try {
      const outcome = await intake.writeRequest(body);
      counts.taken += outcome.accepted;
      counts.refused += outcome.refused;
      const why = Object.keys(outcome.reasons).join(', ');
      if (why !== '' && why !== this.#refusal) warn(`some samples are refused: ${why}`);
      this.#refusal = why;
      return true;
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.kind === 'give up') throw thrown;
      if (thrown.kind === 'retry') return false;
      counts.malformed++;
      warn(`samples are passed over: ${thrown.message}`);
      return true;
    }
  }

  /** Notes the place at the end. */
  async close(): Promise<void> {
    const { place, save } = this.#options;
    await save(place.text());
  }
}
