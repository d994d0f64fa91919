// Matching that joins many series by their labels, in one go or with turns for others in between.
// Under the readers of several files, which write it once as a generator. Easy to get wrong: while
// others have their turn series may go, so that whoever pauses has to look whether they did.

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

/** Lets others have their turn; false when series may have gone meanwhile. */
export type Pause = () => Promise<boolean>;

/** The ids; undefined when a pause says that they would be of no use. */
export async function matchedInTurns(
  work: Matching,
  pause: Pause,
): Promise<Uint32Array | undefined> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    if (!(await pause())) return undefined;
  }
}
