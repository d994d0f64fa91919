// Code that V8 has made of our functions, kept for as long as the process lives. Usually what was
// not called between a few collections of garbage is thrown away and made anew when it is needed:
// beside ingest that is a matter of seconds, and then the next query pays for it. Easy to get
// wrong: the flags hold for all threads, and one that this V8 does not know is complained about.
import { versions } from 'node:process';
import { setFlagsFromString } from 'node:v8';

/** From now on nothing that was compiled is thrown away; a few MB at most. */
export function keepCompiledCode(): void {
  setFlagsFromString('--no-flush-bytecode');
}

/** The V8 of Node 24, whose figures stand below. */
const KNOWN_FROM = 13;
/** How often a function is called before it is worth the better compilers: a rehearsal's, V8's. */
const THRESHOLDS = [
  ['--invocation-count-for-maglev', 60, 400],
  ['--invocation-count-for-turbofan', 300, 3000],
  ['--minimum-invocations-after-ic-update', 60, 500],
] as const;

/** In bytes: functions that are longer do not go to the best compiler. V8's own. */
const OPTIMIZED_BYTES_MAX = '--max-optimized-bytecode-size';
const OPTIMIZED_BYTES = 61_440;

export interface CompilingSoon {
  /**
   * As usual, but that nothing more goes to the best compiler. V8 counts calls down from the
   * threshold of the time: of what is not there yet, much is near zero and would go in a burst.
   */
  settle(): void;
  /** As usual. */
  end(): void;
}

const NOTHING: CompilingSoon = { settle: () => undefined, end: () => undefined };

/** Lets V8 compile well what is called some dozen times, until the answer is told to end. */
export function compileSoon(): CompilingSoon {
  if (Number.parseInt(versions.v8, 10) < KNOWN_FROM) return NOTHING;
  for (const [flag, soon] of THRESHOLDS) setFlagsFromString(`${flag}=${soon}`);
  const asUsual = (bytesMax: number): void => {
    for (const [flag, , usual] of THRESHOLDS) setFlagsFromString(`${flag}=${usual}`);
    setFlagsFromString(`${OPTIMIZED_BYTES_MAX}=${bytesMax}`);
  };
  return { settle: () => asUsual(0), end: () => asUsual(OPTIMIZED_BYTES) };
}
