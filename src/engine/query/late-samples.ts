// Which times have received samples after one could have thought them complete: what late samples
// and backfill touch. The door's side notes them, the result cache asks before it uses an extent.
// Easy to get wrong: a note counts for results whose computing began before the samples were
// durable, even in the same millisecond; and nothing is known of the time before the process began.

interface Note {
  atMs: number;
  minMs: number;
  maxMs: number;
}

/** Notes of this much time are joined: what they touch may only grow. */
const JOIN_MS = 1000;
/** Longer than any result is kept nobody asks; beyond that many notes the oldest are joined. */
const NOTES_MAX = 4096;

export class LateSamples {
  readonly #sinceMs: number;
  readonly #keepMs: number;
  #notes: Note[] = [];

  /** `keepMs`: no asker is interested in what happened longer ago. */
  constructor(startedMs: number, keepMs: number) {
    this.#sinceMs = startedMs;
    this.#keepMs = keepMs;
  }

  get size(): number {
    return this.#notes.length;
  }

  /** Samples with minMs <= t <= maxMs became durable at `atMs` at the latest. */
  note(minMs: number, maxMs: number, atMs: number): void {
    const last = this.#notes.at(-1);
    if (last !== undefined && atMs - last.atMs < JOIN_MS && near(last, minMs, maxMs)) {
      last.atMs = Math.max(last.atMs, atMs);
      last.minMs = Math.min(last.minMs, minMs);
      last.maxMs = Math.max(last.maxMs, maxMs);
      return;
    }
    this.#notes.push({ atMs, minMs, maxMs });
    if (this.#notes.length > NOTES_MAX) this.#thin(atMs);
  }

  /** Whether samples in the range may have come after a result of `sinceMs` was computed. */
  touched(sinceMs: number, minMs: number, maxMs: number): boolean {
    if (sinceMs < this.#sinceMs) return true;
    for (let i = this.#notes.length - 1; i >= 0; i--) {
      const note = this.#notes[i];
      if (note.atMs < sinceMs) continue;
      if (note.minMs <= maxMs && note.maxMs >= minMs) return true;
    }
    return false;
  }

  /** Forgets what is too old to matter and joins pairs when that is not enough. */
  #thin(nowMs: number): void {
    const kept = this.#notes.filter(({ atMs }) => atMs >= nowMs - this.#keepMs);
    if (kept.length <= NOTES_MAX / 2) {
      this.#notes = kept;
      return;
    }
    this.#notes = [];
    for (let i = 0; i < kept.length; i += 2) {
      const [one, other = one] = [kept[i], kept[i + 1]];
      this.#notes.push({
        atMs: Math.max(one.atMs, other.atMs),
        minMs: Math.min(one.minMs, other.minMs),
        maxMs: Math.max(one.maxMs, other.maxMs),
      });
    }
  }
}

/** True when joining claims no time that neither touched. */
function near(note: Note, minMs: number, maxMs: number): boolean {
  return minMs <= note.maxMs + JOIN_MS && maxMs >= note.minMs - JOIN_MS;
}
