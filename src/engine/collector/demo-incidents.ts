// When the demo fleet suffers: a plan that depends on the seed and the time alone, so that a
// restart or a replay finds the same incidents. Part of the demo fleet. Easy to get wrong: the plan
// must not be advanced by asking, or two askers would see two plans.
import { seededRandom } from '../runtime/random.ts';

/** One incident begins within each period of five minutes. */
const PERIOD_MS = 5 * 60_000;
const EARLIEST_MS = 60_000;
const SPREAD_MS = 120_000;

export interface Incident {
  /** Index of the service that suffers. */
  readonly service: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Index of an instance that is gone for part of it, or -1. */
  readonly victim: number;
}

/** The incident of the period that holds `timeMs`. */
export function incidentNear(seed: number, timeMs: number, services: number): Incident {
  const period = Math.floor(timeMs / PERIOD_MS);
  const random = seededRandom((seed ^ Math.imul(period, 0x9e3779b1)) >>> 0);
  const service = Math.floor(random() * services);
  const startMs = period * PERIOD_MS + EARLIEST_MS + Math.floor(random() * SPREAD_MS);
  const endMs = startMs + 50_000 + Math.floor(random() * 20_000);
  const victim = random() < 0.4 ? Math.floor(random() * 4) : -1;
  return { service, startMs, endMs, victim };
}

/**
 * How hard a service is hit at a time: 0 not at all, 1 fully; it comes and goes within ten seconds.
 */
export function severity(incident: Incident, service: number, timeMs: number): number {
  if (service !== incident.service) return 0;
  const into = timeMs - incident.startMs;
  const left = incident.endMs - timeMs;
  return Math.max(0, Math.min(1, into / 10_000, left / 10_000));
}

/** True while the victim answers nobody: from 20 s to 35 s into the incident. */
export function isAway(incident: Incident, service: number, instance: number, timeMs: number) {
  const into = timeMs - incident.startMs;
  const hit = service === incident.service && instance === incident.victim;
  return hit && into >= 20_000 && into < 35_000;
}
