// Two pools: a flood of single questions does not hold up a dashboard, and what was taken at one
// gate is given back when the next refuses.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Admission } from '../../../src/engine/query/admission.ts';
import { settle } from '../../support/virtual-clock.ts';

const never = new AbortController().signal;

test('each pool has its own places', async () => {
  const admission = new Admission({ adhocRunning: 2, dashboardRunning: 2 });
  const first = await admission.enter('adhoc', 'a', never);
  await admission.enter('adhoc', 'b', never);
  let third = false;
  const waiting = admission.enter('adhoc', 'c', never).then((release) => {
    third = true;
    return release;
  });
  (await admission.enter('dashboard', 'a', never))();
  await settle();
  assert.equal(third, false);
  first();
  (await waiting)();
});

test('a user that waits in one pool may still ask in the other', async () => {
  const admission = new Admission({ concurrentPerUser: 1, waitingPerUser: 1 });
  const first = await admission.enter('adhoc', 'a', never);
  const gone = new AbortController();
  const second = admission.enter('adhoc', 'a', gone.signal);
  await assert.rejects(admission.enter('adhoc', 'a', never), /too many queries/);
  (await admission.enter('dashboard', 'a', never))();
  gone.abort(new Error('left'));
  await assert.rejects(second, /left/);
  first();
  (await admission.enter('adhoc', 'a', never))();
});

test('an abort while waiting for a place gives the share of the user back', async () => {
  const admission = new Admission({ concurrentPerUser: 1, adhocRunning: 1 });
  const first = await admission.enter('adhoc', 'a', never);
  const gone = new AbortController();
  const second = admission.enter('adhoc', 'b', gone.signal);
  await settle();
  gone.abort(new Error('left'));
  await assert.rejects(second, /left/);
  first();
  (await admission.enter('adhoc', 'b', never))();
});
