// Discovery sections of the configuration: Prometheus' own shapes and defaults, every mistake with
// its place, and that what is shown means the same, secrets aside.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/engine/daemons/config.ts';
import { renderConfig } from '../../../src/engine/daemons/config-render.ts';
import { UserError } from '../../../src/engine/errors.ts';

const PATH = '/etc/mon/prometheus.yml';
const read = (text: string) => parseConfig(text, PATH);

const FULL = `
scrape_configs:
  - job_name: all
    dns_sd_configs:
      - {names: [a.example, b.example], refresh_interval: 15s}
      - {names: [c.example], type: aaaa, port: 80}
    http_sd_configs:
      - url: http://x/sd
        authorization: {credentials_file: token}
        tls_config: {ca_file: ca.pem}
    kubernetes_sd_configs:
      - role: endpoints
        api_server: https://k8s.example:6443
        bearer_token_file: /token
        namespaces: {names: [shop, till]}
        selectors:
          - {role: pod, label: app=x, field: metadata.name=y}
        attach_metadata: {node: true, cronjob: true, deployment: true, job: false}
      - role: pod
        namespaces: {own_namespace: true}
    consul_sd_configs:
      - server: consul:8500
        services: [cart]
        tags: [prod]
        node_meta: {rack: '7'}
        tag_separator: ';'
        allow_stale: false
        path_prefix: /consul
      - {}
    ec2_sd_configs:
      - region: eu-west-1
        port: 9100
        filters: [{name: 'tag:env', values: [prod, test]}]
`;

test("sections of Prometheus' own shapes, with its defaults", () => {
  const { config, warnings } = read(FULL);
  assert.deepEqual(warnings, []);
  const found = JSON.parse(JSON.stringify(config.scrapes[0].discoveries)) as unknown[];
  const plain = { followRedirects: true };
  assert.deepEqual(found, [
    { kind: 'dns', names: ['a.example', 'b.example'], type: 'SRV', port: 0, refreshMs: 15_000 },
    { kind: 'dns', names: ['c.example'], type: 'AAAA', port: 80, refreshMs: 30_000 },
    {
      ...{ kind: 'http', url: 'http://x/sd', refreshMs: 60_000, ...plain },
      auth: { kind: 'credentials', type: 'Bearer', credentialsFile: '/etc/mon/token' },
      tls: { caFile: '/etc/mon/ca.pem', insecureSkipVerify: false },
    },
    {
      ...{ kind: 'kubernetes', role: 'endpoints', apiServer: 'https://k8s.example:6443' },
      ...{ namespaces: ['shop', 'till'], ownNamespace: false, ...plain },
      selectors: [{ role: 'pod', label: 'app=x', field: 'metadata.name=y' }],
      ...{ attachNode: true, attachNamespace: false, attachOwners: ['deployment', 'cronjob'] },
      auth: { kind: 'credentials', type: 'Bearer', credentialsFile: '/token' },
    },
    {
      ...{ kind: 'kubernetes', role: 'pod', namespaces: [], ownNamespace: true, ...plain },
      ...{ selectors: [], attachNode: false, attachNamespace: false, attachOwners: [] },
    },
    {
      ...{ kind: 'consul', server: 'consul:8500', pathPrefix: '/consul', scheme: 'http' },
      ...{ datacenter: '', namespace: '', partition: '', services: ['cart'], tags: ['prod'] },
      ...{ nodeMeta: { rack: '7' }, filter: '', healthFilter: '', tagSeparator: ';' },
      ...{ allowStale: false, refreshMs: 30_000, ...plain },
    },
    {
      ...{ kind: 'consul', server: 'localhost:8500', pathPrefix: '', scheme: 'http' },
      ...{ datacenter: '', namespace: '', partition: '', services: [], tags: [] },
      ...{ nodeMeta: {}, filter: '', healthFilter: '', tagSeparator: ',' },
      ...{ allowStale: true, refreshMs: 30_000, ...plain },
    },
    {
      ...{ kind: 'ec2', region: 'eu-west-1', endpoint: '', accessKey: '', secretKey: '' },
      ...{ port: 9100, filters: [{ name: 'tag:env', values: ['prod', 'test'] }] },
      ...{ refreshMs: 60_000, ...plain },
    },
  ]);
});

test('what is shown means the same; secrets are not shown', () => {
  const { config } = read(FULL);
  const again = parseConfig(renderConfig(config), '/elsewhere/x.yml').config;
  assert.deepEqual(JSON.parse(JSON.stringify(again)), JSON.parse(JSON.stringify(config)));
  const secrets = `scrape_configs:
  - job_name: a
    consul_sd_configs: [{token: hush1}]
    ec2_sd_configs: [{access_key: AKID, secret_key: hush2}]
    http_sd_configs: [{url: 'http://x', basic_auth: {username: u, password: hush3}}]
`;
  const shown = renderConfig(read(secrets).config);
  assert.ok(!shown.includes('hush') && shown.includes('AKID'), shown);
  assert.equal(shown.split('<secret>').length, 4);
});

const job = (text: string): string => `scrape_configs:\n  - job_name: a\n    ${text}\n`;

const MISTAKES: [text: string, where: string, message: RegExp, hint: RegExp | undefined][] = [
  ['dns_sd_configs: [{}]', '3:22', /needs names/, undefined],
  ['dns_sd_configs: [{names: [a], type: TXT}]', '3:41', /one of A, AAAA, SRV, MX, NS/, undefined],
  ['dns_sd_configs: [{names: [a], type: A}]', '3:22', /A records carry no port/, /set port/],
  ['dns_sd_configs: [{names: [a], port: 0}]', '3:41', /from 1 to 65535/, undefined],
  ['dns_sd_configs: [{name: [a]}]', '3:23', /unknown field "name"/, /names/],
  ['http_sd_configs: [{}]', '3:23', /needs a url/, undefined],
  ['http_sd_configs: [{url: "ftp://x"}]', '3:29', /no http or https/, undefined],
  ['http_sd_configs: [{url: "http://u:p@x"}]', '3:29', /holds a user/, /basic_auth/],
  ['http_sd_configs: [{url: "http://x", refresh_interval: 0s}]', '3:59', /above 0/, undefined],
  ['kubernetes_sd_configs: [{}]', '3:29', /needs a role/, undefined],
  ['kubernetes_sd_configs: [{role: pods}]', '3:36', /role must be one of/, /did you mean pod/],
  ['kubernetes_sd_configs: [{role: pod, kubeconfig_file: x}]', '3:58', /not read/, /api_server/],
  ['kubernetes_sd_configs: [{role: pod, bearer_token: x}]', '3:36', /need an api_server/, /in a/],
  ['kubernetes_sd_configs: [{role: pod, selectors: [{role: service}]}]', '3:53',
    /role pod takes selectors for pod, node/, undefined],
  ['kubernetes_sd_configs: [{role: pod, selectors: [{role: pod}, {role: pod}]}]', '3:66',
    /two selectors for pod/, undefined],
  ['kubernetes_sd_configs: [{role: pod, api_server: "http://x", namespaces: {own_namespace: on}}]',
    '3:93', /within the cluster/, undefined],
  ['consul_sd_configs: [{server: "http://x"}]', '3:34', /HOST:PORT/, /localhost:8500/],
  ['consul_sd_configs: [{token: a, basic_auth: {username: u}}]', '3:33', /either token/, undefined],
  ['consul_sd_configs: [{username: u}]', '3:36', /belongs into basic_auth/, undefined],
  ['ec2_sd_configs: [{access_key: a}]', '3:35', /belong together/, undefined],
  ['ec2_sd_configs: [{role_arn: a}]', '3:33', /role_arn is not known/, /access_key/],
  ['ec2_sd_configs: [{filters: [{name: a}]}]', '3:33', /needs values/, undefined],
  ['ec2_sd_configs: [{endpoint: here}]', '3:33', /endpoint is no http/, undefined],
]; // prettier-ignore

test('mistakes have a place and a hint', () => {
  for (const [text, where, message, hint] of MISTAKES) {
    assert.throws(
      () => read(job(text)),
      (thrown: unknown) => {
        assert.ok(thrown instanceof UserError, `${text}: ${String(thrown)}`);
        assert.match(thrown.message, message, text);
        assert.ok(thrown.message.startsWith(`${PATH}:${where}: `), `${thrown.message} for ${text}`);
        if (hint !== undefined) assert.match(thrown.hint ?? '', hint, text);
        return true;
      },
      text,
    );
  }
});

test('kinds of discovery that are not spoken are named', () => {
  const { warnings } = read(job('azure_sd_configs: [{}]'));
  assert.match(warnings[0], /azure_sd_configs is not used yet: none of its targets/);
});
