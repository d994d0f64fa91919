// What of the end-to-end suite makes sense on a cluster and is not in the short run. What looks
// into one process's files or fills its disk is not here.
import { test } from 'node:test';
import { onCluster } from './cluster-suite.ts';

const NAMES = ['scrape', 'shell', 'explain', 'grafana-client', 'promtool', 'sql', 'sql-agrees'];

for (const name of [...NAMES, 'transfer']) {
  test(`on a cluster: ${name}`, () => onCluster(name));
}
