// The entry of the thread for costly queries: steps behind the others, then fetches what it works
// with. Easy to get wrong: imports come before everything else, and compiling them takes 0.1 s of a
// core, so only what is needed to step behind is imported at once.
import { parentPort } from 'node:worker_threads';
import { assert } from '../errors.ts';
import { stepBehind } from '../runtime/thread-priority.ts';

/** Behind the threads that serve dashboards and take samples, but not without a share. */
const NICE = 15;

assert(parentPort, 'costly queries run in a worker thread');
stepBehind(NICE);
const { serveCostlyQueries } = await import('./root-queries.ts');
serveCostlyQueries(parentPort);
