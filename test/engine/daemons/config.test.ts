// The configuration file: what Prometheus' own shapes mean, every mistake with its place and hint,
// and that what is shown means the same as what was read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderConfig } from '../../../src/engine/daemons/config-render.ts';
import { CONFIG_TEMPLATE } from '../../../src/engine/daemons/config-template.ts';
import { defaultConfig, parseConfig } from '../../../src/engine/daemons/config.ts';
import { nearestName } from '../../../src/engine/daemons/config-reader.ts';
import { UserError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const PATH = '/etc/mon/prometheus.yml';
const read = (text: string) => parseConfig(text, PATH);

const FULL = `
global:
  scrape_interval:     15s # a comment
  scrape_timeout: 10s
  evaluation_interval: 30s
  external_labels: {monitor: codelab, port: 8080}
  sample_limit: 1000
  body_size_limit: 15MB
rule_files: [first.rules, "my/*.rules"]
remote_write:
  - url: http://x/write
alerting: {alertmanagers: []}
scrape_configs:
  - job_name: prometheus
    honor_labels: true
    honor_timestamps: false
    scheme: https
    static_configs:
      - targets: ['localhost:9090', "localhost:9191"]
        labels: &labels
          my: label
          your: label
      - targets: [a]
        labels:
          <<: *labels
          my: other
    file_sd_configs:
      - files:
          - foo/*.slow.json
          - /abs/bar.yaml
        refresh_interval: 10m
      - files: [single.yml]
    relabel_configs:
      - source_labels: [job, __meta_dns_name]
        regex: (.*)some-[regex]
        target_label: job
        replacement: foo-\${1}
      - {source_labels: [abc], target_label: cde}
      - source_labels: [__address__]
        modulus: 8
        target_label: __tmp_hash
        action: HashMod
    metric_relabel_configs:
      - regex: 1abc
        action: labeldrop
    authorization: {credentials_file: valid_token_file}
    tls_config: {min_version: TLS10, insecure_skip_verify: true, cert_file: c, key_file: k}
    sample_limit: 0
  - job_name: service-x
    scrape_interval: 500ms
    basic_auth: {username: admin_name, password: "multiline\\nmysecret"}
    params: {"match[]": ['{job="a"}', up]}
    metrics_path: /my_path
    label_limit: 30
    enable_http2: false
    kubernetes_sd_configs: [{role: endpoints}]
  - job_name: empty
    static_configs:
mon:
  listen: '[::1]:9000'
  data_dir: data
  retention: 30d
  partitions: 8
  shards: 2
  token_file: /run/token
  host_agent: no
  self_scrape: false
`;

test("a file of Prometheus' own shapes", () => {
  const { config, warnings } = read(FULL);
  assert.equal(config.intervalMs, 15_000);
  assert.equal(config.evaluationIntervalMs, 30_000);
  assert.deepEqual({ ...config.externalLabels }, { monitor: 'codelab', port: '8080' });
  assert.deepEqual(config.ruleFiles, ['/etc/mon/first.rules', '/etc/mon/my/*.rules']);
  const [first, second, third] = config.scrapes;
  assert.deepEqual(first.staticConfigs[1].targets, ['a']);
  assert.deepEqual({ ...first.staticConfigs[1].labels }, { my: 'other', your: 'label' });
  assert.deepEqual(first.fileConfigs, [
    { files: ['/etc/mon/foo/*.slow.json', '/abs/bar.yaml'], refreshMs: 600_000 },
    { files: ['/etc/mon/single.yml'], refreshMs: 300_000 },
  ]);
  assert.equal(first.relabel[0].replacement, 'foo-${1}');
  assert.equal(first.relabel[1].regex, '(.*)');
  assert.deepEqual([first.relabel[2].action, first.relabel[2].modulus], ['hashmod', 8]);
  assert.equal(first.metricRelabel[0].regex, '1abc');
  assert.deepEqual(first.auth, {
    kind: 'credentials',
    type: 'Bearer',
    credentialsFile: '/etc/mon/valid_token_file',
  });
  assert.deepEqual(first.tls, {
    certFile: '/etc/mon/c',
    keyFile: '/etc/mon/k',
    insecureSkipVerify: true,
    minVersion: 'TLSv1',
  });
  assert.equal(first.sampleLimit, 0, '0 in a job takes the global limit away');
  assert.equal(second.sampleLimit, 1000);
  assert.equal(second.bodyBytesMax, 15 * 1024 * 1024);
  assert.deepEqual([second.intervalMs, second.timeoutMs], [500, 500]);
  assert.deepEqual({ ...second.params }, { 'match[]': ['{job="a"}', 'up'] });
  assert.equal(second.auth?.kind === 'basic' && second.auth.password, 'multiline\nmysecret');
  assert.deepEqual(third.staticConfigs, []);
  assert.equal(config.listen, '[::1]:9000');
  assert.equal(config.dataDir, '/etc/mon/data');
  assert.equal(config.retentionMs, 30 * 86_400_000);
  assert.deepEqual([config.partitions, config.shards], [8, 2]);
  assert.deepEqual([config.hostAgent, config.selfScrape], [false, false]);
  assert.deepEqual(
    warnings.map((warning) => warning.replace(PATH, '').replace(/^:\d+:\d+: /, '')),
    ['alerting is not used yet', 'remote_write is not used yet'],
  );
  assert.match(warnings[0], /^\/etc\/mon\/prometheus.yml:\d+:1: /);
});

test('the configuration is frozen plain data', () => {
  const { config } = read(FULL);
  assert.ok(Object.isFrozen(config.scrapes[0].staticConfigs[0].labels));
  assert.doesNotThrow(() => structuredClone(config));
});

test('without a file mon watches itself and this host', () => {
  const config = defaultConfig();
  assert.deepEqual(config.scrapes, []);
  assert.deepEqual([config.hostAgent, config.selfScrape, config.intervalMs], [true, true, 10_000]);
  assert.equal(config.listen, '127.0.0.1:9590');
  assert.deepEqual(read('').config, config);
  assert.deepEqual(read('# nothing\n').config, config);
});

const job = (text: string): string => `scrape_configs:\n  - job_name: a\n    ${text}\n`;

const MISTAKES: [text: string, where: string, message: RegExp, hint: RegExp | undefined][] = [
  ['global:\n  scrape_intervall: 1s\n', '2:3', /unknown field "scrape_intervall" in global/,
    /did you mean scrape_interval\?/],
  ['scrape_config: []\n', '1:1', /unknown field "scrape_config"/, /did you mean scrape_configs\?/],
  ['zzz: 1\n', '1:1', /unknown field "zzz"/, /known here: global, scrape_configs, mon/],
  ['global:\n  scrape_interval: 10\n', '2:20', /scrape_interval is not a duration/, /15s/],
  ['global:\n  scrape_interval: 0s\n', '2:20', /must be above 0/, undefined],
  ['global:\n  scrape_interval: 1s\n  scrape_timeout: 2s\n', '3:19', /longer than/, undefined],
  ['global: 5\n', '1:9', /global must be a map/, undefined],
  ['global:\n  external_labels: {a-b: c}\n', '2:21', /"a-b" is not a label name/, undefined],
  ['scrape_configs: {}\n', '1:17', /scrape_configs must be a list/, undefined],
  ['scrape_configs:\n  -\n', '2:3', /holds an empty item/, undefined],
  ['scrape_configs:\n  - metrics_path: /x\n', '2:5', /a job needs a job_name/, undefined],
  [`${job('scheme: http')}  - job_name: a\n`, '4:5', /two jobs are called "a"/, undefined],
  [job('scheme: htps'), '3:13', /must be one of http, https/, /did you mean https\?/],
  [job('honor_labels: maybe'), '3:19', /true or false/, undefined],
  [job('sample_limit: -1'), '3:19', /a whole number from 0/, undefined],
  [job('body_size_limit: 10 elephants'), '3:22', /not a size/, /16MB/],
  [job('static_configs: [{targets: ["http://x/y"]}]'), '3:33', /not an address/, /metrics_path/],
  [job('static_configs: [{targets: a}]'), '3:32', /targets must be a list/, undefined],
  [job('file_sd_configs: [{files: ["a/*/b.json"]}]'), '3:32', /names no discovery/, /may hold/],
  [job('file_sd_configs: [{files: ["a.txt"]}]'), '3:32', /names no discovery/, undefined],
  [job('file_sd_configs: [{}]'), '3:23', /needs files/, undefined],
  [job('relabel_configs: [{regex: "(a", target_label: b}]'), '3:31', /missing closing \)/,
    undefined],
  [job('relabel_configs: [{action: kep}]'), '3:32', /action must be one of/, /did you mean keep\?/],
  [job('relabel_configs: [{action: replace}]'), '3:32', /replace needs a target_label/, undefined],
  [job('relabel_configs: [{source_label: [a]}]'), '3:24', /unknown field/, /source_labels/],
  [job('basic_auth: {password: a, password_file: b}'), '3:46', /either password or/, undefined],
  [job('bearer_token: x\n    basic_auth: {username: a}'), '3:19', /give either/, undefined],
  [job('authorization: {type: Basic}'), '3:27', /use basic_auth/, undefined],
  [job('authorization: {type: "A\\r\\nB"}'), '3:27', /one word/, undefined],
  [job('tls_config: {cert_file: a}'), '3:29', /belong together/, undefined],
  [job('tls_config: {min_version: TLS14}'), '3:31', /min_version/, /did you mean TLS1\d\?/],
  ['mon:\n  listen: nowhere\n', '2:11', /no address to listen on/, /127.0.0.1:9590/],
  ['mon:\n  retention: 1m\n', '2:14', /above 15m/, undefined],
  ['mon:\n  partitions: 0\n', '2:15', /from 1 to 1024/, undefined],
  ['mon:\n  partitions: 2\n  shards: 4\n', '3:11', /more shards than partitions/, undefined],
  ['a: b: c\n', '1:4', /./, undefined],
  ['global:\n  a: "x\n', '3:1', /quote|unknown/i, undefined],
  ['mon: {}\nmon: {}\n', '2:1', /unique/, undefined],
  ['mon: &a {<<: *a}\n', '1:9', /never end/, undefined],
  ['mon: *nowhere\n', '1:6', /alias/i, undefined],
]; // prettier-ignore

test('mistakes have a place, a line with a caret, and a hint', () => {
  for (const [text, where, message, hint] of MISTAKES) {
    try {
      read(text);
      assert.fail(`taken: ${text}`);
    } catch (thrown) {
      assert.ok(thrown instanceof UserError, `${text}: ${String(thrown)}`);
      assert.match(thrown.message, message, text);
      assert.ok(thrown.message.startsWith(`${PATH}:${where}: `), `${thrown.message} for ${text}`);
      if (hint !== undefined) assert.match(thrown.hint ?? '', hint, text);
      const [line, column] = where.split(':').map(Number);
      assert.equal(thrown.source, text.split('\n')[line - 1]);
      assert.equal(thrown.start, column - 1);
      assert.ok(thrown.end >= thrown.start && thrown.end <= (thrown.source?.length ?? 0));
    }
  }
});

test('what is shown means the same', () => {
  const { config } = read(FULL.replace('password: "multiline\\nmysecret"', 'password_file: p'));
  const again = parseConfig(renderConfig(config), '/elsewhere/x.yml').config;
  assert.deepEqual(JSON.parse(JSON.stringify(again)), JSON.parse(JSON.stringify(config)));
  const secret = renderConfig(read(FULL).config);
  assert.ok(!secret.includes('mysecret') && secret.includes('<secret>'));
});

test('the starter is valid as it is and with its comments taken away', () => {
  const { config, warnings } = read(CONFIG_TEMPLATE);
  assert.deepEqual(warnings, []);
  assert.deepEqual(config, defaultConfig());
  const bare = CONFIG_TEMPLATE.replace(/^( *)# ((?:[a-z_]+:|- |  ).*)$/gm, '$1$2');
  const { config: full } = read(bare);
  assert.deepEqual(
    full.scrapes.map((scrape) => scrape.jobName),
    ['node', 'services'],
  );
  assert.equal(full.scrapes[1].relabel.length, 1);
  assert.equal(full.dataDir, '/etc/mon/data');
});

test('nearest names', () => {
  assert.equal(nearestName('retension', ['retention', 'listen']), 'retention');
  assert.equal(nearestName('completely_else', ['retention', 'listen']), undefined);
});

test('mutated files are read or refused with a UserError', () => {
  const seed = 3;
  const random = seededRandom(seed);
  const letters = ':-[]{}&*!|>\'"%@`#,?\n \tab0';
  for (let round = 0; round < 400; round++) {
    let text = FULL;
    for (let n = random() * 6; n > 0; n--) {
      const at = Math.floor(random() * text.length);
      const cut = Math.floor(random() * 3);
      const letter = letters[Math.floor(random() * letters.length)];
      text = text.slice(0, at) + letter + text.slice(at + cut);
    }
    try {
      read(text);
    } catch (thrown) {
      const fine = thrown instanceof UserError;
      assert.ok(fine, `seed ${seed}, round ${round}: ${String(thrown)}\n${text}`);
    }
  }
});
