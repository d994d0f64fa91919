// Matching that joins many series by their labels, in one go or with turns for others in between.
// Under the readers of several files, which write it once as a generator. Easy to get wrong: while
// others have their turn series may go and files be closed, and every `await` is such a turn, that
// of an answer too: whoever goes on looks first, with nothing to wait for in between.

/** Yields wherever others may have their turn; answers ids. */
export type Matching = Generator<undefined, Uint32Array, void>;

/** Series that are joined before others may have their turn: less than half a millisecond. */
export const JOINED_AT_ONCE = 256;

/** The ids, without a turn for anybody. */
export function matchedAtOnce(work: Matching): Uint32Array {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

export interface Pause {
  /** Lets others have their turn when it is theirs. */
  rest(): Promise<void>;
  /** False when series may have gone since the work began. */
  steady(): boolean;
}

/** The ids; undefined when they would be of no use. The caller looks again: it has waited. */
export async function matchedInTurns(
  work: Matching,
  pause: Pause,
): Promise<Uint32Array | undefined> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await pause.rest();
    if (!pause.steady()) return undefined;
  }
}
