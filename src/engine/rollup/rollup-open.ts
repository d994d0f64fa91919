// Opens the rollups of a partition: by the state that names the files, or, where that is lost, by
// what the files say themselves. Easy to get wrong: a file that nothing names is of a step that a
// crash cut short, and goes; but without a state nothing is named, and then all of them count.
import { join } from 'node:path';
import { MonError } from '../errors.ts';
import type { Disk } from '../runtime/disk.ts';
import type { RawData } from './hour-fold.ts';
import { HOUR_MS } from './hour-fold.ts';
import { closeRollup, type LiveRollup, type RollupFiles } from './rollup-files.ts';
import { decodeState, stateName } from './rollup-state.ts';
import type { RollupEntry, RollupState } from './rollup-state.ts';

interface Place {
  readonly folder: string;
  readonly disk: Disk;
  readonly partition: number;
  readonly generation: number;
  readonly raw: RawData;
}

export interface OpenedState {
  readonly state: RollupState;
  readonly live: readonly LiveRollup[];
  /** Files that are set aside. */
  readonly damaged: readonly RollupEntry[];
}

export async function openState(place: Place, files: RollupFiles): Promise<OpenedState> {
  const { folder, disk, partition, generation, raw } = place;
  await disk.makeFolder(folder);
  const path = join(folder, stateName(partition));
  const names = await files.list();
  if (!(await disk.exists(path))) return adopted(place, files, names);
  let state: RollupState;
  try {
    state = decodeState(await disk.readFile(path), path);
  } catch (thrown) {
    if (!(thrown instanceof MonError) || thrown.code !== 'MON_CHECKPOINT_CORRUPT') throw thrown;
    await disk.rename(path, `${path}.corrupt`);
    return adopted(place, files, names);
  }
  const named = new Set(state.files.map(({ name }) => name));
  for (const name of names) if (!named.has(name)) await files.remove(name);
  const live: LiveRollup[] = [];
  const dirty = new Set(state.dirty);
  const damaged = state.files.filter((entry) => entry.damaged === true);
  for (const entry of state.files) {
    if (entry.damaged === true) continue;
    const one = await opened(files, entry.name, () => files.open(entry));
    if (one !== undefined) live.push(one);
    else {
      damaged.push({ ...entry, damaged: true });
      hoursWithin(entry.afterMs, entry.toMs).forEach((hour) => dirty.add(hour));
    }
  }
  // Offsets of another generation say nothing of this one; its records come all anew.
  const version = state.generation === generation ? state.version : raw.next();
  return { state: { ...state, generation, version, dirty: [...dirty] }, live, damaged };
}

async function opened<T>(files: RollupFiles, name: string, open: () => T): Promise<T | undefined> {
  try {
    return open();
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    if (thrown.code !== 'MON_BLOCK_CORRUPT' && thrown.code !== 'MON_NOT_FOUND') throw thrown;
    await files.setAside(name);
    return undefined;
  }
}

/** All readable files but those that others were made of; what the store still has is done anew. */
async function adopted(
  { generation, raw }: Place,
  files: RollupFiles,
  names: readonly string[],
): Promise<OpenedState> {
  const found: (LiveRollup & { readonly replaces: readonly string[] })[] = [];
  for (const name of names) {
    const one = await opened(files, name, () => files.adopt(name));
    if (one !== undefined) found.push(one);
  }
  const replaced = new Set(found.flatMap(({ replaces }) => replaces));
  for (const one of found) if (replaced.has(one.entry.name)) closeRollup(one);
  const live = found.filter(({ entry }) => !replaced.has(entry.name));
  const ends = live.map(({ entry }) => entry.toMs);
  const foldedTo = live.length === 0 ? null : Math.max(...ends);
  const days = live.filter(({ entry }) => entry.tiers.length > 1).map(({ entry }) => entry.afterMs);
  const first = Math.ceil(raw.oldestMs() / HOUR_MS) * HOUR_MS;
  const state: RollupState = {
    ...{ generation, version: raw.next(), foldedTo, tombstones: [], files: [] },
    dirty: foldedTo === null ? [] : hoursWithin(first, foldedTo),
    days: [...new Set(days.map((ms) => Math.floor(ms / DAY_MS) * DAY_MS))],
    nextSequence: Math.max(0, ...found.map(({ entry }) => entry.sequence)) + 1,
  };
  return { state, live, damaged: [] };
}

/** Starts of the whole hours in [from, to]. */
function hoursWithin(from: number, to: number): number[] {
  const out: number[] = [];
  for (let hour = from; hour + HOUR_MS <= to; hour += HOUR_MS) out.push(hour);
  return out;
}

const DAY_MS = 24 * HOUR_MS;
