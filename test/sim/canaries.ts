// Parts that are broken on purpose, to prove that the checks of the simulation ring: each breaks
// one promise of ports.ts in the most innocent way. If one of them is not caught, the simulation
// is blind.
import { MonError } from '../../src/engine/errors.ts';
import type { FragmentResult } from '../../src/engine/model/fragment.ts';
import type { Delivery, Log, Offset, Sink, Source, Upkeep } from '../../src/engine/ports.ts';
import type { Disk } from '../../src/engine/runtime/disk.ts';
import type { Seams } from './chain.ts';

/** All methods of an object but those given. */
function over<T extends object>(inner: T, changed: Partial<T>): T {
  return new Proxy(inner, {
    get(target, name) {
      const from = name in changed ? changed : target;
      const value = Reflect.get(from, name, from) as unknown;
      return typeof value === 'function' ? value.bind(from) : value;
    },
  });
}

/** Says that data is on the disk without having asked the disk. */
function lyingDisk(disk: Disk): Disk {
  return over(disk, {
    open: (path, mode) => disk.open(path, mode === 'r+d' ? 'r+' : mode),
  });
}

/** Puts files in their place before what is in them is on the disk. */
function hastyDisk(disk: Disk): Disk {
  return over(disk, {
    async replaceFile(path, parts) {
      const file = await disk.open(path, 'w+');
      let at = 0;
      for await (const part of parts) {
        await file.write(part, at);
        at += part.length;
      }
      await file.datasync();
      await file.close();
      await disk.syncFolder(path.slice(0, path.lastIndexOf('/')));
    },
  });
}

/** Acknowledges what it has been given before it is durable. */
function hastyLog(log: Log): Log {
  const next = new Map<number, Offset>();
  return over(log, {
    async append(batches) {
      const answers = log.append(batches);
      for (const { partition } of batches) {
        if (!next.has(partition)) next.set(partition, await log.end(partition));
      }
      void answers;
      return batches.map(({ partition }) => {
        const offset = next.get(partition) as Offset;
        next.set(partition, offset + 1);
        return { offset };
      });
    },
  });
}

/** Loses one batch of an append that was refused, and says that all was. */
function halfLog(log: Log): Log {
  let calls = 0;
  return over(log, {
    async append(batches) {
      if (batches.length < 2 || ++calls % 5 > 0) return log.append(batches);
      const kept = await log.append(batches.slice(1));
      const error = new MonError('MON_DISK_FULL', 'a canary');
      return [{ error }, ...kept.map(() => ({ error }))];
    },
  });
}

/** Says that its state is on the disk when it is only in memory. */
function forgetfulSink(sink: Sink): Sink {
  return over(sink, { checkpoint: () => sink.resumeAt() });
}

/** Hands the runs of records on in an order of its own. */
function looseSink(sink: Sink): Sink {
  let held: readonly Delivery[] = [];
  let runs = 0;
  return over(sink, {
    apply(deliveries) {
      const ready = [...held, ...deliveries];
      held = ++runs % 2 === 0 ? ready.splice(-1) : [];
      return sink.apply(ready);
    },
  });
}

function spoilt(result: FragmentResult, spoil: (values: Float64Array) => void): FragmentResult {
  for (const values of [result.raw?.values, result.matrix?.values]) if (values) spoil(values);
  return result;
}

/** Takes values through arithmetic: right to the last digit but one. */
function roundingSource(source: Source): Source {
  return over(source, {
    async fragment(fragment, signal) {
      const result = await source.fragment(fragment, signal);
      return spoilt(result, (values) => values.forEach((v, i) => (values[i] = v * (1 + 1e-10))));
    },
  });
}

/** Makes every NaN the same. */
function tidySource(source: Source): Source {
  return over(source, {
    async fragment(fragment, signal) {
      const result = await source.fragment(fragment, signal);
      return spoilt(result, (values) => {
        const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
        values.forEach((v, i) => Number.isNaN(v) && (bits[i] = 0x7ff8000000000001n));
      });
    },
  });
}

/** Says that samples are deleted when that is only in memory, if at all. */
function hastyUpkeep(upkeep: Upkeep): Upkeep {
  return over(upkeep, {
    delete(...all) {
      void upkeep.delete(...all).catch(() => undefined);
      return Promise.resolve();
    },
  });
}

/** Deletes one millisecond less than it was asked to. */
function shortUpkeep(upkeep: Upkeep): Upkeep {
  return over(upkeep, {
    delete: (selections, minMs, maxMs) => upkeep.delete(selections, minMs, maxMs - 1),
  });
}

/** By name: what is broken. */
export const CANARIES: Readonly<Record<string, Seams>> = {
  'a disk that lies about syncing': { disk: lyingDisk },
  'files that are replaced in place': { disk: hastyDisk },
  'a log that acknowledges before it has synced': { log: hastyLog },
  'a log that stores half of what it refuses': { log: halfLog },
  'a sink that checkpoints nothing': { sink: forgetfulSink },
  'a sink that holds a record back': { sink: looseSink },
  'an upkeep that deletes only in memory': { upkeep: hastyUpkeep },
  'an upkeep that deletes a little less': { upkeep: shortUpkeep },
  'a source that rounds': { source: roundingSource },
  'a source that does not keep the bits of NaNs': { source: tidySource },
};
