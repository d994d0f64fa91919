// Writes into the State of a data folder what a server would have kept of its series some time
// ago, so that a test need not wait a day for growth.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SqliteState } from '../../src/engine/runtime/state-sqlite.ts';

const HOUR_MS = 3_600_000;

/** There were so many series so long ago. The server must not run. */
export async function seriesWereThere(
  dataDir: string,
  agoMs: number,
  series: number,
): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const state = new SqliteState(join(dataDir, 'state.db'));
  const atMs = Date.now() - agoMs;
  const lists = { metrics: [], labels: [], pairs: [] };
  const figures = { series, held: series, perSecond: 0, bytes: 0, begun: 0, ended: 0 };
  const key = `series/${String(Math.floor(atMs / HOUR_MS)).padStart(8, '0')}`;
  await state.compareAndSet(key, JSON.stringify({ atMs, ...figures, ...lists }), 0);
  await state.close();
}
