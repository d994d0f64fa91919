// `mon kafka init` and `check` from the outside: output, words on stderr and exit code, over real
// brokers that speak TLS or want a password. Easy to get wrong: a refused certificate must not look
// like a broker that is not there.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { runCli } from '../support/run-cli.ts';

const skip = lacksKafka();

describe('mon kafka over one broker that speaks TLS', { skip }, () => {
  let kafka: KafkaCluster;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mon-kafka-tls-'));
    kafka = await KafkaCluster.start({
      brokers: 1,
      secured: { protocol: 'SSL', properties: await tlsProperties(folder) },
    });
  });
  after(async () => {
    await kafka?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const secured = (): string => `127.0.0.1:${kafka.broker(1).securedPort}`;

  it('makes the topics once, checks them, and exits by what it finds', async () => {
    const at = ['--brokers', kafka.bootstrap, '--replication', '1', '-o', 'csv'];
    const missing = await runCli(['kafka', 'check', ...at]);
    assert.equal(missing.code, 1);
    assert.match(missing.stdout, /^metrics\.raw,missing,.*mon kafka init --brokers/m);
    for (const [verb, state] of [
      ['init', 'made'],
      ['init', 'good'],
      ['check', 'good'],
    ]) {
      const done = await runCli(['kafka', verb, ...at]);
      assert.equal(done.code, 0, done.stderr);
      const rows = done.stdout.trim().split('\n').slice(1);
      assert.deepEqual(
        rows.map((row) => row.split(',').slice(0, 2).join(' ')),
        [`metrics.raw ${state}`, `alerts.triggered ${state}`],
      );
    }
  });

  it('says what is otherwise, and the command that mends it', async () => {
    const other = await runCli(['kafka', 'check', '--brokers', kafka.bootstrap, '-o', 'csv']);
    assert.equal(other.code, 1);
    assert.match(other.stdout, /metrics\.raw is on 1 of 3 brokers/);
    assert.match(other.stdout, /min\.insync\.replicas=1, expected 2",kafka-configs\.sh/);
    const three = ['kafka', 'init', '--brokers', kafka.bootstrap, '--topic', 'three'];
    const refused = await runCli(three);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /3 replicas .* there is 1 broker\nhint: .*--replication 1\n$/);
  });

  it('speaks TLS with an authority that it is given', async () => {
    const ca = ['--ca-file', join(folder, 'ca.pem')];
    const at = ['--brokers', secured(), '--replication', '1'];
    const done = await runCli(['kafka', 'init', ...at, ...ca]);
    assert.equal(done.code, 0, done.stderr);
  });

  it('tells a refused certificate in one line with what mends it', async () => {
    const done = await runCli(['kafka', 'check', '--brokers', secured(), '--tls']);
    assert.equal(done.stdout, '');
    assert.match(done.stderr, /^error: TLS with .* failed: .*\nhint: .*--ca-file.*\n$/);
    assert.notEqual(done.code, 0);
    const plain = await runCli(['kafka', 'check', '--brokers', kafka.bootstrap, '--tls']);
    assert.match(plain.stderr, /^error: TLS with .* failed: .*\nhint: .*leave --tls out\n$/);
  });
});

describe('mon kafka over one broker that wants a password', { skip }, () => {
  let kafka: KafkaCluster;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mon-kafka-sasl-'));
    const module = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
    const jaas = `${module} user_mon="secret-of-mon";`;
    const properties = [
      'sasl.enabled.mechanisms=PLAIN',
      `listener.name.secured.plain.sasl.jaas.config=${jaas}`,
    ];
    kafka = await KafkaCluster.start({
      brokers: 1,
      secured: { protocol: 'SASL_PLAINTEXT', properties },
    });
  });
  after(async () => {
    await kafka?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('signs in, and tells a wrong password without showing it', async () => {
    const file = join(folder, 'password');
    const brokers = `127.0.0.1:${kafka.broker(1).securedPort}`;
    const user = ['--sasl-mechanism', 'plain', '--sasl-username', 'mon'];
    const at = ['--brokers', brokers, '--replication', '1', ...user, '--sasl-password-file', file];
    await writeFile(file, 'secret-of-mon\n');
    const good = await runCli(['kafka', 'init', ...at]);
    assert.equal(good.code, 0, good.stderr);
    await writeFile(file, 'another-secret');
    const bad = await runCli(['kafka', 'check', ...at]);
    assert.notEqual(bad.code, 0);
    assert.match(bad.stderr, /^error: .* refuse the user or the password.*\nhint: .*\n$/);
    assert.doesNotMatch(bad.stderr, /another-secret/);
  });
});

/** An authority, a certificate for 127.0.0.1 by it, and the broker's lines for them. */
async function tlsProperties(folder: string): Promise<string[]> {
  const openssl = (...args: string[]): void => {
    const done = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
  };
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=mon test');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1');
  await writeFile(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1\n');
  const sign = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.pem', '-days', '2', ...sign);
  const [chain, secret] = await Promise.all(
    ['server.pem', 'server.key'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  const line = (text: string): string => text.trim().replaceAll('\n', ' \\\n');
  return [
    'listener.name.secured.ssl.keystore.type=PEM',
    `listener.name.secured.ssl.keystore.certificate.chain=${line(chain)}`,
    `listener.name.secured.ssl.keystore.key=${line(secret)}`,
  ];
}
