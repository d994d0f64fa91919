// Watches the free space under the log, so that appends are refused while a checkpoint still fits,
// not when the disk is quite full. Easy to get wrong: the refusal must come before a batch is
// encoded, and must end by itself when space was freed.
import { MonError } from '../errors.ts';
import { DISK_FREE_BYTES_MIN } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';

/** Others write to the disk as well: what was seen counts for so long, ms. */
const SEEN_MS_MAX = 1000;

export class DiskSpace {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #folder: string;
  #free = Infinity;
  #seenMs = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(disk: Disk, clock: Clock, folder: string) {
    this.#disk = disk;
    this.#clock = clock;
    this.#folder = folder;
  }

  /** The refusal while the disk is too full; looks again in the background, so that it ends. */
  refusal(): MonError | undefined {
    if (this.#free >= DISK_FREE_BYTES_MIN) return undefined;
    this.look();
    const free = Math.floor(this.#free / 1024 / 1024);
    const words = `only ${free} MiB are free at ${this.#folder}: the log takes nothing more`;
    return new MonError('MON_DISK_FULL', words, {
      hint: 'free some space there; appends are taken again by themselves',
      fields: { path: this.#folder, freeBytes: this.#free },
    });
  }

  /** The log has grown by so much; looks anew when that or time has made the figure doubtful. */
  spent(bytes: number): void {
    this.#free -= bytes;
    const old = this.#clock.monotonic() - this.#seenMs > SEEN_MS_MAX;
    if (old || this.#free < 2 * DISK_FREE_BYTES_MIN) this.look();
  }

  look(): void {
    this.#asking ??= this.#ask();
  }

  /** Resolves when no look is under way. */
  async settled(): Promise<void> {
    await this.#asking;
  }

  async #ask(): Promise<void> {
    try {
      this.#free = await this.#disk.freeBytes(this.#folder);
      this.#seenMs = this.#clock.monotonic();
    } catch (thrown) {
      // Not knowing is no reason to refuse: a write that fails will tell.
      if (!(thrown instanceof MonError)) throw thrown;
      this.#free = Infinity;
    } finally {
      this.#asking = undefined;
    }
  }
}
