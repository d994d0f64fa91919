// A fleet that does not exist: three services of four instances in two regions, with traffic,
// latencies, errors, and an incident every few minutes. Its targets are scraped within the process,
// so that the way of a sample is the real one. Easy to get wrong: it lives by the clock, not by
// scrapes; whoever asks late gets the seconds in between, at most CATCH_UP_S of them.
import { MonError } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { seededRandom } from '../runtime/random.ts';
import { ExpositionWriter } from '../wire/exposition-writer.ts';
import { incidentNear, isAway, severity } from './demo-incidents.ts';
import type { DemoService } from './demo-instance.ts';
import { DemoInstance } from './demo-instance.ts';
import type { InternalTarget } from './scrape-manager.ts';

const MIB = 1024 * 1024;

export const DEMO_SERVICES: readonly DemoService[] = [
  { name: 'catalog', rate: 60, latency: 0.02, memoryBytes: 180 * MIB },
  { name: 'checkout', rate: 25, latency: 0.06, memoryBytes: 240 * MIB },
  { name: 'payment', rate: 12, latency: 0.12, memoryBytes: 150 * MIB },
];
const DEMO_REGIONS = ['eu-1', 'us-1'];
const PER_REGION = 2;
/** After a longer sleep (of a laptop) the fleet does not live all of it again. */
const CATCH_UP_S = 120;

export interface DemoOptions {
  readonly clock: Clock;
  readonly seed: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

interface Member {
  readonly service: number;
  /** Number within its service. */
  readonly index: number;
  readonly region: string;
  readonly process: DemoInstance;
  lastS: number;
  away: boolean;
}

export class DemoFleet {
  readonly #options: DemoOptions;
  readonly #members: Member[] = [];

  constructor(options: DemoOptions) {
    this.#options = options;
    const startS = Math.floor(options.clock.now() / 1000);
    DEMO_SERVICES.forEach((service, s) => {
      for (let index = 0; index < DEMO_REGIONS.length * PER_REGION; index++) {
        const region = DEMO_REGIONS[Math.floor(index / PER_REGION)];
        const random = seededRandom(options.seed * 1000 + s * 100 + index);
        const process = new DemoInstance(service, random, startS);
        this.#members.push({ service: s, index, region, process, lastS: startS, away: false });
      }
    });
  }

  /** What the manager scrapes: the instances, and one target that says where an incident is. */
  targets(): InternalTarget[] {
    const { intervalMs, timeoutMs } = this.#options;
    const timing = { job: 'demo', intervalMs, timeoutMs };
    const members = this.#members.map((member): InternalTarget => {
      const service = DEMO_SERVICES[member.service].name;
      const instance = `${service}-${member.region}-${(member.index % PER_REGION) + 1}`;
      const labels = { service, region: member.region };
      return { ...timing, instance, labels, render: () => this.#render(member) };
    });
    return [...members, { ...timing, instance: 'demo', render: () => this.#renderIncidents() }];
  }

  #render(member: Member): Uint8Array {
    const nowMs = this.#options.clock.now();
    const nowS = Math.floor(nowMs / 1000);
    for (let s = Math.max(member.lastS, nowS - CATCH_UP_S) + 1; s <= nowS; s++) {
      const incident = this.#incident(s * 1000);
      const away = isAway(incident, member.service, member.index, s * 1000);
      if (member.away && !away) member.process.restart(s);
      member.away = away;
      if (!away) member.process.live(s, severity(incident, member.service, s * 1000));
    }
    member.lastS = Math.max(member.lastS, nowS);
    if (member.away) throw new MonError('MON_SCRAPE_FAILED', 'connection refused (demo incident)');
    const out = new ExpositionWriter();
    member.process.write(out);
    return out.take();
  }

  #renderIncidents(): Uint8Array {
    const nowMs = this.#options.clock.now();
    const incident = this.#incident(nowMs);
    const out = new ExpositionWriter();
    out.family('demo_incident', 'gauge', '1 while the demo makes a service suffer.');
    DEMO_SERVICES.forEach(({ name }, s) => {
      const on = severity(incident, s, nowMs) > 0 ? 1 : 0;
      out.sample('demo_incident', { service: name }, on);
    });
    return out.take();
  }

  #incident(timeMs: number) {
    return incidentNear(this.#options.seed, timeMs, DEMO_SERVICES.length);
  }
}
