// The content of one simulated file: what a read sees now, and the changes since the last sync in
// the order they were made, any of which a power loss may drop, keep or tear.
import type { Random } from '../../src/engine/runtime/random.ts';

type Change =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number };

const SECTOR_BYTES = 512;

/** Bytes that grow by doubling, so that a long file written in small pieces stays cheap. */
class GrowingBytes {
  #bytes: Uint8Array = new Uint8Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2, 256));
      grown.set(this.view());
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, position);
    this.#size = Math.max(this.#size, end);
  }

  truncate(size: number): void {
    if (size > this.#size) this.write(new Uint8Array(size - this.#size), this.#size);
    else this.#bytes.fill(0, size, this.#size);
    this.#size = size;
  }
}

export class MemoryFile {
  readonly live = new GrowingBytes();
  #durable = new GrowingBytes();
  #changes: Change[] = [];

  write(bytes: Uint8Array, position: number): void {
    const copy = bytes.slice();
    this.live.write(copy, position);
    this.#changes.push({ kind: 'write', position, bytes: copy });
  }

  truncate(size: number): void {
    this.live.truncate(size);
    this.#changes.push({ kind: 'truncate', size });
  }

  sync(): void {
    for (const change of this.#changes) apply(this.#durable, change);
    this.#changes = [];
  }

  /**
   * A sync that failed: some of it reached the disk, and the system marks all pages as clean, so
   * that reads still see what no later sync will write.
   */
  failSync(random: Random): void {
    for (const change of this.#changes) tear(this.#durable, change, random);
    this.#changes = [];
  }

  /** What is left after a power loss. */
  forget(random: Random): void {
    for (const change of this.#changes) tear(this.#durable, change, random);
    this.#changes = [];
    const kept = this.#durable.view();
    this.live.truncate(0);
    this.live.write(kept, 0);
  }
}

function apply(to: GrowingBytes, change: Change): void {
  if (change.kind === 'write') to.write(change.bytes, change.position);
  else to.truncate(change.size);
}

/** Applies a change wholly, in part, or not at all. */
function tear(to: GrowingBytes, change: Change, random: Random): void {
  const fate = random();
  if (fate < 0.3) return;
  if (fate < 0.55 || change.kind === 'truncate') return apply(to, change);
  const { bytes, position } = change;
  const cut = Math.floor(random() * (bytes.length + 1));
  if (fate < 0.75) {
    to.write(bytes.subarray(0, cut), position);
    return;
  }
  if (fate < 0.85) {
    // The size was made durable, the data only in part: what is missing reads as zeros or as
    // rubbish. Bytes that were there before stay: a disk writes a sector wholly or not at all.
    const rest = bytes.slice(cut);
    const fresh = Math.max(to.size - (position + cut), 0);
    rest.fill(0, fresh);
    if (random() < 0.5)
      rest.forEach((_, i) => i >= fresh && (rest[i] = Math.floor(random() * 256)));
    const old = to.view().slice(position + cut, position + bytes.length);
    to.write(bytes.subarray(0, cut), position);
    to.write(rest, position + cut);
    to.write(old, position + cut);
    return;
  }
  for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
    if (random() < 0.5) to.write(bytes.subarray(at, at + SECTOR_BYTES), position + at);
  }
}
