// A part of the end-to-end suite on a cluster: what needs few seconds there. The long suite runs
// the rest.
import { test } from 'node:test';
import { onCluster } from './cluster-suite.ts';

for (const name of ['bad-writes', 'native-histograms']) {
  test(`on a cluster: ${name}`, () => onCluster(name));
}
