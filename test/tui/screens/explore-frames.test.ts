// Whole frames of `mon explore`, compared with those in fixtures/golden/screens, over fixed figures
// at a fixed instant. MON_GOLDEN=write writes them anew, to be looked at before they are kept.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { ExploreSource } from '../../../src/tui/feed/explore-feed.ts';
import { openExplore, type ExploreEnd } from '../../../src/tui/screens/explore.tsx';
import { EVIL, fakeExploration } from '../../support/fake-exploration.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { compareFrame } from '../../support/golden.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOON = Date.UTC(2025, 10, 20, 12, 0, 7);

interface SceneOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly source?: Partial<ExploreSource>;
}

async function open(size: readonly [number, number], { env, source }: SceneOptions = {}) {
  const clock = new VirtualClock(NOON);
  const terminal = fakeTerminal(...size);
  const end = openExplore({
    source: {
      explore: async (ask) => fakeExploration(clock.now(), ask),
      series: async () => [
        ['__name__', 'http_requests_total', 'job', EVIL, 'pod', 'pod-1'],
        ['__name__', 'http_requests_total', 'job', 'api', 'pod', 'pod-2'],
      ],
      ...source,
    },
    ...{ clock, host: '127.0.0.1:9590', serverFlags: '', zone: 'UTC' },
    look: { env: env ?? { TERM: 'xterm-256color', LANG: 'C.UTF-8' } },
    stdin: terminal.stdin,
    stdout: terminal.stdout,
    process: new EventEmitter(),
  });
  await clock.advance(500);
  const press = async (keys: readonly string[]): Promise<void> => {
    for (const key of keys) {
      terminal.press(key);
      await terminal.frame();
      await clock.advance(200);
    }
  };
  const leave = async (key = '\u0003'): Promise<ExploreEnd> => {
    terminal.press(key);
    return await end;
  };
  return { terminal, clock, press, leave };
}

async function golden(
  name: string,
  size: readonly [number, number],
  more: SceneOptions & { readonly keys?: readonly string[] } = {},
): Promise<string> {
  const scene = await open(size, more);
  await scene.terminal.frame();
  await scene.press(more.keys ?? []);
  const frame = await scene.terminal.frame();
  const text = compareFrame(`explore-${name}`, frame, size[0]);
  assert.doesNotMatch(text, /[\u001b\u0007\u202e]/);
  assert.equal((await scene.leave()).code, 130);
  return text;
}

for (const [columns, rows] of [
  [80, 24],
  [120, 40],
  [200, 50],
  [60, 12],
  [40, 10],
] as const) {
  test(`the metrics at ${columns}x${rows}`, async () => {
    await golden(`${columns}x${rows}`, [columns, rows]);
  });
}

test('labels, pairs, policies with what was refused', async () => {
  await golden('labels-80x24', [80, 24], { keys: ['2'] });
  await golden('pairs-80x24', [80, 24], { keys: ['3'] });
  await golden('policies-80x24', [80, 24], { keys: ['4'] });
  await golden('policies-200x50', [200, 50], { keys: ['4'] });
});

test('from a metric to a label, a value and its series', async () => {
  await golden('metric-80x24', [80, 24], { keys: ['\r'] });
  await golden('values-80x24', [80, 24], { keys: ['\r', '\r'] });
  const series = await golden('series-80x24', [80, 24], { keys: ['\r', '\r', '\r'] });
  assert.match(series, /job="api"/);
  assert.doesNotMatch(series, /│.*pod-2/, 'what all have in common is said above the list');
});

test('the rule writer, with what would be missed, and another rule', async () => {
  const drop = await golden('rule-80x24', [80, 24], { keys: ['w'] });
  assert.match(drop, /drops 40000 of/);
  const label = await golden('rule-label-80x24', [80, 24], { keys: ['\r', 'w', '\t', '\t'] });
  assert.match(label, /series that merge collide/);
});

test('sorted and filtered, the keys, the command', async () => {
  await golden('sorted-120x40', [120, 40], { keys: ['s', 'r'] });
  const filtered = await golden('filter-80x24', [80, 24], { keys: ['/', 'k', 'u', 'b', 'e'] });
  assert.match(filtered, /metrics 1\/300/);
  await golden('help-80x24', [80, 24], { keys: ['?'] });
  const command = await golden('command-80x24', [80, 24], { keys: ['\r', '\r', 'c'] });
  assert.match(command, /mon explore http_requests_total --label pod/);
});

test('on twelve rows the help and the rule scroll to their ends and back', async () => {
  const scene = await open([60, 12]);
  const screen = async (): Promise<string> => (await scene.terminal.frame()).join('\n');
  await scene.press(['?']);
  assert.match(await screen(), /look inside[^]*▼/);
  await scene.press(['\u001b[6~', '\u001b[6~', '\u001b[6~']);
  assert.match(await screen(), /▲[^]*paint the whole screen again/);
  await scene.press(['k']);
  assert.doesNotMatch(await screen(), /paint the whole screen again/);
  await scene.press(['g']);
  assert.match(await screen(), /look inside/);
  await scene.press(['\u001b', 'w', '\u001b[6~']);
  assert.match(await screen(), /▲[^]*asked for/);
  await scene.press(['\t']);
  assert.match(await screen(), /▸/, 'another rule is shown from its beginning');
  assert.equal((await scene.leave()).code, 130);
});

test('in ASCII, with nothing beyond it', async () => {
  const text = await golden('ascii-80x24', [80, 24], { env: { TERM: 'dumb', LANG: 'C' } });
  assert.match(text, /^[\n -~]*$/);
});

test('what is printed comes out at the end; what is copied goes to the terminal', async () => {
  const scene = await open([80, 24]);
  await scene.press(['w', 'y']);
  const shown = (await scene.terminal.frame()).join('\n');
  assert.match(shown, /copied, if the terminal lets programs copy/);
  const { code, print } = await scene.leave('p');
  assert.equal(code, 0);
  assert.equal(
    print,
    'metric_relabel_configs:\n  - source_labels: [__name__]\n' +
      "    regex: 'http_requests_total'\n    action: drop\n",
  );
});

test('a server that is away says so in place, and is asked again', async () => {
  let down = true;
  const explore = async (): Promise<ReturnType<typeof fakeExploration>> => {
    if (down) throw new Error('connection refused');
    return fakeExploration(NOON);
  };
  const scene = await open([80, 24], { source: { explore } });
  assert.match((await scene.terminal.frame()).join('\n'), /! connection refused/);
  down = false;
  await scene.clock.advance(11_000);
  const back = (await scene.terminal.frame()).join('\n');
  assert.match(back, /● live/);
  assert.doesNotMatch(back, /refused !/);
  assert.equal((await scene.leave()).code, 130);
});
