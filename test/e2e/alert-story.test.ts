// The story of an alert in the forms that need no other server: one process, and a cluster of them
// in which each kind of process is killed once.
import { test } from 'node:test';
import { alertStory } from './alert-story.ts';

test('one process: one story, four receivers, two kills', (t) =>
  alertStory(t, { form: 'one process' }));

test('a cluster: the same story; alert, notify, log and a store are killed', (t) =>
  alertStory(t, { form: 'a cluster' }));
