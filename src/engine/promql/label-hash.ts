// The hash by which limit_ratio chooses series: the one that Prometheus takes of a label set, so
// that both choose the same. Once a series and query, never a sample, so big integers will do.
// Sources: Prometheus' model/labels (the bytes), Yann Collet's specification of XXH64 (the hash).
import type { Labels } from '../model/labels.ts';

const MASK = (1n << 64n) - 1n;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

function rotated(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK;
}

function round(state: bigint, input: bigint): bigint {
  return (rotated((state + input * P2) & MASK, 31n) * P1) & MASK;
}

/** XXH64 with seed 0. */
export function xxh64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  let at = 0;
  let hash = P5;
  if (length >= 32) {
    const lanes = [(P1 + P2) & MASK, P2, 0n, MASK + 1n - P1];
    for (; at + 32 <= length; at += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i], view.getBigUint64(at + i * 8, true));
    }
    const turns = [1n, 7n, 12n, 18n];
    hash = lanes.reduce((sum, lane, i) => (sum + rotated(lane, turns[i])) & MASK, 0n);
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & MASK;
  }
  hash = (hash + BigInt(length)) & MASK;
  for (; at + 8 <= length; at += 8) {
    hash ^= round(0n, view.getBigUint64(at, true));
    hash = (rotated(hash, 27n) * P1 + P4) & MASK;
  }
  if (at + 4 <= length) {
    hash ^= (BigInt(view.getUint32(at, true)) * P1) & MASK;
    hash = (rotated(hash, 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < length; at++) {
    hash ^= (BigInt(bytes[at]) * P5) & MASK;
    hash = (rotated(hash, 11n) * P1) & MASK;
  }
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return hash ^ (hash >> 32n);
}

/** A label set in Prometheus' bytes: each text behind its length, names in the order of bytes. */
function bytesOf(labels: Labels): Uint8Array {
  const pairs: [Buffer, Buffer][] = [];
  for (let i = 0; i < labels.length; i += 2) {
    pairs.push([Buffer.from(labels[i]), Buffer.from(labels[i + 1])]);
  }
  pairs.sort(([a], [b]) => Buffer.compare(a, b));
  const sized = (text: Buffer): Buffer[] => {
    const { length } = text;
    const size = length < 255 ? [length] : [255, length, length >> 8, length >> 16];
    return [Buffer.from(size), text];
  };
  return Buffer.concat(pairs.flatMap(([name, value]) => [...sized(name), ...sized(value)]));
}

/** A number from 0 to 1 that belongs to a label set. */
export function labelShare(labels: Labels): number {
  return Number(xxh64(bytesOf(labels))) / Number(MASK);
}
