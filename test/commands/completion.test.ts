// Completion: what is offered for a half-typed line, and the bash script in a real bash. A shell
// must never run what a server calls its metrics.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startFake } from '../support/fake-prometheus.ts';
import type { FakePrometheus } from '../support/fake-prometheus.ts';
import { freePort } from '../support/mon-process.ts';
import { freshHome, runCli, runShell } from '../support/run-cli.ts';

let fake: FakePrometheus;
before(async () => {
  fake = await startFake();
});
after(async () => await fake.close());

async function offers(words: readonly string[], env = {}): Promise<string[]> {
  const home = freshHome();
  const { stdout, stderr, code } = await runCli(['__complete', '--', ...words], {
    env: { MON_URL: fake.url, HOME: home, ...env },
  });
  assert.deepEqual([stderr, code], ['', 0]);
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]]));
}

describe('offers', () => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['que'], ['query']],
    [['con'], ['config', 'context']],
    [
      ['context', ''],
      ['add', 'list', 'remove', 'use'],
    ],
    [['nosuch', ''], []],
    [['query', '--fa'], ['--fail-empty']],
    [
      ['query', '-o', 'js'],
      ['json', 'jsonl'],
    ],
    [['query', '--output', 'y'], ['yaml']],
    [['query', '--output=y'], ['--output=yaml']],
    [['query', '--url', 'h'], []],
    [['query', 'node_l'], ['node_load1']],
    [['query', 'rate(node_c'], ['rate(node_cpu_seconds_total']],
    [['query', 'up{j'], ['up{job=']],
    [['labels', 'i'], ['instance']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['help', 'exi'], ['exit-codes']],
  ];
  for (const [words, want] of cases) {
    it(words.join(' '), async () => {
      assert.deepEqual(await offers(words), want);
    });
  }

  it('names that a shell could run are left out', async () => {
    const names = ['counted', 'empty', 'node_cpu_seconds_total', 'node_load1', 'up', 'warned'];
    assert.deepEqual(await offers(['query', '']), names);
  });

  it('without a server there is silence, not a failure', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    assert.deepEqual(await offers(['query', ''], { MON_URL: url }), []);
  });
});

describe('scripts', () => {
  it('bash completes commands, values behind = and metric names with colons', async () => {
    const type = async (line: string): Promise<string> => {
      const words = line.split(/([=:])|\s+/).filter((word) => word !== undefined && word !== '');
      if (line.endsWith(' ')) words.push('');
      const quoted = words.map((word) => `'${word}'`).join(' ');
      const { stdout, stderr } = await runShell(
        `source <(mon completion bash)
         COMP_LINE='${line}' COMP_POINT=${line.length}
         COMP_WORDS=(${quoted}) COMP_CWORD=${words.length - 1}
         compopt() { :; }
         _mon; printf '%s,' "\${COMPREPLY[@]}"`,
        { env: { MON_URL: fake.url } },
      );
      assert.equal(stderr, '');
      return stdout;
    };
    assert.equal(await type('mon que'), 'query,');
    assert.equal(await type('mon context '), 'add,list,remove,use,');
    assert.equal(await type('mon query --output=js'), 'json,jsonl,');
    assert.equal(await type('mon query node_'), 'node_cpu_seconds_total,node_load1,');
  });

  for (const shell of ['zsh', 'fish'] as const) {
    const skip = spawnSync(shell, ['-c', 'true']).error ? `needs ${shell}` : false;
    it(`${shell} reads its script`, { skip }, async (t) => {
      const { stdout } = await runCli(['completion', shell]);
      const folder = mkdtempSync(join(tmpdir(), 'mon-completion-'));
      t.after(() => rmSync(folder, { recursive: true }));
      const file = join(folder, 'mon');
      writeFileSync(file, stdout);
      const done = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
      assert.deepEqual([done.stderr, done.status], ['', 0]);
    });
  }
});
