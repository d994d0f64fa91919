// A rollup file on its way to the disk: series by series, so that the files of several resolutions
// grow side by side. Under a name that does not count until all of it is durable. Easy to get
// wrong: series come sorted, and what add() was given may be used again once it has resolved.
import { join } from 'node:path';
import type { BlockSeries, BlockSummary } from '../codec/block.ts';
import { BlockWriter } from '../codec/block-writer.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { Disk, DiskFile } from '../runtime/disk.ts';
import type { RollupEntry } from './rollup-state.ts';

/** What a file to be covers. */
export type RollupPlan = Pick<
  RollupEntry,
  'sequence' | 'tiers' | 'afterMs' | 'toMs' | 'version'
> & { readonly generation: number; readonly replaces: readonly string[] };

/** What the note of a block says. */
export type RollupNote = Omit<RollupPlan, 'generation' | 'version'>;

export const ENDING = '.rollup';
export const UNFINISHED = '.tmp';
/** Pages are written in pieces of about this much. */
const WRITE_BYTES = 256 * 1024;

interface DraftPlace {
  readonly partition: number;
  readonly disk: Disk;
  readonly kernels: Kernels;
}

export class RollupDraft {
  readonly #place: DraftPlace;
  readonly #folder: string;
  readonly #plan: RollupPlan;
  readonly #note: RollupNote;
  #writer: BlockWriter | undefined;
  #file: DiskFile | undefined;
  #position = 0;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(place: DraftPlace, folder: string, plan: RollupPlan) {
    const { generation: _, version: __, ...note } = plan;
    this.#place = place;
    this.#folder = folder;
    this.#plan = plan;
    this.#note = note;
  }

  get #path(): string {
    return join(this.#folder, `${this.#plan.sequence}${UNFINISHED}`);
  }

  /** @throws MonError of the disk; the draft can only be discarded then. */
  async add(series: BlockSeries): Promise<void> {
    if (this.#writer === undefined) await this.#begin();
    for (const piece of (this.#writer as BlockWriter).add(series)) this.#take(piece);
    if (this.#bytes >= WRITE_BYTES) await this.#write();
  }

  async #begin(): Promise<void> {
    const { disk, kernels, partition } = this.#place;
    const { generation, version } = this.#plan;
    await disk.makeFolder(this.#folder);
    this.#file = await disk.open(this.#path, 'w+');
    const id = fileId(partition, this.#plan);
    const origin = { generation, from: 0, to: version };
    const title = { id, partition, level: 0, origin, note: JSON.stringify(this.#note) };
    this.#writer = new BlockWriter({ kernels, title });
    this.#take(this.#writer.header());
  }

  #take(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  async #write(): Promise<void> {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    const whole = Buffer.concat(pieces);
    await this.#file?.write(whole, this.#position);
    this.#position += whole.length;
  }

  /** Makes all of it durable under its name; undefined when nothing was added. */
  async finish(): Promise<RollupEntry | undefined> {
    const writer = this.#writer;
    if (writer === undefined) return undefined;
    const ending = writer.end();
    let step = ending.next();
    for (; step.done !== true; step = ending.next()) this.#take(step.value);
    await this.#write();
    await this.#file?.datasync();
    await this.#file?.close();
    this.#file = undefined;
    const { disk } = this.#place;
    const name = `${this.#plan.sequence}${ENDING}`;
    await disk.rename(this.#path, join(this.#folder, name));
    await disk.syncFolder(this.#folder);
    return entryOf(name, step.value, this.#note);
  }

  /** Lets go of it; nothing of it counts. */
  async discard(): Promise<void> {
    if (this.#writer === undefined) return;
    await this.#file?.close().catch(ignore);
    await this.#place.disk.remove(this.#path).catch(ignore);
  }
}

/** A file as the state names it, by its block and its note. */
export function entryOf(name: string, summary: BlockSummary, note: RollupNote): RollupEntry {
  const { id, bytes, series, origin } = summary;
  const { sequence, tiers, afterMs, toMs } = note;
  const told = { sequence, tiers, afterMs, toMs, version: origin.to };
  return { name, id: hex(id), bytes, series, ...told };
}

/** Sixteen bytes that no other file of this partition has. */
function fileId(partition: number, { sequence, toMs, version }: RollupPlan): Uint8Array {
  const id = new Uint8Array(16);
  const view = new DataView(id.buffer);
  view.setUint16(0, partition);
  view.setUint16(2, 0x524f);
  view.setUint32(4, sequence);
  view.setFloat64(8, version * 2 ** 10 + ((toMs / 60_000) % 2 ** 10));
  return id;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function ignore(): void {}
