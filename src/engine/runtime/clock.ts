// Time as an argument. Only this file touches the process's clocks and timers; a simulation hands
// in its own. Wall time dates samples, monotonic time measures durations: never mix the two.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock, whole ms since 1970. */
  now(): number;
  /** Monotonic ms with fractions; only differences mean something. */
  monotonic(): number;
  /** Calls back once after `ms`; never keeps the process alive by itself when `background`. */
  after(ms: number, call: () => void, background?: boolean): Timer;
  /**
   * Resolves after `ms`, or at once when the signal fires (it does not reject). Of 0 ms: after
   * whatever waits for this thread has had its turn.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call, background = false) {
    const handle = setTimeout(call, ms);
    if (background) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  sleep(ms, signal) {
    // A timer of nothing takes a millisecond; a turn of the loop takes what others need.
    if (ms === 0 && signal === undefined) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        clearTimeout(handle);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const handle = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    });
  },
};
