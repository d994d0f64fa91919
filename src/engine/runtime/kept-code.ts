// Code that V8 has made of our functions, kept for as long as the process lives. Usually what was
// not called between a few collections of garbage is thrown away and made anew when it is needed:
// beside ingest that is a matter of seconds, and then the next query pays for it.
import { setFlagsFromString } from 'node:v8';

/** From now on nothing that was compiled is thrown away; a few MB at most. */
export function keepCompiledCode(): void {
  setFlagsFromString('--no-flush-bytecode');
}
