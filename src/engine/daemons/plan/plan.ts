// `mon plan`: inputs, figures and prices from their files or as they ship, and from them the plan,
// what breaks first at each scale, and the design documents' tables beside it. Easy to get wrong:
// a figure that nobody measured here is taken from those that ship, and that has to be said.
import { systemDisk } from '../../runtime/system-disk.ts';
import { figuresFile } from '../bench/bench.ts';
import { FIGURE_WORDS, readFigures } from '../bench/figures.ts';
import type { FigureName, Figures } from '../bench/figures.ts';
import { boundsOf, breaksAt, SCALES } from './breaks.ts';
import type { Bound, ScaleBreaks } from './breaks.ts';
import { compareCost, compareSizes, compareTiers } from './compare.ts';
import type { Comparison } from './compare.ts';
import { DEFAULT_FIGURES } from './default-figures.ts';
import { DEFAULT_INPUTS, parseInputs, planFile } from './inputs.ts';
import type { PlanInputs } from './inputs.ts';
import { makePlan } from './model.ts';
import type { Plan, PlanFigures } from './model.ts';
import { DEFAULT_PRICES, parsePrices } from './prices.ts';
import type { Prices } from './prices.ts';
import { SEED_ROWS } from './seed-tables.ts';
import type { SeedRow } from './seed-tables.ts';

export interface PlanAsked {
  /** Paths, absolute. */
  readonly inputsPath?: string;
  readonly figuresPath?: string;
  readonly pricesPath?: string;
  /** Where this user's own figures may lie. */
  readonly stateFolder: string;
}

/** The same stack at another load. */
export interface ScalePlan {
  readonly samplesPerSecond: number;
  readonly plan: Plan;
}

export interface PlanReport {
  readonly inputs: PlanInputs;
  readonly prices: Prices;
  readonly figures: PlanFigures;
  /** Where the figures are from. */
  readonly measured: Figures;
  /** Figures that are not of that file but of the one that ships. */
  readonly borrowed: readonly FigureName[];
  readonly plan: Plan;
  readonly scales: readonly ScalePlan[];
  readonly bounds: readonly Bound[];
  readonly breaks: readonly ScaleBreaks[];
  readonly cost: readonly Comparison[];
  readonly tiers: readonly Comparison[];
  readonly sizes: readonly Comparison[];
  readonly seeds: readonly SeedRow[];
}

/** @throws UserError for a file with a mistake. */
export async function planFor(asked: PlanAsked): Promise<PlanReport> {
  const { inputsPath, pricesPath } = asked;
  const inputs =
    inputsPath === undefined
      ? DEFAULT_INPUTS
      : parseInputs(await planFile(systemDisk, inputsPath), inputsPath);
  const prices =
    pricesPath === undefined
      ? DEFAULT_PRICES
      : parsePrices(await planFile(systemDisk, pricesPath), pricesPath);
  return reportOf(inputs, prices, await figuresFor(asked));
}

/** The named file, else this user's own, else those that ship. */
async function figuresFor({ figuresPath, stateFolder }: PlanAsked): Promise<Figures> {
  if (figuresPath !== undefined) return await readFigures(systemDisk, figuresPath);
  const own = figuresFile(stateFolder);
  if (await systemDisk.exists(own)) return await readFigures(systemDisk, own);
  return DEFAULT_FIGURES;
}

export function reportOf(inputs: PlanInputs, prices: Prices, measured: Figures): PlanReport {
  const needed = (Object.keys(FIGURE_WORDS) as FigureName[]).filter((name) => {
    return name !== 'queryP50' && name !== 'queryP99';
  });
  const borrowed = needed.filter((name) => measured.figures[name] === undefined);
  const figures = { ...DEFAULT_FIGURES.figures, ...measured.figures } as PlanFigures;
  const plan = makePlan(inputs, figures, prices);
  const bounds = boundsOf(inputs, figures, prices);
  return {
    ...{ inputs, prices, figures, measured, borrowed, plan, bounds },
    scales: SCALES.map((samplesPerSecond) => ({
      samplesPerSecond,
      plan: makePlan(scaled(inputs, samplesPerSecond), figures, prices),
    })),
    breaks: breaksAt(bounds),
    cost: compareCost(figures, prices),
    tiers: compareTiers(figures, prices),
    sizes: compareSizes(figures, prices),
    seeds: SEED_ROWS,
  };
}

/** The same inputs with as many targets as make this load; questions grow with it. */
function scaled(inputs: PlanInputs, samplesPerSecond: number): PlanInputs {
  const targets = (samplesPerSecond * (inputs.intervalMs / 1000)) / inputs.seriesPerTarget;
  const times = targets / inputs.targets;
  return {
    ...{ ...inputs, targets, growth: 0, months: 0 },
    queriesPerSecond: inputs.queriesPerSecond * times,
    rules: inputs.rules * times,
  };
}
