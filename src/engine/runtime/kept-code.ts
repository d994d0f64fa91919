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

/** Lets V8 compile well what is called some dozen times, until the answer is called. */
export function compileSoon(): () => void {
  if (Number.parseInt(versions.v8, 10) < KNOWN_FROM) return () => undefined;
  for (const [flag, soon] of THRESHOLDS) setFlagsFromString(`${flag}=${soon}`);
  return () => {
    for (const [flag, , usual] of THRESHOLDS) setFlagsFromString(`${flag}=${usual}`);
  };
}
