// `mon agent` as a process: killed by SIGKILL while its server is away, started again, and the
// server after it. What it had taken arrives once and in order; mistakes on its command line are
// one line.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, startMon } from '../support/mon-process.ts';
import { projectRoot } from '../support/project.ts';
import { until } from '../support/until.ts';

const CONFIG = `global:
  scrape_interval: 500ms
  scrape_timeout: 400ms
  external_labels: {site: lab}
`;

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mon-agent-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function startAgent(t: TestContext, args: readonly string[]) {
  const child = spawn(process.execPath, ['bin/run.js', 'agent', ...args], {
    cwd: projectRoot,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return (await ended)[0];
  };
  t.after(() => void child.kill('SIGKILL'));
  return { said, ended, end };
}

/** Times of the samples of a series of the last ten minutes, ms. */
async function times(url: string, query: string): Promise<number[]> {
  const asked = `${url}/api/v1/query?query=${encodeURIComponent(`${query}[10m]`)}`;
  const answer = (await (await fetch(asked)).json()) as {
    data: { result: { values: [number, string][] }[] };
  };
  return answer.data.result.flatMap(({ values }) => values.map(([at]) => at * 1000));
}

test('killed while the server is away, an agent delivers all that it had', async (t) => {
  const dir = folder(t);
  const config = join(dir, 'agent.yml');
  writeFileSync(config, CONFIG);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = ['--to', url, '--config', config, '--data-dir', join(dir, 'agent')];
  const first = startAgent(t, args);
  await until('the complaint', () => first.said.err.includes('it waits on disk'));
  assert.equal(first.said.out, `sending to ${url}/api/v1/write, buffer in ${join(dir, 'agent')}\n`);
  await pause(3000);
  const killedMs = Date.now();
  await first.end('SIGKILL');
  const second = startAgent(t, args);
  await until('the second one', () => second.said.out.includes('sending to'));
  const again = startAgent(t, args);
  const [code] = await again.ended;
  assert.equal(code, 1, again.said.err);
  assert.match(again.said.err, /^error: .*is in use by/);
  const server = await startMon({ dataDir: join(dir, 'server'), port });
  t.after(() => server.end('SIGKILL').catch(() => undefined));
  const query = 'node_load1{site="lab"}';
  await until('what was taken before the kill', async () => (await times(url, query)).length > 8);
  const found = await times(url, query);
  const before = found.filter((at) => at < killedMs);
  assert.ok(before.length >= 5, `${before.length} of some 6 samples before the kill`);
  for (let i = 1; i < before.length; i++) {
    const gap = before[i] - before[i - 1];
    assert.ok(gap > 0 && gap < 1400, `a gap of ${gap} ms before the kill`);
  }
  assert.equal(new Set(found).size, found.length);
  assert.equal(await second.end('SIGTERM'), 143, second.said.err);
});

test('mistakes of the command line', async (t) => {
  const dir = folder(t);
  const cases: [string[], RegExp][] = [
    [['--to', 'nowhere'], /^error: "nowhere" is no http or https address\nhint: mon agent --to/],
    [['--to', 'http://u:p@x'], /^error: the address holds a user\nhint: use --token-file/],
    [['--to', 'http://x', '--buffer', '1MB'], /^error: the buffer is too small\nhint: --buffer 16/],
    [
      ['--to', 'http://x', '--buffer', 'much'],
      /^error: --buffer is not a size: "much"\nhint: as in/,
    ],
  ];
  for (const [args, wanted] of cases) {
    const { said, ended } = startAgent(t, [...args, '--data-dir', join(dir, 'x')]);
    const [code] = await ended;
    assert.equal(code, 2, said.err);
    assert.match(said.err, wanted);
    assert.equal(said.out, '');
  }
});
