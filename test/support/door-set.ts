// A door over a log double and a clock that stands still, for tests of what enters. Each has a
// kernel memory of its own, because a memory has room for one series book.
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook, type BookLimits } from '../../src/engine/kernels/series-book.ts';
import { Door, type DoorLimits, type ReadExposition } from '../../src/engine/collector/door.ts';
import { LogDouble } from './log-double.ts';
import { VirtualClock } from './virtual-clock.ts';

export const NOW_MS = 1_700_000_000_000;

export interface DoorSetOptions {
  readonly partitions?: number;
  readonly limits?: Partial<DoorLimits>;
  readonly bookLimits?: Partial<BookLimits>;
  readonly exposition?: ReadExposition;
}

export function doorSet(options: DoorSetOptions = {}) {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, options.partitions ?? 4, options.bookLimits);
  const log = new LogDouble(book);
  const clock = new VirtualClock(NOW_MS);
  const { limits, exposition } = options;
  const door = new Door({
    log,
    book,
    kernels,
    clock,
    ...(limits ? { limits } : {}),
    ...(exposition ? { exposition } : {}),
  });
  return { kernels, book, log, clock, door };
}
