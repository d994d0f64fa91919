// Every command of docs/tutorial.md, in order, in one shell that stops at the first failure: with
// a home and a folder of its own, and a free port in the place of 9590. Easy to get wrong: the
// page is what is tested, so nothing may be added to its commands but where the server listens.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { freePort } from '../support/mon-process.ts';
import { skipWithout } from '../support/program.ts';
import { projectRoot } from '../support/project.ts';
import { cleanEnv } from '../support/run-cli.ts';

const PAGE = readFileSync(join(projectRoot, 'docs/tutorial.md'), 'utf8');
const TIME_MS_MAX = 180_000;
const folder = mkdtempSync(join(tmpdir(), 'mon-tutorial-'));
const run = join(projectRoot, 'bin/run.js');
const env = cleanEnv({ HOME: folder, XDG_STATE_HOME: join(folder, 'state') });

after(() => {
  spawnSync(process.execPath, [run, 'down', '--demo'], { env });
  rmSync(folder, { recursive: true, force: true });
});

/** The page's shell blocks, each with a mark before it. */
function script(): string {
  const blocks = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
  assert.ok(blocks.length >= 10, `${blocks.length} blocks`);
  return blocks.map((text, i) => `echo "== block ${i + 1}"\n${text}`).join('\n');
}

test('the tutorial has ten minutes', () => {
  const minutes = [...PAGE.matchAll(/^## Minute (\d+): /gm)].map(([, number]) => Number(number));
  assert.deepEqual(minutes, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

const skip = skipWithout('jq');
test('every command of the tutorial does what the page says', { skip }, async () => {
  const port = await freePort();
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  const words = `if [ "$1" = up ]; then shift; set -- up --listen 127.0.0.1:${port} "$@"; fi`;
  const shim = `#!/bin/sh\n${words}\nexec "${process.execPath}" "${run}" "$@"\n`;
  writeFileSync(join(tools, 'mon'), shim);
  chmodSync(join(tools, 'mon'), 0o755);
  const file = join(folder, 'tutorial.sh');
  writeFileSync(file, script());
  const cwd = join(folder, 'work');
  mkdirSync(cwd);
  const { code, said } = await shell(file, {
    cwd,
    env: {
      ...env,
      PATH: `${tools}${delimiter}${env['PATH']}`,
      MON_URL: `http://127.0.0.1:${port}`,
    },
  });
  assert.equal(code, 0, said);
  for (const words of [
    /mon is up at http/,
    /exit code 3: an alert of severity P1 fires/,
    /AtticTooWarm/,
    /room_celsius/,
    /service:requests:rate30s/,
    /1 passed, 0 failed/,
    /Figures of one core/,
    /"next": "24 partitions"/,
    /mirror-maker\.properties/,
  ]) {
    assert.match(said, words);
  }
});

function shell(
  file: string,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ readonly code: number | string; readonly said: string }> {
  return new Promise((resolve, reject) => {
    // `head` closes its end early, which is no failure.
    const child = spawn('bash', ['-eu', file], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), TIME_MS_MAX);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? signal ?? 'gone', said });
    });
  });
}
