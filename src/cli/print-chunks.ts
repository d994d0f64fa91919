// The way to stdout: text is gathered into pieces and the next is made when the last was taken, so
// that a slow reader costs no memory. Easy to get wrong: who interrupts must not wait for a reader.

/** Data is handed over in pieces of about this many characters. */
const PRINT_UNITS = 65_536;

/** Prints pieces of text one after the other, until the signal fires. */
export async function printChunks(
  out: NodeJS.WritableStream,
  chunks: Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  let waiting = '';
  for (const chunk of chunks) {
    waiting += chunk;
    if (waiting.length < PRINT_UNITS) continue;
    if (signal.aborted) return;
    await written(out, waiting, signal);
    waiting = '';
  }
  if (waiting !== '' && !signal.aborted) await written(out, waiting, signal);
}

/** Resolves when the stream has taken it, or when nobody waits for it any more. */
export function written(
  out: NodeJS.WritableStream,
  text: string | Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done, { once: true });
    out.write(text, done);
  });
}
