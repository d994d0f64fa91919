// Routing files: the verdicts of Alertmanager's own tool on its own files, places of mistakes, what
// is inherited, mon's additions, and a reader that nothing makes crash.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../../src/engine/errors.ts';
import { checkTemplates } from '../../../src/engine/daemons/notify-wiring.ts';
import { readTemplates } from '../../../src/engine/daemons/notify-templates.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';
import { parseRoutes } from '../../../src/engine/daemons/routes-file.ts';
import { routeReceivers, unsupported } from '../../../src/engine/daemons/notify-wiring.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { projectRoot } from '../../support/project.ts';

const shared = process.env['MON_SHARED'] ?? join(projectRoot, '../shared');
const folder = join(shared, 'data/alertmanager');
const skip = existsSync(folder) ? false : 'needs shared';

/** Files of Alertmanager's config tests that must fail, by what is in them. */
const MUST_FAIL = /(?:both|no|nil|invalid|old)-|valid-receiver-both|update-message-and-webhook/;

function verdict(text: string): UserError | undefined {
  try {
    parseRoutes(text, '/etc/mon/routes.yml');
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof UserError, String((thrown as Error).stack));
    return thrown;
  }
}

test("Alertmanager's own files get its own verdicts", { skip }, () => {
  const names = readdirSync(folder);
  assert.ok(names.length > 20);
  for (const name of names) {
    const fails = /\.good\./.test(name) ? false : MUST_FAIL.test(name) || name.includes('.bad.');
    const found = verdict(readFileSync(join(folder, name), 'utf8'));
    assert.equal(found !== undefined, fails, `${name}: ${found?.message}`);
    if (found !== undefined)
      assert.match(found.message, /^\/etc\/mon\/routes\.yml:\d+:\d+: /, name);
  }
});

const HEAD = 'route:\n  receiver: r\nreceivers:\n  - name: r\n';

const HOOK = `${HEAD}    webhook_configs: [{url: 'http://x', `;
const TIMES = `${HEAD}time_intervals: [{name: x, time_intervals: `;

/** A mistake, and the words and the line of the complaint. */
const MISTAKES: readonly (readonly [text: string, words: RegExp])[] = [
  ['', /needs a root route/],
  ['route: {}\n', /must name a default receiver/],
  ['route:\n  receiver: x\n', /:2:13: undefined receiver "x"/],
  [`${HEAD}unknown: 1\n`, /:5:1: unknown field "unknown"/],
  ['route:\n  receiver: r\n  continue: true\nreceivers: [{name: r}]\n', /:3:13: .*cannot continue/],
  ['route:\n  receiver: r\n  matchers: [a=b]\nreceivers: [{name: r}]\n', /:3:13: .*must not have/],
  ['route:\n  receiver: r\n  group_by: [a, a]\nreceivers: [{name: r}]\n', /is twice/],
  ["route:\n  receiver: r\n  group_by: ['...', a]\nreceivers: [{name: r}]\n", /stands alone/],
  ['route:\n  receiver: r\n  group_interval: 0s\nreceivers: [{name: r}]\n', /cannot be zero/],
  ['route:\n  receiver: r\n  group_wait: 5\nreceivers: [{name: r}]\n', /not a duration/],
  ['route:\n  receiver: r\n  routes: [{matchers: ["a=~("]}]\nreceivers: [{name: r}]\n', /matchers/],
  ['route:\n  receiver: r\n  routes: [{match_re: {a: "("}}]\nreceivers: [{name: r}]\n', /regular/],
  [
    'route:\n  receiver: r\n  routes: [{mute_time_intervals: [x]}]\nreceivers: [{name: r}]\n',
    /"x"/,
  ],
  [`${HEAD}  - name: r\n`, /is twice/],
  [`${HEAD}    webhook_configs: [{}]\n`, /needs url or url_file/],
  [`${HEAD}    webhook_configs: [{url: 'ftp://x'}]\n`, /must begin with http/],
  [`${HEAD}    webhook_configs: [{url: 'http://x', send_resolved: 'yes'}]\n`, /true or false/],
  [`${HEAD}    webhook_configs: [{url: 'http://x', max_alerts: many}]\n`, /whole number/],
  [`${HEAD}    email_configs: [{to: a@b}]\n`, /needs smarthost/],
  [`${HEAD}    pagerduty_configs: [{client: x}]\n`, /routing_key/],
  [`${HEAD}    telegram_configs: [{bot_token: x}]\n`, /chat_id/],
  [`${HEAD}    pushover_configs: [{user_key: x}]\n`, /token/],
  [`${HEAD}    discord_configs: [{title: x}]\n`, /webhook_url/],
  [`${HOOK}http_config: {basic_auth: {}, bearer_token: x}}]\n`, /one of/],
  [`${TIMES}[{times: [{start_time: '24:01', end_time: '25:00'}]}]}]\n`, /time of day/],
  [
    `${HEAD}time_intervals: [{name: x, time_intervals: [{weekdays: ['friday:monday']}]}]\n`,
    /before/,
  ],
  [`${HEAD}time_intervals: [{name: x, time_intervals: [{days_of_month: ['0']}]}]\n`, /no day/],
  [`${HEAD}time_intervals: [{name: x, time_intervals: [{location: Nowhere/City}]}]\n`, /time zone/],
  [`${HEAD}time_intervals: [{name: x}, {name: x}]\n`, /is twice/],
  [`${HEAD}x-mon: {escalation: [{after: 10m, to: nobody}]}\n`, /undefined receiver "nobody"/],
  [`${HEAD}x-mon: {escalation: [{after: soon, to: r}]}\n`, /not a duration/],
  [`${HEAD}x-mon: {escalate: []}\n`, /did you mean escalation|unknown field/],
];

test('a mistake is told with its place and what was expected', () => {
  for (const [text, words] of MISTAKES) {
    const found = verdict(text);
    assert.ok(found !== undefined, `taken: ${text}`);
    assert.match(`${found.message} ${found.hint ?? ''}`, words, text);
  }
});

test('the tree is walked as Alertmanager walks it, and children inherit', { skip }, () => {
  const text = readFileSync(join(folder, 'conf.good.yml'), 'utf8');
  const { routing } = parseRoutes(text, '/etc/x.yml');
  const to = (...pairs: [string, string][]): string => routeReceivers(routing, pairs).join();
  assert.equal(to(), 'team-X-mails');
  assert.equal(to(['service', 'foo1'], ['severity', 'critical']), 'team-X-pager');
  assert.equal(to(['service', 'database']), 'team-DB-pager');
  assert.equal(
    to(['service', 'database'], ['owner2', 'team-X'], ['owner', 'team-Y']),
    'team-X-pager,team-Y-pager',
  );
  const [first] = routing.root.routes;
  assert.deepEqual(first.groupBy, ['alertname', 'cluster', 'service']);
  assert.equal(first.routes[0].repeatIntervalMs, 3 * 3_600_000);
  assert.equal(first.key, '{}/{service=~"^(foo1|foo2|baz)$"}');
  assert.doesNotMatch(routing.text, /mysecret(?!\.example)/);
});

test('policies of escalation in their three forms, and under a route', () => {
  const steps = '[{after: 30m, to: r}, {after: 10m, to: r}]';
  const read = (escalation: string) =>
    parseRoutes(`${HEAD}x-mon: {dedupe_window: 5m, escalation: ${escalation}}\n`, '/x').routing;
  const plain = read(steps);
  assert.equal(plain.dedupeWindowMs, 300_000);
  assert.deepEqual(
    plain.escalation[0].steps.map(({ afterMs }) => afterMs),
    [600_000, 1_800_000],
  );
  assert.deepEqual(read(`{P1: ${steps}}`).escalation[0].matchers, [
    { name: 'severity', op: '=', value: 'P1' },
  ]);
  const listed = read(
    `[{severity: P1|P2, repeat: 3, steps: ${steps}}, {matchers: [a=b], steps: ${steps}}]`,
  );
  assert.equal(listed.escalation[0].repeat, 3);
  assert.equal(listed.escalation.length, 2);
  const route = `route: {receiver: r, x-mon: {escalation: ${steps}}, routes: [{matchers: [a=b]}]}`;
  const own = parseRoutes(`${route}\nreceivers: [{name: r}]\n`, '/x').routing.root;
  assert.equal(own.routes[0].escalation?.length, 1, 'inherited');
});

test('what is read and not sent is told, and a text that is no template', async () => {
  const text = `${HEAD}    sns_configs: [{topic_arn: 'arn:x', sigv4: {}}]
    slack_configs:
      - api_url: 'http://x'
        title: '{{ template "slack.default.title" . }}'
        text: '{{ .Status | nosuch }}'
`;
  const { routing } = parseRoutes(text, '/x');
  assert.match(unsupported(routing, '/x').join(), /sns_configs is read, but mon cannot send/);
  const templates = await readTemplates(systemDisk, []);
  assert.throws(() => checkTemplates(routing, '/x', templates), {
    message: /receiver "r": slack_configs: text: function "nosuch" not defined/,
  });
});

test('nothing makes the reader crash', { skip }, () => {
  const random = seededRandom(20_261_121);
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  for (let round = 0; round < 600; round++) {
    const lines = pick(texts).split('\n');
    for (let n = 0; n < 1 + random() * 4; n++) {
      const at = Math.floor(random() * lines.length);
      const kind = Math.floor(random() * 5);
      if (kind === 0) lines.splice(at, 1);
      else if (kind === 1) lines.splice(at, 0, pick(lines));
      else if (kind === 2)
        lines[at] = lines[at].replace(
          /:.*$/,
          pick([': null', ': []', ': {}', ': 7', ': !!x y', ': *a', ': "\\u0000"']),
        );
      else if (kind === 3) lines[at] = lines[at].slice(0, Math.floor(random() * lines[at].length));
      else lines[at] = `${' '.repeat(Math.floor(random() * 6))}${lines[at]}`;
    }
    verdict(lines.join('\n'));
  }
});
