// What a store says of each histogram of a series when it is read: that nothing was reset since
// the sample before, that it is a gauge, or nothing. As Prometheus' chunks say it, since warnings
// depend on it. Easy to get wrong: a store never says "reset", since it cannot know that the
// sample before is still its neighbour when both are read; the functions find resets by
// themselves.
import { CUSTOM_SCHEMA, HINT } from '../model/histogram.ts';
import { sameNumbers } from './histogram-lists.ts';
import { wasReset } from './histogram-reset.ts';
import type { FloatHistogram, ResetHint } from '../model/histogram.ts';

/** Gives hints to the samples of one series in time order. */
export class HintStamper {
  #last: FloatHistogram | undefined;

  /** Floats and stale markers: the next histogram follows nothing. */
  interrupt(): void {
    this.#last = undefined;
  }

  /** The histogram with the hint that a store would answer. */
  stamp(histogram: FloatHistogram): FloatHistogram {
    const hint = this.#hint(histogram);
    this.#last = histogram;
    return hint === histogram.hint ? histogram : { ...histogram, hint };
  }

  #hint(now: FloatHistogram): ResetHint {
    const last = this.#last;
    if (now.hint === HINT.gauge) return HINT.gauge;
    if (last === undefined || last.hint === HINT.gauge || now.hint === HINT.reset) {
      return HINT.unknown;
    }
    if (now.schema !== last.schema || now.zeroThreshold !== last.zeroThreshold) {
      return HINT.unknown;
    }
    const custom = now.schema === CUSTOM_SCHEMA;
    if (custom && !sameNumbers(now.custom, last.custom)) return HINT.unknown;
    return wasReset({ ...now, hint: HINT.unknown }, last) ? HINT.unknown : HINT.notReset;
  }
}
