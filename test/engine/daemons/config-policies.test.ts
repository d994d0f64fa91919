// Policies in a configuration: what each form means, what `mon config show` makes of it, and that
// every mistake is named with line, column and field.
import assert from 'node:assert/strict';
import test from 'node:test';
import { parseConfig } from '../../../src/engine/daemons/config.ts';
import { renderConfig } from '../../../src/engine/daemons/config-render.ts';
import { UserError } from '../../../src/engine/errors.ts';

function policies(text: string) {
  const lines = text.split('\n').map((line) => `      ${line}\n`);
  const file = `mon:\n  cardinality:\n    policies:\n${lines.join('')}`;
  return parseConfig(file, '/etc/mon.yml').config;
}

const GOOD = `- name: unasked
  unqueried: 30d
  dry_run: true
  except: ['node_.*', up]
- match: '{__name__=~"container_.*"}'
  keep_every: 30s
- {name: pods, match: 'hits{job="api"}', aggregate: sum, without: [pod, uid]}`;

test('each form, and its name where it has none', () => {
  const [unasked, thin, pods] = policies(GOOD).cardinality.policies ?? [];
  assert.deepEqual(unasked, {
    ...{ kind: 'unqueried', name: 'unasked', dryRun: true, idleMs: 30 * 86_400_000 },
    except: ['node_.*', 'up'],
  });
  assert.ok(thin.kind === 'keep_every' && pods.kind === 'aggregate');
  assert.deepEqual([thin.name, thin.everyMs, thin.dryRun], ['keep-every-2', 30_000, false]);
  assert.deepEqual(thin.matchers, [{ name: '__name__', op: '=~', value: 'container_.*' }]);
  assert.deepEqual([pods.how, pods.without], ['sum', ['pod', 'uid']]);
  assert.equal(pods.matchers.length, 2);
});

test('what is shown reads back as the same', () => {
  const config = policies(GOOD);
  const again = parseConfig(renderConfig(config), '/etc/mon.yml').config;
  assert.deepEqual(again.cardinality, config.cardinality);
});

test('every mistake has its line, its column and the name of its field', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['- unqueried: soon', /mon\.yml:4:20: unqueried is not a duration/],
    ['- unqueried: 5m', /mon\.yml:4:20: unqueried must be 1h or more/],
    ["- {unqueried: 30d, except: ['(']}", /mon\.yml:4:34: .*missing/],
    ['- {unqueried: 30d, match: up}', /mon\.yml:4:33: match does not go with unqueried/],
    ['- name: nothing', /mon\.yml:4:15: an item of policies has one of unqueried, keep_every/],
    ['- {match: up, keep_every: 30s, aggregate: sum}', /has one of unqueried, keep_every/],
    ['- keep_every: 30s', /mon\.yml:4:9: match is missing/],
    ['- {match: up, keep_every: 2h}', /mon\.yml:4:33: keep_every must be from 1s to 1h/],
    ['- {match: "sum(up)", keep_every: 30s}', /mon\.yml:4:17: this is no series selector/],
    ['- {match: "up{", keep_every: 30s}', /mon\.yml:4:17: /],
    ['- {match: up, aggregate: median}', /mon\.yml:4:32: aggregate must be one of sum, avg/],
    ['- {match: up, aggregate: sum}', /without names from 1 to 20 labels/],
    ['- {match: up, aggregate: sum, without: [__name__]}', /without names from 1 to 20 labels/],
    ['- {match: up, keep_evry: 30s}', /mon\.yml:4:21: unknown field "keep_evry"/],
    [
      '- {name: a, unqueried: 30d}\n- {name: a, unqueried: 30d}',
      /mon\.yml:5:16: two policies are called a/,
    ],
    [Array(101).fill('- unqueried: 30d').join('\n'), /there are more than 100 policies/],
  ];
  for (const [text, words] of wrong) {
    assert.throws(
      () => policies(text),
      (thrown: unknown) => {
        assert.ok(thrown instanceof UserError, text);
        assert.match(thrown.message, words);
        return true;
      },
    );
  }
});
