// The embedded log held to the contract of every log, on the real disk and on the simulated one.
// Segments and memory are small here, so that readers have to go to disk.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedLog } from '../../../src/engine/log/embedded-log.ts';
import type { Log } from '../../../src/engine/ports.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import type { Disk } from '../../../src/engine/runtime/disk.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';
import { CONTRACT_PARTITIONS } from '../../contract/log-promise.ts';
import type { LogUnderTest } from '../../contract/log-promise.ts';
import { logContract } from '../../contract/log.contract.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';
import { REFUSED, plainBatch, plainEncoder, plainRecord } from '../../support/plain-records.ts';

const ROLL_RECORDS = 60;
/** Records of a roll are this much longer, so that they outgrow the memory and several segments. */
const PADDING_BYTES = 100_000;

function open(disk: Disk, folder: string, partitions: number): Promise<EmbeddedLog> {
  return EmbeddedLog.open({
    folder,
    disk,
    clock: systemClock,
    encoder: plainEncoder((n) => (n > 0 && n <= ROLL_RECORDS ? PADDING_BYTES : 0)),
    partitions,
    segmentBytes: 1_000_000,
    recentBytes: 1_000_000,
    keepMs: 0,
  });
}

async function roll(log: Log, from: number): Promise<number> {
  for (let i = 0; i < ROLL_RECORDS; i += 5) {
    const batches = [0, 1, 2, 3, 4].map((k) => plainBatch(k % CONTRACT_PARTITIONS, from + i + k));
    await log.append(batches);
  }
  return ROLL_RECORDS;
}

async function underTest(disk: Disk, folder: string): Promise<LogUnderTest> {
  let log = await open(disk, folder, CONTRACT_PARTITIONS);
  return {
    log,
    async reopen(partitions = CONTRACT_PARTITIONS) {
      await log.close();
      log = await open(disk, folder, partitions);
      return log;
    },
    decode: plainRecord,
    refused: (partition) => plainBatch(partition, REFUSED),
    async expire(one) {
      await (one as EmbeddedLog).retain();
    },
    roll,
    forget: (one, reader) => (one as EmbeddedLog).forget(reader),
    async dispose() {
      await log.close();
    },
  };
}

logContract('embedded, real disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mon-log-'));
  const one = await underTest(systemDisk, folder);
  return {
    ...one,
    async dispose() {
      await one.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

logContract('embedded, simulated disk', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1) });
  const one = await underTest(disk, '/data/log');
  const capacity = disk.capacityBytes;
  return {
    ...one,
    async fill() {
      disk.capacityBytes = disk.usedBytes;
      return async () => {
        disk.capacityBytes = capacity;
      };
    },
  };
});
