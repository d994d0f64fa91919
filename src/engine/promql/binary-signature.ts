// How the sides of a binary operator find each other: series of equal signature belong together. A
// signature is made once a series, and numbered, so that steps only compare small integers.
import { dropLabels, keepLabels, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Matching } from './ast.ts';
import type { Vector } from './vector.ts';

/** The labels of a series by which it is matched. */
export function matchLabels(labels: Labels, matching: Matching): Labels {
  const names = new Set(matching.labels);
  if (matching.on) return keepLabels(labels, names);
  return dropLabels(labels, names.add('__name__'));
}

export interface Group {
  readonly left: number[];
  readonly right: number[];
}

/** The rows of both sides by signature, in the order in which signatures are met. */
export function groupsOf(left: Vector, right: Vector, matching: Matching): Group[] {
  const groups = new Map<string, Group>();
  const names = new Set(matching.labels);
  if (!matching.on) names.add('__name__');
  const take = matching.on ? keepLabels : dropLabels;
  const add = (vector: Vector, side: 'left' | 'right'): void => {
    vector.labels.forEach((labels, row) => {
      const key = labelsKey(take(labels, names));
      let group = groups.get(key);
      if (group === undefined) groups.set(key, (group = { left: [], right: [] }));
      group[side].push(row);
    });
  };
  add(left, 'left');
  add(right, 'right');
  return [...groups.values()];
}

/** 1 at each step at which any of the rows has a value. */
export function anyPresent(vector: Vector, rows: readonly number[]): Uint8Array {
  const { steps, present } = vector;
  const out = new Uint8Array(steps);
  for (const row of rows) {
    for (let i = 0; i < steps; i++) if (present[row * steps + i] !== 0) out[i] = 1;
  }
  return out;
}
