// Kubernetes discovery against an API server that pages, expires, restarts and asks who is there:
// every role's targets and labels, and that they are right after each of these.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { KubernetesDiscoveryConfig } from '../../../src/engine/collector/discovery-config.ts';
import { KubernetesDiscovery } from '../../../src/engine/collector/discovery-kubernetes.ts';
import { addresses, labelsAt, TestRoom } from '../../support/discovery-room.ts';
import type { FakeObject } from '../../support/fake-kubernetes.ts';
import { FakeKubernetes } from '../../support/fake-kubernetes.ts';
import { TEST_CERTIFICATE, TEST_KEY } from './tls-pair.ts';

const M = '__meta_kubernetes_';

async function setUp(t: TestContext, more: Partial<KubernetesDiscoveryConfig>, secure = false) {
  const api = new FakeKubernetes(secure ? { key: TEST_KEY, cert: TEST_CERTIFICATE } : undefined);
  await api.outage.up();
  const room = new TestRoom();
  const begin = (): KubernetesDiscovery =>
    new KubernetesDiscovery(
      {
        ...{ kind: 'kubernetes', role: 'pod', apiServer: api.url, namespaces: [] },
        ...{ ownNamespace: false, selectors: [], attachNode: false, attachNamespace: false },
        attachOwners: [],
        ...{ followRedirects: true, ...more },
      },
      room,
    );
  const discovery = begin();
  t.after(async () => {
    await discovery.stop();
    await api.outage.down().catch(() => undefined);
  });
  const shows = (...wanted: string[]) =>
    room.until(wanted.join(), () => addresses(discovery).join() === wanted.join());
  return { api, room, discovery, shows };
}

function pod(name: string, ip: string, more: Record<string, unknown> = {}): FakeObject {
  const ports = [{ name: 'web', containerPort: 80, protocol: 'TCP' }];
  return {
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, labels: { app: 'cart' }, ...more },
    spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'cart:1', ports }] },
    status: { podIP: ip, hostIP: '10.9.0.1', phase: 'Running', conditions: [] },
  };
}

test('pods appear, change and vanish; lists come in pages', async (t) => {
  const { api, discovery, shows, room } = await setUp(t, {});
  api.pageMax = 2;
  for (let i = 1; i <= 5; i++) api.put('pods', pod(`p${i}`, `10.0.0.${i}`));
  await discovery.start();
  const five = [1, 2, 3, 4, 5].map((i) => `10.0.0.${i}:80`);
  assert.deepEqual(addresses(discovery), five, 'the first answer is here when it has started');
  assert.equal(api.requests.filter((one) => one.includes('limit=')).length, 3);
  api.put('pods', pod('p6', '10.0.0.6'));
  await shows(...five, '10.0.0.6:80');
  api.put('pods', pod('p6', '10.0.0.66'));
  await shows(...five, '10.0.0.66:80');
  api.remove('pods', 'shop/p6');
  await shows(...five);
  api.put('pods', pod('later', ''));
  await room.pass(5000);
  assert.deepEqual(addresses(discovery), five, 'a pod without an address is no target');
  api.put('pods', pod('later', '10.0.0.7'));
  await shows(...five, '10.0.0.7:80');
  assert.equal(discovery.failures, 0, room.warnings.join());
});

test('labels of a pod', async (t) => {
  const { api, discovery } = await setUp(t, { attachNode: true, attachNamespace: true });
  const zone = { 'topology.kubernetes.io/zone': 'a' };
  const node = { name: 'n1', labels: zone, annotations: { rack: '7' } };
  api.put('nodes', { metadata: node });
  api.put('namespaces', { metadata: { name: 'shop', labels: { team: 'blue' } } });
  const owner = [{ kind: 'ReplicaSet', name: 'cart-1', controller: true }];
  const annotations = { 'prometheus.io/scrape': 'true', __proto__x: 'odd' };
  api.put('pods', pod('p', '10.0.0.1', { ownerReferences: owner, annotations }));
  await discovery.start();
  const found = labelsAt(discovery, '10.0.0.1:80');
  const wanted: Record<string, string> = {
    namespace: 'shop',
    pod_name: 'p',
    pod_ip: '10.0.0.1',
    pod_ready: 'unknown',
    pod_phase: 'Running',
    pod_node_name: 'n1',
    pod_host_ip: '10.9.0.1',
    pod_uid: 'uid-p',
    pod_controller_kind: 'ReplicaSet',
    pod_controller_name: 'cart-1',
    pod_label_app: 'cart',
    pod_labelpresent_app: 'true',
    pod_annotation_prometheus_io_scrape: 'true',
    pod_annotationpresent_prometheus_io_scrape: 'true',
    pod_annotation___proto__x: 'odd',
    pod_annotationpresent___proto__x: 'true',
    pod_container_name: 'main',
    pod_container_image: 'cart:1',
    pod_container_id: '',
    pod_container_init: 'false',
    pod_container_port_name: 'web',
    pod_container_port_number: '80',
    pod_container_port_protocol: 'TCP',
    node_name: 'n1',
    node_label_topology_kubernetes_io_zone: 'a',
    node_labelpresent_topology_kubernetes_io_zone: 'true',
    node_annotation_rack: '7',
    node_annotationpresent_rack: 'true',
    namespace_label_team: 'blue',
    namespace_labelpresent_team: 'true',
  };
  const named = Object.entries(wanted).map(([name, value]) => [`${M}${name}`, value]);
  assert.deepEqual(found, Object.fromEntries(named));
});

test('a watch that expires is begun anew from a list, as an event and as a status', async (t) => {
  const { api, room, discovery, shows } = await setUp(t, {});
  api.put('pods', pod('a', '10.0.0.1'));
  await discovery.start();
  await room.until('a watch', () => api.watching === 1);
  api.endWatches(true);
  // While nobody watches, a pod comes, one goes, and the history is forgotten.
  api.put('pods', pod('b', '10.0.0.2'));
  api.remove('pods', 'shop/a');
  api.compact();
  await shows('10.0.0.2:80');
  await room.until('a watch', () => api.watching === 1);
  api.endWatches();
  api.put('pods', pod('c', '10.0.0.3'));
  api.compact();
  await shows('10.0.0.2:80', '10.0.0.3:80');
  assert.equal(discovery.failures, 0, 'this is no failure');
});

test('a bookmark moves the version on, so that a quiet watch does not expire', async (t) => {
  const { api, room, discovery } = await setUp(t, { namespaces: ['shop'] });
  api.put('pods', pod('a', '10.0.0.1'));
  await discovery.start();
  await room.until('a watch', () => api.watching === 1);
  for (let i = 0; i < 5; i++) api.put('pods', { ...pod(`x${i}`, ''), metadata: { name: `x${i}` } });
  api.bookmark();
  await room.pass(5000);
  api.compact();
  api.endWatches();
  await room.until('a watch', () => api.watching === 1);
  const lists = api.requests.filter((one) => !one.includes('watch='));
  assert.equal(lists.length, 1, 'nothing was listed again');
});

test('a list whose pages expire begins anew', async (t) => {
  const { api, discovery, shows } = await setUp(t, {});
  api.pageMax = 1;
  for (let i = 1; i <= 3; i++) api.put('pods', pod(`p${i}`, `10.0.0.${i}`));
  const started = discovery.start();
  const { length } = api.requests;
  while (api.requests.length === length) await new Promise((resolve) => setImmediate(resolve));
  api.put('pods', pod('p4', '10.0.0.4'));
  api.compact();
  await shows('10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80', '10.0.0.4:80');
  await started;
});

test('an API server that is away for five minutes takes no target along', async (t) => {
  const { api, room, discovery, shows } = await setUp(t, {});
  api.put('pods', pod('a', '10.0.0.1'));
  api.put('pods', pod('b', '10.0.0.2'));
  await discovery.start();
  await api.outage.down();
  await room.pass(300_000);
  assert.deepEqual(addresses(discovery), ['10.0.0.1:80', '10.0.0.2:80']);
  assert.ok(discovery.failures >= 8 && discovery.failures < 40, String(discovery.failures));
  assert.equal(room.warnings.length, 1, 'said once');
  assert.match(room.warnings[0], /does not answer.*the targets known so far stay/);
  api.remove('pods', 'shop/a');
  api.put('pods', pod('c', '10.0.0.3'));
  api.compact();
  await api.outage.up();
  await shows('10.0.0.2:80', '10.0.0.3:80');
});

test('namespaces and selectors are asked for, not sifted here', async (t) => {
  const selectors = [{ role: 'pod', label: 'app=cart', field: '' }] as const;
  const { api, discovery } = await setUp(t, { namespaces: ['shop', 'b'], selectors });
  api.put('pods', pod('a', '10.0.0.1'));
  api.put('pods', pod('b', '10.0.0.2', { namespace: 'b' }));
  api.put('pods', pod('c', '10.0.0.3', { namespace: 'other' }));
  api.put('pods', pod('d', '10.0.0.4', { labels: { app: 'till' } }));
  await discovery.start();
  assert.deepEqual(addresses(discovery), ['10.0.0.1:80', '10.0.0.2:80']);
  assert.match(api.requests[0], /^\/api\/v1\/namespaces\/shop\/pods\?limit=500&labelSelector=app/);
});

test('nodes and services', async (t) => {
  const nodes = await setUp(t, { role: 'node' });
  const address = [
    { type: 'Hostname', address: 'n1' },
    { type: 'InternalIP', address: '10.9.0.1' },
  ];
  const conditions = [{ type: 'Ready', status: 'True' }];
  const daemonEndpoints = { kubeletEndpoint: { Port: 10250 } };
  const status = { addresses: address, daemonEndpoints, conditions };
  const spec = { providerID: 'aws:///x' };
  nodes.api.put('nodes', { metadata: { name: 'n1', labels: { disk: 'ssd' } }, spec, status });
  await nodes.discovery.start();
  assert.deepEqual(labelsAt(nodes.discovery, '10.9.0.1:10250'), {
    instance: 'n1',
    [`${M}node_name`]: 'n1',
    [`${M}node_provider_id`]: 'aws:///x',
    [`${M}node_condition_ready`]: 'true',
    [`${M}node_label_disk`]: 'ssd',
    [`${M}node_labelpresent_disk`]: 'true',
    [`${M}node_address_Hostname`]: 'n1',
    [`${M}node_address_InternalIP`]: '10.9.0.1',
  });
  const services = await setUp(t, { role: 'service' });
  services.api.put('services', {
    metadata: { name: 'cart', namespace: 'shop' },
    spec: { type: 'ClusterIP', clusterIP: '10.1.1.1', ports: [{ name: 'web', port: 80 }] },
  });
  await services.discovery.start();
  assert.deepEqual(labelsAt(services.discovery, 'cart.shop.svc:80'), {
    [`${M}namespace`]: 'shop',
    [`${M}service_name`]: 'cart',
    [`${M}service_port_name`]: 'web',
    [`${M}service_port_number`]: '80',
    [`${M}service_port_protocol`]: '',
    [`${M}service_type`]: 'ClusterIP',
    [`${M}service_cluster_ip`]: '10.1.1.1',
  });
});

function putShop(api: FakeKubernetes): void {
  const ports = [
    { name: 'web', containerPort: 80, protocol: 'TCP' },
    { name: 'debug', containerPort: 81, protocol: 'TCP' },
  ];
  const one = pod('a', '10.0.0.1');
  api.put('pods', { ...one, spec: { nodeName: 'n1', containers: [{ name: 'main', ports }] } });
  api.put('services', { metadata: { name: 'cart', namespace: 'shop', labels: { tier: 'x' } } });
}

test('endpoints: with their pod and service, other ports, no pod, not ready', async (t) => {
  const { api, room, discovery, shows } = await setUp(t, { role: 'endpoints' });
  putShop(api);
  const targetRef = { kind: 'Pod', name: 'a', namespace: 'shop' };
  const metadata = { name: 'cart', namespace: 'shop' };
  const ports = [{ name: 'web', port: 80, protocol: 'TCP' }];
  const addressesNow = [{ ip: '10.0.0.1', nodeName: 'n1', targetRef }];
  const notReadyAddresses = [{ ip: '192.0.2.1' }];
  const subsets = [{ addresses: addressesNow, notReadyAddresses, ports }];
  api.put('endpoints', { metadata, subsets });
  await discovery.start();
  await shows('10.0.0.1:80', '10.0.0.1:81', '192.0.2.1:80');
  const web = labelsAt(discovery, '10.0.0.1:80');
  assert.equal(web[`${M}endpoint_ready`], 'true');
  assert.equal(web[`${M}endpoint_node_name`], 'n1');
  assert.equal(web[`${M}endpoint_address_target_name`], 'a');
  assert.equal(web[`${M}service_label_tier`], 'x');
  assert.equal(web[`${M}pod_container_port_name`], 'web');
  assert.equal(labelsAt(discovery, '10.0.0.1:81')[`${M}pod_container_port_name`], 'debug');
  assert.equal(labelsAt(discovery, '192.0.2.1:80')[`${M}endpoint_ready`], 'false');
  api.put('services', { metadata: { name: 'cart', namespace: 'shop', labels: { tier: 'y' } } });
  const tier = () => labelsAt(discovery, '10.0.0.1:80')[`${M}service_label_tier`];
  await room.until('the label of the service', () => tier() === 'y');
  api.remove('endpoints', 'shop/cart');
  await shows();
});

test('endpointslices', async (t) => {
  const { api, discovery, shows } = await setUp(t, { role: 'endpointslice' });
  putShop(api);
  const labels = { 'kubernetes.io/service-name': 'cart' };
  const targetRef = { kind: 'Pod', name: 'a', namespace: 'shop' };
  const conditions = { ready: true, serving: true, terminating: false };
  const endpoint = { addresses: ['10.0.0.1'], conditions, nodeName: 'n1', zone: 'a', targetRef };
  api.put('endpointslices', {
    metadata: { name: 'cart-x', namespace: 'shop', labels },
    addressType: 'IPv4',
    endpoints: [endpoint],
    ports: [{ name: 'web', port: 80, protocol: 'TCP' }],
  });
  await discovery.start();
  await shows('10.0.0.1:80', '10.0.0.1:81');
  assert.match(api.requests.join(' '), /\/apis\/discovery\.k8s\.io\/v1\/endpointslices\?/);
  const found = labelsAt(discovery, '10.0.0.1:80');
  const slice = Object.keys(found).filter((name) => name.startsWith(`${M}endpointslice_`));
  assert.deepEqual(
    slice.sort().map((name) => name.slice(M.length + 14)),
    [
      ...['address_target_kind', 'address_target_name', 'address_type'],
      ...['endpoint_conditions_ready', 'endpoint_conditions_serving'],
      ...['endpoint_conditions_terminating', 'endpoint_node_name', 'endpoint_zone'],
      ...['label_kubernetes_io_service_name', 'labelpresent_kubernetes_io_service_name'],
      ...['name', 'port', 'port_name', 'port_protocol'],
    ],
  );
  assert.equal(found[`${M}service_name`], 'cart');
});

test('ingresses: a target for each path, https where a certificate covers the host', async (t) => {
  const { api, discovery, shows } = await setUp(t, { role: 'ingress', attachNamespace: true });
  api.put('namespaces', { metadata: { name: 'shop', labels: { team: 'blue' } } });
  const metadata = { name: 'front', namespace: 'shop', labels: { app: 'cart' } };
  const rules = [
    { host: 'a.example', http: { paths: [{ path: '/cart' }, {}] } },
    { host: 'b.c.example' },
    { host: 'x.b.c.example', http: { paths: [{ path: '/' }] } },
  ];
  const tls = [{ hosts: ['*.c.example'] }, {}];
  api.put('ingresses', { metadata, spec: { ingressClassName: 'nginx', tls, rules } });
  await discovery.start();
  assert.match(api.requests.join(' '), /\/apis\/networking\.k8s\.io\/v1\/ingresses\?/);
  const asked = discovery.groups().map(({ targets, labels }) => {
    return [...targets, labels[`${M}ingress_scheme`], labels[`${M}ingress_path`]].join(' ');
  });
  assert.deepEqual(asked, [
    ...['a.example http /cart', 'a.example http /'],
    ...['b.c.example https /', 'x.b.c.example http /'],
  ]);
  assert.deepEqual(labelsAt(discovery, 'b.c.example'), {
    [`${M}namespace`]: 'shop',
    [`${M}ingress_name`]: 'front',
    [`${M}ingress_class_name`]: 'nginx',
    [`${M}ingress_label_app`]: 'cart',
    [`${M}ingress_labelpresent_app`]: 'true',
    [`${M}ingress_scheme`]: 'https',
    [`${M}ingress_host`]: 'b.c.example',
    [`${M}ingress_path`]: '/',
    [`${M}namespace_label_team`]: 'blue',
    [`${M}namespace_labelpresent_team`]: 'true',
  });
  api.remove('ingresses', 'shop/front');
  await shows();
});

test('pods tell of deployments, jobs and cron jobs where that is asked for', async (t) => {
  const attachOwners = ['deployment', 'job', 'cronjob'] as const;
  const { api, room, discovery } = await setUp(t, { attachOwners });
  const owned = (kind: string, name: string) => [{ kind, name, controller: true }];
  const set = { name: 'cart-1', namespace: 'shop', ownerReferences: owned('Deployment', 'cart') };
  api.put('replicasets', { metadata: set });
  api.put('jobs', { metadata: { name: 'bill-7', namespace: 'shop' } });
  api.put('pods', pod('a', '10.0.0.1', { ownerReferences: owned('ReplicaSet', 'cart-1') }));
  api.put('pods', pod('b', '10.0.0.2', { ownerReferences: owned('Job', 'bill-7') }));
  api.put('pods', pod('c', '10.0.0.3', { ownerReferences: owned('ReplicaSet', 'gone') }));
  await discovery.start();
  assert.match(api.requests.join(' '), /\/apis\/apps\/v1\/replicasets\?/);
  assert.match(api.requests.join(' '), /\/apis\/batch\/v1\/jobs\?/);
  const told = (address: string) => {
    const labels = labelsAt(discovery, address);
    return ['deployment', 'job', 'cronjob'].map((name) => labels[`${M}pod_${name}_name`] ?? '-');
  };
  assert.deepEqual(told('10.0.0.1:80'), ['cart', '-', '-']);
  assert.deepEqual(told('10.0.0.2:80'), ['-', 'bill-7', '-']);
  assert.deepEqual(told('10.0.0.3:80'), ['-', '-', '-']);
  const job = { name: 'bill-7', namespace: 'shop', ownerReferences: owned('CronJob', 'bill') };
  api.put('jobs', { metadata: job });
  await room.until('the cron job', () => told('10.0.0.2:80')[2] === 'bill');
});

test('tokens: from a file with TLS, in the cluster from the service account', async (t) => {
  const auth = { kind: 'credentials', type: 'Bearer', credentialsFile: '/token' } as const;
  const tls = { insecureSkipVerify: false, caFile: '/ca', serverName: 'mon-test' };
  const { api, room, discovery } = await setUp(t, { auth, tls }, true);
  api.token = 's3cret';
  api.put('pods', pod('a', '10.0.0.1'));
  room.files.set('/ca', TEST_CERTIFICATE);
  room.files.set('/token', 'wrong');
  const started = discovery.start();
  await room.until('a refusal', () => room.warnings.length === 1);
  assert.match(room.warnings[0], /HTTP status 401/);
  room.files.set('/token', 's3cret\n');
  await room.until('a target', () => addresses(discovery).length === 1);
  await started;
});

test('outside of a cluster and without a server there is a sentence, not a crash', async (t) => {
  const { room, discovery } = await setUp(t, { apiServer: undefined });
  await discovery.start();
  assert.match(room.warnings[0], /runs in no Kubernetes cluster/);
  assert.deepEqual(discovery.groups(), []);
});
