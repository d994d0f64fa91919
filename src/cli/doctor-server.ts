// What the doctor asks a running server: is it ready, do its clocks agree with ours, which rules
// fail, which targets are down, is a block damaged, are series refused. Easy to get wrong: a server
// that is no mon lacks half of this, which is no finding.
import { messageOf } from '../engine/errors.ts';
import { HttpConnection } from '../engine/remote/http-request.ts';
import type { HttpTarget } from '../engine/remote/http-request.ts';
import type { DoctorFinding } from './doctor-finding.ts';
import { well } from './doctor-finding.ts';
import type { Stage } from './stage.ts';

const ANSWER_MS = 4000;
/** Samples dated by a clock this far off stand beside those of others. */
const SKEW_MS_WARNING = 2000;
/** Past this what is pushed with times of here is refused as from the future. */
const SKEW_MS_ERROR = 60_000;
const NAMES_MAX = 5;

type Fields = Readonly<Record<string, unknown>>;

class Asking {
  readonly url: string;
  readonly #connection: HttpConnection;
  readonly #stage: Stage;

  constructor(target: HttpTarget, stage: Stage) {
    this.url = target.url;
    this.#connection = new HttpConnection(target, stage.clock);
    this.#stage = stage;
  }

  /** The `data` of an answer; undefined where the server has no such path. */
  async data(path: string): Promise<Fields | undefined> {
    const { status, text } = await this.get(path);
    if (status !== 200) return undefined;
    try {
      const { data } = JSON.parse(text) as { data?: unknown };
      return typeof data === 'object' && data !== null ? (data as Fields) : undefined;
    } catch {
      return undefined;
    }
  }

  get(path: string) {
    const { signal } = this.#stage;
    return this.#connection.ask({ method: 'GET', path, timeoutMs: ANSWER_MS, signal });
  }

  close(): void {
    this.#connection.close();
  }
}

/** Everything that a server tells. Never rejects for one that does not answer. */
export async function serverFindings(
  target: HttpTarget,
  stage: Stage,
): Promise<readonly DoctorFinding[]> {
  const asking = new Asking(target, stage);
  try {
    const found = [await readyFinding(asking)];
    const looks = [clockFindings, roleFindings, ruleFindings, targetFindings, seriesFindings];
    for (const look of looks) found.push(...(await look(asking, stage)));
    return found;
  } catch (thrown) {
    return [
      {
        ...{ severity: 'error', check: 'server', problem: messageOf(thrown) },
        meaning: 'nothing can be written or asked there',
        command: `mon status --url ${target.url}; mon up starts one here`,
      },
    ];
  } finally {
    asking.close();
  }
}

async function readyFinding(asking: Asking): Promise<DoctorFinding> {
  const { status, text } = await asking.get('/-/ready');
  if (status === 200) return well('server', `${asking.url} is ready`);
  const why = text.split('\n', 1)[0].slice(0, 200);
  return {
    ...{ severity: 'error', check: 'server', problem: `${asking.url} is not ready: ${why}` },
    meaning: 'balancers send it nothing, and answers may lack something',
    command: `mon status --url ${asking.url}`,
  };
}

async function clockFindings(asking: Asking, { clock }: Stage): Promise<DoctorFinding[]> {
  const [begun, from] = [clock.monotonic(), clock.now()];
  const data = await asking.data('/api/v1/status/runtimeinfo');
  const theirs = Date.parse(String(data?.['serverTime'] ?? ''));
  if (Number.isNaN(theirs)) return [];
  const skewMs = theirs - (from + (clock.monotonic() - begun) / 2);
  const off = Math.abs(skewMs);
  const side = skewMs > 0 ? 'ahead of' : 'behind';
  const words = `its clock is ${(off / 1000).toFixed(1)} s ${side} ours`;
  if (off < SKEW_MS_WARNING) return [well('clock', words)];
  const severity = off > SKEW_MS_ERROR ? 'error' : 'warning';
  const meaning = 'samples are dated wrongly: charts shift, rules look at the wrong moment';
  const command = 'timedatectl set-ntp true, here and there';
  return [{ severity, check: 'clock', problem: words, meaning, command }];
}

async function roleFindings(asking: Asking): Promise<DoctorFinding[]> {
  const roles = listOf((await asking.data('/api/v1/status'))?.['roles']);
  const bad = roles.filter((one) => one['state'] !== 'ready');
  return bad.map((one) => ({
    severity: one['state'] === 'away' ? 'error' : 'warning',
    ...{ check: 'roles', problem: `${textOf(one['member'])} is ${textOf(one['state'])}` },
    meaning: textOf(one['why']),
    command: `mon logs --role ${textOf(one['member'])}, on its machine`,
  }));
}

async function ruleFindings(asking: Asking): Promise<DoctorFinding[]> {
  const groups = listOf((await asking.data('/api/v1/rules'))?.['groups']);
  const rules = groups.flatMap((group) => listOf(group['rules']));
  const bad = rules.filter((rule) => rule['health'] === 'err');
  if (bad.length === 0) return rules.length === 0 ? [] : [well('rules', `${rules.length} rules`)];
  return bad.slice(0, NAMES_MAX).map((rule) => ({
    ...{ severity: 'error', check: 'rules' },
    problem: `rule ${textOf(rule['name'])} fails: ${textOf(rule['lastError'])}`,
    meaning: 'it alerts nobody and records nothing',
    command: `mon query '${textOf(rule['query']).replaceAll("'", `'\\''`)}' --url ${asking.url}`,
  }));
}

async function targetFindings(asking: Asking): Promise<DoctorFinding[]> {
  const targets = listOf((await asking.data('/api/v1/targets?state=active'))?.['activeTargets']);
  const down = targets.filter((one) => one['health'] === 'down');
  if (down.length === 0) {
    return targets.length === 0 ? [] : [well('targets', `${targets.length} targets`)];
  }
  const [first] = down;
  const problem = `${down.length} of ${targets.length} targets are down`;
  const meaning = `${textOf(first['scrapeUrl'])}: ${textOf(first['lastError'])}`;
  const command = `mon targets --url ${asking.url}`;
  return [{ severity: 'warning', check: 'targets', problem, meaning, command }];
}

/** Blocks that the server set aside, and series that it refuses. */
async function seriesFindings(asking: Asking): Promise<DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  const blocks = listOf((await asking.data('/api/v1/status/tsdb/blocks'))?.['blocks']);
  const damaged = blocks.filter((one) => one['damaged'] === true).length;
  if (damaged > 0) {
    found.push({
      ...{ severity: 'error', check: 'blocks' },
      problem: `${damaged} of ${blocks.length} blocks are damaged and set aside`,
      meaning: 'queries of that time lack samples, and say so',
      command: 'mon store verify, on that machine; a copy in the object store is used instead',
    });
  }
  const report = await asking.data('/api/v1/status/cardinality');
  const over = Object.values((report?.['over'] ?? {}) as Fields).map(Number);
  const count = over.reduce((sum, one) => sum + (one || 0), 0);
  if (count > 0) {
    found.push({
      ...{ severity: 'warning', check: 'series' },
      problem: `${count} new series were over a limit`,
      meaning: report?.['mode'] === 'reject' ? 'they are refused' : 'they are taken, and counted',
      command: `mon explore --url ${asking.url}`,
    });
  }
  return found;
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.split('\n', 1)[0].slice(0, 300) : '';
}
