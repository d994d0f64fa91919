// One reading of samples from its begin to its end, a page ahead of who takes them. Between a
// shard or a store and who wants whole samples. Easy to get wrong: a reading that is left half way
// has to be closed, or the shard holds it until it has been idle for long.
import { MonError } from '../errors.ts';
import type { OpenedScan, SamplePage, SamplesAsk, SampleScans } from '../ports-sql.ts';

export interface ScanWish {
  readonly signal?: AbortSignal | undefined;
  /** Told what is left to the asker, before the first page. */
  readonly left?: ((opened: OpenedScan) => void) | undefined;
}

/** @throws what the reading throws; MON_ABORTED when the signal has fired. */
export async function* scanPages(
  scans: SampleScans,
  ask: SamplesAsk,
  { signal, left }: ScanWish,
): AsyncGenerator<SamplePage, void, void> {
  const opened = await scans.openScan(ask);
  left?.(opened);
  const { id } = opened;
  let coming = scans.nextScan(id);
  // It is waited for below, or not at all.
  coming.catch(() => undefined);
  try {
    for (;;) {
      const page = await coming;
      if (page === undefined) return;
      if (signal?.aborted === true) throw new MonError('MON_ABORTED', 'the reading was given up');
      coming = scans.nextScan(id);
      coming.catch(() => undefined);
      yield page;
    }
  } finally {
    await scans.closeScan(id).catch(() => undefined);
  }
}
