// Choices from one seeded generator: the only source of chance in a simulation, so that a seed is
// a run. Easy to get wrong: one more throw anywhere makes every later one another.
import type { Random } from '../../src/engine/runtime/random.ts';

export class Dice {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** True so often. */
  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  /** A whole number between them, small ones as likely as large ones. */
  scale(low: number, high: number): number {
    return Math.round(low * Math.exp(this.random() * Math.log(high / low)));
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)];
  }

  /** A key by its weight; weights are not all 0. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const all = Object.entries<number>(weights) as [K, number][];
    let left = this.random() * all.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of all) {
      left -= weight;
      if (left < 0) return key;
    }
    return all[all.length - 1][0];
  }
}
