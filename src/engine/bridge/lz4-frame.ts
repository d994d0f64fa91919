// Unpacks an LZ4 frame (lz4_Frame_format.md 1.6, lz4_Block_format.md) with every length checked:
// the library that packs runs for minutes over a damaged one. Blocks may lean on the ones before.
// Easy to get wrong: a match may overlap what it writes, so it is copied byte by byte then.

const MAGIC = 0x184d2204;
const UNCOMPRESSED = 0x80000000;
const MATCH_MIN = 4;

/** The bytes of the frame, or undefined when it is malformed or unpacks to more than `most`. */
export function unpackLz4(frame: Buffer, most: number): Buffer | undefined {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC) return undefined;
  const flags = frame[4];
  if (flags >> 6 !== 1) return undefined;
  const blockSums = (flags & 0x10) !== 0 ? 4 : 0;
  let at = 6 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0) + 1;
  const sink = new Sink(most, frame.length * 4);
  for (;;) {
    if (at + 4 > frame.length) return undefined;
    const told = frame.readUInt32LE(at);
    at += 4;
    // The end mark; a checksum of the content may follow, Kafka has its own over the batch.
    if (told === 0) return sink.bytes();
    const size = told >= UNCOMPRESSED ? told - UNCOMPRESSED : told;
    if (size > frame.length - at) return undefined;
    const block = frame.subarray(at, at + size);
    const good = told >= UNCOMPRESSED ? sink.literals(block) : unpackBlock(block, sink);
    if (!good) return undefined;
    at += size + blockSums;
  }
}

/** Where the bytes go: grows up to a bound. */
class Sink {
  readonly #most: number;
  #room: Buffer;
  #used = 0;

  constructor(most: number, guess: number) {
    this.#most = most;
    this.#room = Buffer.allocUnsafe(Math.min(most, Math.max(1024, guess)));
  }

  bytes(): Buffer {
    return this.#room.subarray(0, this.#used);
  }

  literals(from: Buffer): boolean {
    if (!this.#grow(from.length)) return false;
    from.copy(this.#room, this.#used);
    this.#used += from.length;
    return true;
  }

  match(distance: number, length: number): boolean {
    if (distance === 0 || distance > this.#used || !this.#grow(length)) return false;
    let from = this.#used - distance;
    if (distance >= length) this.#room.copyWithin(this.#used, from, from + length);
    else for (let i = 0; i < length; i++) this.#room[this.#used + i] = this.#room[from++];
    this.#used += length;
    return true;
  }

  #grow(more: number): boolean {
    const need = this.#used + more;
    if (need > this.#most) return false;
    if (need <= this.#room.length) return true;
    const larger = Buffer.allocUnsafe(Math.min(this.#most, Math.max(need, this.#room.length * 2)));
    this.#room.copy(larger, 0, 0, this.#used);
    this.#room = larger;
    return true;
  }
}

function unpackBlock(block: Buffer, sink: Sink): boolean {
  let at = 0;
  const more = (length: number): number => {
    if (length !== 15) return length;
    let sum = length;
    for (;;) {
      if (at >= block.length) return -1;
      const next = block[at++];
      sum += next;
      if (next !== 255) return sum;
    }
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = more(token >> 4);
    if (literals < 0 || literals > block.length - at) return false;
    if (!sink.literals(block.subarray(at, at + literals))) return false;
    at += literals;
    if (at === block.length) return true;
    if (at + 2 > block.length) return false;
    const distance = block.readUInt16LE(at);
    at += 2;
    const length = more(token & 15);
    if (length < 0 || !sink.match(distance, length + MATCH_MIN)) return false;
  }
  return true;
}
