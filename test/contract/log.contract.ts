// What every Log promises (engine/ports.ts), as tests that any implementation can be put through:
// the embedded log on a real and on a simulated disk now, Kafka later. Each promise gets a fresh
// log.
import { describe, it } from 'node:test';
import { APPENDING } from './log-appending.ts';
import { KEEPING, REOPENING } from './log-keeping.ts';
import type { LogUnderTest } from './log-promise.ts';
import { READING, STARTING } from './log-reading.ts';

/** Runs the whole list of promises. */
export function logContract(name: string, make: () => Promise<LogUnderTest>): void {
  describe(`Log contract: ${name}`, () => {
    for (const promise of [...APPENDING, ...READING, ...STARTING, ...KEEPING, ...REOPENING]) {
      it(promise.words, async (t) => {
        const one = await make();
        try {
          const { needs } = promise;
          const lacking = needs !== undefined && one[needs] === undefined;
          if (lacking) t.skip(`this log cannot be made to ${needs}`);
          else await promise.run(one as Required<LogUnderTest>);
        } finally {
          await one.dispose();
        }
      });
    }
  });
}
