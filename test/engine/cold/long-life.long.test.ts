// Two years of a hundred series at 15 s through all tiers on a virtual clock, at the default ages:
// 200 queries over hot, warm and cold answer as the samples themselves, and every byte of the
// archive is as it was written. Takes half an hour or so.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { join } from 'node:path';
import { FolderObjects } from '../../../src/engine/cold/folder-objects.ts';
import { inspectCold, verifyCold } from '../../../src/engine/cold/inspect.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';
import { lifeQueries, sameAnswers } from './life-queries.ts';
import { DAY, LongLife, START } from './long-life.ts';

const DAYS = Number(process.env['MON_LIFE_DAYS'] ?? 730);
const SERIES = Number(process.env['MON_LIFE_SERIES'] ?? 100);

test('two years', { timeout: 4 * 3_600_000 }, async (context) => {
  const life = new LongLife({
    ...{ series: SERIES, stepMs: 15_000, days: DAYS, retentionMs: 15 * DAY },
    keepMs: [30 * DAY, 90 * DAY, 365 * DAY, 730 * DAY],
    tiers: {
      ...{ warmAfterMs: 7 * DAY, coldAfterMs: 90 * DAY, archiveRaw: true },
      archiveKeepMs: 800 * DAY,
    },
  });
  try {
    await life.open();
    const begun = performance.now();
    for (let day = 1; day <= DAYS; day++) {
      await life.live(1);
      if (day % 30 > 0) continue;
      const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
      context.diagnostic(`day ${day}, ${minutes} minutes`);
    }
    const objects = new FolderObjects(systemDisk, join(life.folder, 'objects'));
    const [{ manifest }] = await inspectCold(objects, 1);
    const raw = manifest.objects.filter(({ kind }) => kind === 'raw');
    const rows = raw.reduce((sum, one) => sum + one.rows, 0);
    const bytes = raw.reduce((sum, one) => sum + one.data.bytes + one.index.bytes, 0);
    context.diagnostic(
      `${raw.length} objects, ${rows} samples, ${(bytes / rows).toFixed(3)} B each`,
    );
    for await (const { name, failures } of verifyCold(objects, 1)) {
      assert.deepEqual(failures, [], name);
    }
    const queries = lifeQueries(17, 200, life, START + 2 * DAY);
    const cells = await sameAnswers(life, queries);
    context.diagnostic(`200 queries, ${cells} cells`);
    assert.ok(cells > 2000);
  } finally {
    await life.close();
  }
});
