// A look at the cold tier from outside, while a server works on it or not: what the manifests name,
// and whether every byte is as it was written. Changes nothing. Easy to get wrong: a server may
// write meanwhile, so what no manifest names may be on its way and is no damage.
import { createHash } from 'node:crypto';
import { MonError } from '../errors.ts';
import { COLD_PART_BYTES } from '../limits-cold.ts';
import type { ObjectStore } from '../ports.ts';
import {
  coldPrefix,
  decodeManifest,
  manifestNumber,
  objectKeys,
  type ColdFile,
  type ColdObject,
  type Manifest,
} from './manifest.ts';
import { loadManifest } from './manifests.ts';

export interface InspectedCold {
  readonly partition: number;
  readonly manifest: Manifest;
  /** Sentences on what is not as it should be. */
  readonly problems: readonly string[];
}

/** An object or a manifest that was read from its first byte to its last. */
export interface ColdVerdict {
  readonly partition: number;
  readonly name: string;
  readonly bytes: number;
  readonly failures: readonly string[];
}

/** Partitions below `upTo` that have anything in the cold tier. @throws MonError of the store. */
export async function inspectCold(objects: ObjectStore, upTo: number): Promise<InspectedCold[]> {
  const found: InspectedCold[] = [];
  for (let partition = 0; partition < upTo; partition++) {
    const { manifest, warnings } = await loadManifest(objects, partition);
    if (manifest.number === 0 && warnings.length === 0) continue;
    found.push({ partition, manifest, problems: warnings });
  }
  return found;
}

/** Reads every byte that counts and says what is wrong with it. */
export async function* verifyCold(objects: ObjectStore, upTo: number): AsyncIterable<ColdVerdict> {
  for (let partition = 0; partition < upTo; partition++) {
    const listed = await objects.list(coldPrefix(partition));
    for (const { key, bytes } of listed) {
      if (manifestNumber(key) === undefined) continue;
      const failures: string[] = [];
      try {
        decodeManifest(await objects.getRange(key, 0, bytes), key);
      } catch (thrown) {
        // The one before the newest may go while it is looked at.
        if (isGone(thrown)) continue;
        failures.push(wordsOf(thrown));
      }
      yield { partition, name: key.slice(coldPrefix(partition).length), bytes, failures };
    }
    const { manifest } = await loadManifest(objects, partition);
    for (const object of manifest.objects) {
      yield await verdictOn(objects, partition, object);
    }
  }
}

async function verdictOn(
  objects: ObjectStore,
  partition: number,
  object: ColdObject,
): Promise<ColdVerdict> {
  const keys = objectKeys(partition, object);
  const failures: string[] = [];
  for (const [key, file] of [
    [keys.data, object.data],
    [keys.index, object.index],
  ] as const) {
    const failure = await failureOf(objects, key, file);
    if (failure !== undefined) failures.push(failure);
  }
  const bytes = object.data.bytes + object.index.bytes;
  return { partition, name: object.name, bytes, failures };
}

async function failureOf(
  objects: ObjectStore,
  key: string,
  { bytes, sha256 }: ColdFile,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    let size = 0;
    // One byte more than there should be: a file that grew is another one.
    for (let at = 0; at <= bytes; at += COLD_PART_BYTES) {
      const part = await objects.getRange(key, at, Math.min(COLD_PART_BYTES, bytes + 1 - at));
      hash.update(part);
      size += part.length;
    }
    if (size !== bytes) return `${key}: ${size < bytes ? 'it is cut off' : 'it has grown'}`;
  } catch (thrown) {
    return wordsOf(thrown);
  }
  return hash.digest('hex') === sha256 ? undefined : `${key}: checksum`;
}

function isGone(thrown: unknown): boolean {
  return thrown instanceof MonError && thrown.code === 'MON_NOT_FOUND';
}

function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof MonError)) throw thrown;
  return thrown.message;
}
