// What of the end-to-end suite makes sense on a cluster and is not in the short run. What looks
// into one process's files or fills its disk is not here.
import { test } from 'node:test';
import { onCluster } from './cluster-suite.ts';

for (const name of ['scrape', 'shell', 'explain', 'grafana-client', 'promtool']) {
  test(`on a cluster: ${name}`, () => onCluster(name));
}
