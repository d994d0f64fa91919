// The small parts of the bridge without a broker: lists of brokers, keys of messages, dictionaries,
// generations of a topic, and what is different about a topic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadDictionaries, WrittenDictionaries } from '../../../src/engine/bridge/dictionaries.ts';
import { parseBrokers } from '../../../src/engine/bridge/kafka-access.ts';
import { kafkaFailure } from '../../../src/engine/bridge/kafka-failure.ts';
import { KEY_BYTES, decodeKey, encodeKey } from '../../../src/engine/bridge/message-key.ts';
import { generationOf } from '../../../src/engine/bridge/topic-generation.ts';
import { differences, rawSpec } from '../../../src/engine/bridge/topics.ts';
import { UserError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const SEED = 3;

test('brokers are read, and what is none is named', () => {
  assert.deepEqual(parseBrokers(' a:1, b.c:65535,[::1]:9092,'), ['a:1', 'b.c:65535', '[::1]:9092']);
  for (const bad of ['', ' , ', 'a', 'a:0', 'a:65536', 'a:1x', 'http://a:1', 'a b:1', ':9092']) {
    assert.throws(
      () => parseBrokers(bad),
      (thrown) => thrown instanceof UserError && thrown.hint?.includes('HOST:PORT') === true,
      bad,
    );
  }
});

test('keys come back, and what is no key of ours is none', () => {
  const random = seededRandom(SEED);
  for (let i = 0; i < 1000; i++) {
    const key = {
      epoch: Math.floor(random() * 2 ** 32),
      sequence: Math.floor(random() * 2 ** 32),
      from: Math.floor(random() * Number.MAX_SAFE_INTEGER),
      first: random() < 0.5,
    };
    const bytes = encodeKey(key);
    assert.deepEqual(decodeKey(bytes), key, `seed ${SEED}`);
    assert.equal(decodeKey(bytes.subarray(1)), undefined);
    bytes[0] = 2;
    assert.equal(decodeKey(bytes), undefined);
  }
  assert.equal(decodeKey(null), undefined);
  assert.equal(decodeKey(Buffer.alloc(KEY_BYTES)), undefined);
});

test('a dictionary is begun anew when it is worn or given up, under a number never used', () => {
  const written = new WrittenDictionaries(5, 2);
  const first = written.next(0, 10, 0);
  assert.deepEqual(first, { epoch: 5, sequence: 1, from: 10, first: true });
  assert.deepEqual(written.next(0, 12, 1), { epoch: 5, sequence: 1, from: 10, first: false });
  assert.equal(written.next(1, 0, 1).sequence, 2);
  written.wrote(0, 5 * 1024 * 1024);
  assert.deepEqual(written.next(0, 20, 2), { epoch: 5, sequence: 3, from: 20, first: true });
  assert.equal(written.next(0, 21, 6 * 60_000).first, true, 'by age');
  written.renewAll();
  assert.equal(written.next(1, 7, 2).first, true);
});

test('a reader forgets the producer that was silent longest, before a head does', () => {
  const read = new ReadDictionaries();
  const key = (epoch: number, first: boolean) => ({ epoch, sequence: 1, from: 0, first });
  assert.equal(read.standing(key(1, false)), 'unknown');
  assert.equal(read.standing(key(1, true)), 'known');
  for (let epoch = 2; epoch < 30; epoch++) read.standing(key(epoch, true));
  assert.equal(read.standing(key(1, false)), 'known', 'used again: the last to go');
  for (let epoch = 30; epoch < 61; epoch++) read.standing(key(epoch, true));
  assert.equal(read.standing(key(1, false)), 'known');
  assert.equal(read.standing(key(2, false)), 'unknown');
  read.lose(key(3, false));
  assert.equal(read.standing(key(3, false)), 'lost');
});

test('generations by the name of the topic', () => {
  const names = [
    'metrics.raw',
    'metrics.raw.g2',
    'metrics.raw.g12',
    'metrics.raw.g1',
    'metrics.ra',
  ];
  const told = [...names, 'metrics.raw.gx', 'metrics.raw.g02'].map((name) => {
    return generationOf(name, 'metrics.raw');
  });
  assert.deepEqual(told, [1, 2, 12, 0, 0, 0, 0]);
});

test('a topic as it has to be has no differences; each other setting has its command', () => {
  const spec = rawSpec();
  const facts = { partitions: 24, replication: 3, unwell: 0, settings: spec.settings };
  assert.deepEqual(differences(spec, facts, 'k:1'), []);
  const settings = {
    ...spec.settings,
    ...{ 'cleanup.policy': 'compact', 'compression.type': 'uncompressed', 'retention.ms': '1000' },
    ...{ 'unclean.leader.election.enable': 'true', 'max.message.bytes': '1048588' },
  };
  const found = differences(spec, { ...facts, partitions: 8, replication: 1, settings }, 'k:1');
  assert.equal(found.length, 7);
  assert.match(found[0].words, /8 partitions, expected 24/);
  assert.match(found[1].words, /on 1 of 3 brokers/);
  for (const { words, hint } of found.slice(2)) {
    const setting = words.split(' ')[2].split('=')[0];
    assert.ok(hint.startsWith('kafka-configs.sh --bootstrap-server k:1 --alter'), hint);
    assert.ok(hint.endsWith(`--add-config ${setting}=${spec.settings[setting]}`), hint);
  }
  const generous = {
    'retention.ms': '-1',
    'compression.type': 'lz4',
    'max.message.bytes': '9999999',
  };
  const better = { ...facts, settings: { ...spec.settings, ...generous } };
  assert.deepEqual(differences(spec, better, 'k:1'), []);
});

test('failures of kafkajs become one sentence with what mends it', () => {
  const told = (fields: object) => {
    const inner = Object.assign(new Error('Connection error: it broke'), fields);
    const outer = Object.assign(new Error('retries'), {
      ...{ name: 'KafkaJSNumberOfRetriesExceeded', originalError: inner },
    });
    const { code, message, hint } = kafkaFailure(outer, ['k:1']);
    return `${code}: ${message}: ${hint ?? ''}`;
  };
  assert.match(told({ code: 'ECONNREFUSED' }), /^MON_SERVER_UNREACHABLE: no answer .* at k:1: it/);
  assert.match(told({ code: 'SELF_SIGNED_CERT_IN_CHAIN' }), /^MON_CONFIG_INVALID: TLS .*--ca-file/);
  const sasl = told({ name: 'KafkaJSSASLAuthenticationError' });
  assert.match(sasl, /^MON_AUTH_REQUIRED: .*--sasl-password-file/);
  assert.match(told({ type: 'UNKNOWN_TOPIC_OR_PARTITION' }), /^MON_NOT_FOUND: .*mon kafka init/);
});
