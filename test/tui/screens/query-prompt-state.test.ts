// The prompt's state under keys: editing, history, search, offers, what Enter does and what the
// commands ask for. Pure, no terminal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dotCommand } from '../../../src/tui/screens/query-prompt-commands.ts';
import { offersAt, type Names } from '../../../src/tui/screens/query-prompt-offers.ts';
import {
  paste,
  press,
  promptState,
  type PromptState,
  type Wish,
} from '../../../src/tui/screens/query-prompt-state.ts';
import { queryTimes, shellCommand } from '../../../src/tui/screens/query-prompt-time.ts';

const NAMES: Names = {
  metrics: () => ['http_requests_total', 'node_load1', 'up', 'my.metric'],
  labels: (metric) => (metric === 'up' ? ['__name__', 'instance', 'job'] : ['code', 'job']),
  values: (label) => (label === 'job' ? ['node', 'a"b\\c'] : []),
  aboutMetric: () => '',
};

interface After {
  readonly state: PromptState;
  readonly wishes: readonly Wish[];
}

/** The state after keys; a text of several letters is typed letter by letter. */
function after(keys: readonly string[], from = promptState(), ran = ''): After {
  let state = from;
  const wishes: Wish[] = [];
  const one = (name: string): void => {
    const { edit, quiet, asked, chosen } = state;
    const hidden = quiet && chosen === undefined && name !== 'tab';
    const offers = hidden
      ? { start: edit.cursor, typed: '', list: [] }
      : offersAt(edit.text, edit.cursor, NAMES, asked || name === 'tab');
    const done = press(state, name, {
      offers,
      running: false,
      ran,
      body: { count: 100, room: 11 },
    });
    state = done.state;
    if (done.wish !== undefined) wishes.push(done.wish);
  };
  for (const key of keys) {
    if (key.startsWith(':')) for (const character of key.slice(1)) one(character);
    else one(key);
  }
  return { state, wishes };
}

function line(keys: readonly string[], from?: PromptState): string {
  const { text, cursor } = after(keys, from).state.edit;
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

test('editing', () => {
  assert.equal(line([':up']), 'up|');
  assert.equal(line([':up', 'left', ':x']), 'ux|p');
  assert.equal(line([':sum(up)', 'ctrl-w']), 'sum(|');
  assert.equal(line([':a b', 'word-left', 'ctrl-k']), 'a |');
  assert.equal(line([':a b', 'home', 'delete']), '| b');
  assert.equal(line([':ab', 'ctrl-u']), '|');
  assert.equal(line([':ab', 'ctrl-a', ':x', 'ctrl-e', ':y']), 'xaby|');
  assert.equal(line([':😀', 'backspace']), '|');
  assert.equal(line([':😀x', 'left', 'left', 'right']), '😀|x');
  assert.equal(line([':up', 'ctrl-z', 'meta-q', '']), 'up|');
});

test('a paste is text, whatever it holds, and runs nothing', () => {
  const pasted = paste(promptState(), 'sum(\r\n  up\u001b[31m)\t\u0000');
  assert.equal(pasted.edit.text, 'sum(\n  up[31m) ');
  const long = paste(promptState(), 'x'.repeat(100_000));
  assert.ok(long.edit.text.length <= 16_384);
});

test('Enter runs what is whole, and goes on with what is not', () => {
  assert.deepEqual(after([':up', 'return']).wishes, [{ do: 'run', query: 'up' }]);
  assert.equal(line([':sum(', 'return', ':up', 'return']), 'sum(\nup\n|');
  const forced = after([':sum(', 'return', 'return']);
  assert.deepEqual(forced.wishes, [{ do: 'run', query: 'sum(' }]);
  assert.deepEqual(after(['return']).wishes, []);
  assert.equal(line([':up', '\n', ':x']), 'up\nx|');
});

test('history: up, down, the line that was begun comes back', () => {
  const past = promptState({ past: ['one', 'two', 'three'] });
  assert.equal(line(['up'], past), 'three|');
  assert.equal(line(['up', 'up', 'up', 'up'], past), 'one|');
  assert.equal(line([':dr', 'up', 'up', 'down', 'down'], past), 'dr|');
  assert.equal(line(['up', ':x', 'up'], past), 'three|');
  const ran = after([':two', 'return'], past).state;
  assert.deepEqual(ran.past, ['one', 'three', 'two']);
});

test('in a text of several lines the arrows move between them first', () => {
  const past = promptState({ past: ['one'] });
  assert.equal(line([':a+', 'return', ':b', 'up', ':x'], past), 'ax|+\nb');
  assert.equal(line([':a+', 'return', ':b', 'up', 'up'], past), 'one|');
});

test('Ctrl-R searches, again goes further back, Esc leaves all as it was', () => {
  const past = promptState({ past: ['rate(a)', 'sum(b)', 'rate(c)'] });
  assert.equal(line(['ctrl-r', ':rate', 'return'], past), 'rate(c)|');
  assert.equal(line(['ctrl-r', ':rate', 'ctrl-r', 'return'], past), 'rate(a)|');
  assert.equal(line([':x', 'ctrl-r', ':rate', 'escape'], past), 'x|');
  assert.equal(line(['ctrl-r', ':zzz', 'return'], past), '|');
});

test('completion', () => {
  assert.equal(line([':ht', 'tab']), 'http_requests_total|');
  assert.equal(line([':up{in', 'tab']), 'up{instance="|');
  assert.equal(line([':up{job="no', 'tab']), 'up{job="node"|');
  assert.equal(line([':up{job="a', 'tab']), 'up{job="a\\"b\\\\c"|');
  assert.equal(line([':sum by (j', 'tab']), 'sum by (job|');
  assert.equal(line([':{"my', 'tab']), '{"my|');
  assert.equal(line([':my', 'tab']), '{"my.metric"}|');
  assert.equal(line([':histogram_qu', 'tab', 'tab', 'down', 'tab']), 'histogram_quantiles(|');
  assert.equal(line([':rat', 'tab', '(']), 'rate((|');
  assert.equal(line([':.exp', 'tab']), '.explain |');
  assert.equal(line([':.explain ht', 'tab']), '.explain http_requests_total|');
  assert.equal(line([':zzzz', 'tab', 'tab']), 'zzzz|');
});

test('a bracket that is there is not written twice', () => {
  const state = promptState({ edit: { text: 'rat(up)', cursor: 3 } });
  assert.equal(line(['tab'], state), 'rate|(up)');
});

test('Esc closes the offers, and letters open them again', () => {
  const { state } = after([':ra', 'tab', 'escape']);
  assert.deepEqual([state.chosen, state.quiet], [undefined, true]);
  assert.equal(after(['t'], state).state.quiet, false);
});

test('Ctrl-C clears, Ctrl-D leaves an empty line', () => {
  assert.equal(line([':up', 'ctrl-c']), '|');
  assert.deepEqual(after(['ctrl-d']).wishes, [{ do: 'exit' }]);
  assert.equal(line([':up', 'home', 'ctrl-d']), '|p');
  assert.deepEqual(after([':up', 'ctrl-d']).wishes, []);
});

test('the time goes round and asks again', () => {
  const { state, wishes } = after(['ctrl-t', 'ctrl-t'], promptState(), 'up');
  assert.equal(state.rangeMs, 900_000);
  assert.deepEqual(wishes.at(-1), { do: 'run', query: 'up' });
  assert.equal(
    after(['ctrl-t'], promptState({ rangeMs: 7 * 86_400_000 })).state.rangeMs,
    undefined,
  );
  const times = queryTimes(state, 1_000_000_000, 80);
  assert.ok('stepMs' in times && times.endMs - times.startMs === 900_000 && times.stepMs >= 1000);
});

test('a chart of an instant gets a range; again it is a table', () => {
  const { state, wishes } = after(['ctrl-g'], promptState(), 'up');
  assert.deepEqual([state.form, state.rangeMs], ['graph', 900_000]);
  assert.deepEqual(wishes, [{ do: 'run', query: 'up' }]);
  assert.equal(after(['ctrl-g'], state, 'up').state.form, 'table');
  assert.equal(after([':.graph', 'return']).state.rangeMs, 900_000);
});

test('commands', () => {
  assert.deepEqual(dotCommand('.explain sum(up)'), {
    do: 'explain',
    query: 'sum(up)',
    analyze: false,
  });
  assert.deepEqual(dotCommand('.range 1h'), { do: 'range', rangeMs: 3_600_000 });
  assert.deepEqual(dotCommand('.instant 100'), { do: 'instant', atMs: 100_000 });
  assert.equal(dotCommand('.range x')?.do, 'wrong');
  assert.equal(dotCommand('.nope')?.do, 'wrong');
  assert.equal(dotCommand('.5 + 1'), undefined);
  assert.equal(dotCommand('up'), undefined);
  assert.deepEqual(after([':.exit', 'return']).wishes, [{ do: 'exit' }]);
  assert.equal(after([':.help', 'return']).state.view, 'help');
  assert.equal(after([':.step 30s', 'return']).state.stepMs, 30_000);
  const explain = after([':.explain up', 'return']).wishes;
  assert.deepEqual(explain, [{ do: 'explain', query: 'up', analyze: false }]);
});

test('the command for a shell', () => {
  const state = promptState({ rangeMs: 3_600_000, stepMs: 30_000 });
  assert.equal(
    shellCommand("a'b", state, '--url x'),
    `mon query 'a'\\''b' --since 1h --step 30s --graph --url x`,
  );
  assert.equal(
    shellCommand('up', promptState({ atMs: 0 }), ''),
    'mon query up --at 1970-01-01T00:00:00.000Z',
  );
});
