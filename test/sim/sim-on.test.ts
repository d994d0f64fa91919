// The second hundred seeds of the simulation, in a process of its own; see sim.test.ts. Other seeds
// are asked for there.
import { describe } from 'node:test';
import { holdsFor } from './seeds.ts';

describe('the simulation goes on', () => holdsFor(101, 100));
