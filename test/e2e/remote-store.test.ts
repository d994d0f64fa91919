// Debian's VictoriaMetrics behind a real `mon up`: what mon has acknowledged is there, queries,
// rules and screens read history from it with Prometheus' meaning, and nothing is lost while it is
// killed, mon is killed, or both. Easy to get wrong: the other side shows samples a second late,
// so history is what lies before this mon's first start.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { MonProcess } from '../support/mon-process.ts';
import { skipWithout } from '../support/program.ts';
import { RealVictoria } from '../support/real-victoria.ts';
import { nodeBin, openTerm } from '../support/terminal.ts';
import { until } from '../support/until.ts';
import { endsBySelf, MonFolder, numberOf, writeSamples } from './mon-folder.ts';

const skip = skipWithout('victoria-metrics');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const JOBS = ['a', 'b', 'c'];
const RULES = `groups:
- name: long
  interval: 1s
  rules:
  - {record: 'load:mean:5h', expr: 'sum(avg_over_time(load[5h]))'}
  - {record: 'beat:now', expr: 'sum(count_over_time(beat[4s]))'}
`;

interface Samples {
  readonly values: readonly (readonly [number, string])[];
}

describe('a store behind mon', { skip }, () => {
  let folder: MonFolder;
  let behind: RealVictoria;
  let mon: MonProcess;
  /** The first and last minute of history, on whole minutes. */
  const last = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
  const first = last - 6 * HOUR;

  const start = async (): Promise<void> => {
    const config = `
mon:
  host_agent: false
  self_scrape: false
  default_rules: false
  store:
    kind: remote
    write: ${behind.url}/api/v1/write
    query: ${behind.url}
    hot: 2h
    headers: {X-Scope-OrgID: tests}
    basic_auth: {username: mon, password: hush}
rule_files: ['${join(folder.path, 'long.rules')}']
`;
    mon = await folder.start(config);
  };
  /** Samples that VictoriaMetrics itself counts. */
  const held = async (selector: string): Promise<number> => {
    // Each time once: what was sent before a kill is sent again.
    const form = new URLSearchParams({
      query: `${selector}[8h]`,
      time: String(Date.now() / 1000 + 1),
    });
    const authorization = `Basic ${Buffer.from('mon:hush').toString('base64')}`;
    const reply = await fetch(`${behind.url}/api/v1/query?${form}`, { headers: { authorization } });
    const { data } = (await reply.json()) as { data: { result: Samples[] } };
    return data.result.reduce((sum, { values }) => sum + new Set(values.map(([t]) => t)).size, 0);
  };

  before(async () => {
    folder = await MonFolder.make();
    const auth = ['-httpAuth.username=mon', '-httpAuth.password=hush'];
    behind = await RealVictoria.start(folder.path, auth);
    await folder.file('long.rules', RULES);
    await start();
    const series = JOBS.map((job, j) => ({
      labels: { __name__: 'load', job },
      samples: minutes(first, last).map((timestamp, i) => ({ timestamp, value: j * 100 + i })),
    }));
    assert.equal((await writeSamples(mon.url, series)).status, 204);
  });
  after(async () => {
    await folder?.remove();
    await behind?.end('SIGKILL');
  });

  it('is given every sample that was acknowledged', async () => {
    const all = JOBS.length * minutes(first, last).length;
    await until('all are there', async () => (await held('load')) === all);
  });

  it('answers for history, as Prometheus would', async () => {
    // An hour of a counter that rises by one a minute, of a window that is not on its grid.
    const at = first + 3 * HOUR + 30_000;
    assert.equal(await numberOf(mon.url, 'sum(increase(load[1h]))', at), 3 * 60);
    assert.equal(await numberOf(mon.url, 'count(load)', at), 3);
    const { code, stdout } = await endsBySelf([
      ...['query', 'sum by (job) (load)', '--url', mon.url, '-o', 'csv'],
      ...['--from', new Date(first).toISOString(), '--to', new Date(first + HOUR).toISOString()],
      ...['--step', '30m'],
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /100/);
    assert.equal(stdout.trim().split('\n').length >= 4, true, stdout);
  });

  it('joins history and the last hours in one answer', async () => {
    const now = Math.floor(Date.now() / 1000) * 1000;
    const samples = [{ timestamp: now, value: 7 }];
    await writeSamples(mon.url, [{ labels: { __name__: 'load', job: 'new' }, samples }]);
    const asked = new URLSearchParams({
      query: 'sum(load)',
      start: String((last - HOUR) / 1000),
      end: String(now / 1000 + 60),
      step: '60',
    });
    const reply = await fetch(`${mon.url}/api/v1/query_range?${asked}`);
    const { data } = (await reply.json()) as {
      data: { result: { values: [number, string][] }[] };
    };
    const [{ values }] = data.result;
    const whole = minutes(last - HOUR, last).length;
    const old = values.filter(([seconds]) => seconds * 1000 <= last);
    assert.equal(old.length, whole, 'every minute of history is there');
    const minute = minutes(first, last).length - 1;
    assert.equal(Number(old[whole - 1][1]), 3 * minute + 300);
    assert.equal(Number(values[values.length - 1][1]), 7);
    const sets = await fetch(`${mon.url}/api/v1/series?match[]=load&start=${first / 1000}`);
    assert.equal(((await sets.json()) as { data: unknown[] }).data.length, 4);
  });

  it('warms the windows of rules', async () => {
    const mean = async (): Promise<number> => numberOf(mon.url, 'load:mean:5h');
    const count = minutes(first, last).length;
    // The last five hours of each series but for the minutes without samples.
    const seen = minutes(Math.ceil((Date.now() - 5 * HOUR) / MINUTE) * MINUTE, last).length;
    const middle = count - (seen + 1) / 2;
    const wanted = 3 * middle + 300 + 7;
    await until('the mean is right', async () => Math.abs((await mean()) - wanted) < 3);
  });

  it('is seen on screens', async () => {
    const term = openTerm({
      cmd: [nodeBin, 'bin/run.js', 'top', '--url', mon.url],
      ...{ cols: 120, rows: 40 },
    });
    try {
      await term.waitFor('● live');
    } finally {
      term.press('q');
    }
    assert.equal(await term.exit, 0);
  });

  it('may be away: recent time is answered, history says what is missing', async () => {
    await behind.end('SIGKILL');
    const samples = [{ timestamp: Date.now(), value: 1 }];
    const labels = { __name__: 'meanwhile', job: 'a' };
    assert.equal((await writeSamples(mon.url, [{ labels, samples }])).status, 204);
    assert.equal(await numberOf(mon.url, 'meanwhile'), 1);
    const at = (first + HOUR) / 1000;
    const reply = await fetch(`${mon.url}/api/v1/query?query=sum(load)&time=${at}`);
    const { warnings = [] } = (await reply.json()) as { warnings?: string[] };
    assert.match(warnings.join(), /older samples are missing: .*does not answer/);
    await until('the rules over recent time go on', async () => {
      const beat = [{ timestamp: Date.now(), value: 1 }];
      await writeSamples(mon.url, [{ labels: { __name__: 'beat' }, samples: beat }]);
      return (await numberOf(mon.url, 'beat:now')) > 1;
    });
  });

  it('gets what was acknowledged meanwhile, also of a mon that was killed', async () => {
    const count = async (): Promise<number> => held('{__name__=~"meanwhile.*"}');
    let written = 1;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) {
        const samples = [{ timestamp: Date.now(), value: i }];
        const labels = { __name__: `meanwhile_${round}`, job: 'a' };
        assert.equal((await writeSamples(mon.url, [{ labels, samples }])).status, 204);
        written++;
        await pause(20);
      }
      await mon.end('SIGKILL');
      await start();
    }
    await behind.start();
    await until('all are there', async () => (await count()) === written);
    await until('nothing waits', async () => {
      const text = await (await fetch(`${mon.url}/metrics`)).text();
      return /^mon_forward_up 1$/m.test(text) && /^mon_forward_lag_seconds 0$/m.test(text);
    });
    assert.equal(await numberOf(mon.url, 'sum(increase(load[1h]))', first + 2 * HOUR), 3 * 60);
  });

  it('does not take a folder whose history lies elsewhere', async () => {
    await mon.end('SIGTERM');
    const ended = await endsBySelf(['up', '--data-dir', folder.dataDir, '--listen', '127.0.0.1:0']);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /the history of .* lies in a remote store, not here/);
  });
});

/** Whole minutes from the first to the last, both included. */
function minutes(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / MINUTE + 1 }, (_, i) => from + i * MINUTE);
}
