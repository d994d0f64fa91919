// An embedded log on the simulated disk, for tests that damage it, fill it or look into its files.
// Segments are small and nothing is kept longer than readers need it.
import assert from 'node:assert/strict';
import { MonError } from '../../src/engine/errors.ts';
import type { FailureCode } from '../../src/engine/errors.ts';
import { EmbeddedLog } from '../../src/engine/log/embedded-log.ts';
import type { EmbeddedLogOptions } from '../../src/engine/log/embedded-log.ts';
import { segmentOf } from '../../src/engine/log/segment.ts';
import type { Appended, Delivery, Log } from '../../src/engine/ports.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { MemoryDisk } from './memory-disk.ts';
import { plainBatch, plainEncoder } from './plain-records.ts';
import { VirtualClock } from './virtual-clock.ts';

export const LOG_FOLDER = '/data/log';

export interface LogWorld {
  readonly disk: MemoryDisk;
  readonly clock: VirtualClock;
  open(options?: Partial<EmbeddedLogOptions>): Promise<EmbeddedLog>;
  /** Paths of the segment files, oldest first. */
  segments(): Promise<string[]>;
}

export function logWorld(seed = 1): LogWorld {
  const clock = new VirtualClock();
  const disk = new MemoryDisk({ random: seededRandom(seed), clock });
  return {
    disk,
    clock,
    open: (options = {}) =>
      EmbeddedLog.open({
        folder: LOG_FOLDER,
        disk,
        clock,
        encoder: plainEncoder(),
        partitions: 2,
        segmentBytes: 1000,
        keepMs: 0,
        ...options,
      }),
    async segments() {
      const names = await disk.list(LOG_FOLDER);
      return names.filter((n) => segmentOf(n) !== undefined).map((n) => `${LOG_FOLDER}/${n}`);
    },
  };
}

/** Appends one record after another, each with a commit of its own. */
export async function appendEach(log: Log, from: number, count: number): Promise<Appended[]> {
  const out: Appended[] = [];
  for (let i = 0; i < count; i++) {
    const number = from + i;
    out.push(...(await log.append([plainBatch(number % 2, number)])));
  }
  return out;
}

export function offsetsIn(answers: readonly Appended[]): (number | string)[] {
  return answers.map((a) => ('offset' in a ? a.offset : a.error.code));
}

/** Reads all that the log holds of both partitions, by a reader that it then forgets. */
export async function readAll(log: EmbeddedLog): Promise<Delivery[]> {
  const out: Delivery[] = [];
  const from = new Map<number, number>();
  let expected = 0;
  for (let p = 0; p < log.partitions; p++) {
    from.set(p, await log.start(p));
    expected += (await log.end(p)) - (await log.start(p));
  }
  const reader = await log.read('read all', from);
  while (out.length < expected) out.push(...(await reader.next()));
  await reader.close();
  await log.forget('read all');
  return out;
}

export async function failsWith(
  code: FailureCode,
  work: Promise<unknown>,
  words = /./,
): Promise<void> {
  await assert.rejects(work, (thrown) => {
    assert.ok(thrown instanceof MonError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    assert.match(thrown.message, words);
    return true;
  });
}
