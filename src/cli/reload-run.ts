// What `mon reload` does: asks the server, and lists the jobs that changed. Easy to get wrong: a
// Prometheus answers with nothing at all, which is success as well.
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import type { Listing } from './listing.ts';
import type { Stage } from './stage.ts';

/** Prints what changed on stdout, and on stderr what has to wait. @throws MonError. */
export async function runReload(
  client: PrometheusClient,
  stage: Stage,
  print: (listing: Listing) => Promise<void>,
): Promise<void> {
  const report = await client.reload(stage.signal);
  if (report === undefined) {
    await stage.note('reloaded; this server does not say what changed');
    return;
  }
  const { added, removed, changed, kept, applied = [], restart, warnings } = report;
  for (const warning of warnings) await stage.note(`warning: ${warning}`);
  const rows = [
    ...added.map((job) => [job, 'added']),
    ...removed.map((job) => [job, 'removed']),
    ...changed.map((job) => [job, 'changed']),
  ];
  const columns = [{ name: 'job' }, { name: 'change' }];
  await print({ kind: 'Reload', columns, rows, valueColumn: 0 });
  const jobs = kept === 1 ? '1 job goes on as it was' : `${kept} jobs go on as they were`;
  const also = applied.length === 0 ? '' : `; ${applied.join(', ')} as the file says now`;
  await stage.note(`reloaded: ${jobs}${also}`);
  for (const name of restart) await stage.note(`warning: ${name} counts only after a restart`);
}
