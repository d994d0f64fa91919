// collectd's value lists: names and labels as its own write_prometheus has them, what is refused
// alone, what refuses the body, and a fuzz that may end in nothing but the declared error.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { fromCollectd } from '../../../src/engine/wire/collectd-json.ts';
import { WritePen } from '../../../src/engine/wire/write-pen.ts';
import { below } from '../../support/random-histograms.ts';
import { writtenLines } from '../../support/write-request-oracle.ts';

function read(text: string | Uint8Array) {
  const pen = new WritePen();
  const counts = fromCollectd(Buffer.from(text), pen, 42);
  return { ...counts, ...writtenLines(pen.written) };
}

const CPU = {
  ...{ values: [1_901_474_177], dstypes: ['derive'], dsnames: ['value'], time: 1280959128.25 },
  ...{ interval: 10, host: 'box', plugin: 'cpu', plugin_instance: '0' },
  ...{ type: 'cpu', type_instance: 'idle' },
};

test('names and labels as write_prometheus has them', () => {
  const octets = {
    ...{ values: [1, 2], dstypes: ['derive', 'derive'], dsnames: ['rx', 'tx'], time: 1 },
    ...{ host: 'box', plugin: 'interface', plugin_instance: 'eth0', type: 'if_octets' },
  };
  const load = { values: [0.5], dstypes: ['gauge'], time: 2, host: '', plugin: 'load-x' };
  const lists = [CPU, octets, { ...load, type: 'load', type_instance: 'short' }];
  assert.deepEqual(read(JSON.stringify(lists)).lines, [
    'collectd_cpu_total{cpu="0",instance="box",type="idle"} 1901474177 1280959128250',
    'collectd_interface_if_octets_rx_total{instance="box",interface="eth0"} 1 1000',
    'collectd_interface_if_octets_tx_total{instance="box",interface="eth0"} 2 1000',
    'collectd_load_x_load{load_x="short"} 0.5 2000',
  ]);
});

test('what is no value is refused alone, null and notifications are passed', () => {
  const { lines, refused, examples } = read(
    JSON.stringify([
      { ...CPU, values: [null] },
      { severity: 'OKAY', message: 'all is well' },
      { ...CPU, values: ['1'] },
      { ...CPU, host: 7 },
      { ...CPU, plugin: '' },
      { ...CPU, time: 'now' },
      { ...CPU, dstypes: ['sum'] },
      7,
      { ...CPU, values: [3], time: undefined },
      JSON.parse('{"values": [1], "plugin": "a", "type": "a", "__proto__": {"host": "x"}}'),
    ]),
  );
  assert.deepEqual(lines, [
    'collectd_cpu_total{cpu="0",instance="box",type="idle"} 3 42',
    'collectd_a{} 1 42',
  ]);
  assert.equal(refused, 6);
  assert.match(examples.join('; '), /list 3: a value is no number; list 4: host, plugin or type/);
});

test('a body of another form is refused whole', () => {
  for (const text of ['', '{}', '[', 'PUTVAL box/cpu 1:2', '\u0000']) {
    assert.throws(() => read(text), { code: 'MON_BODY_MALFORMED' }, text);
  }
  assert.throws(() => read(Uint8Array.of(0x5b, 0xff, 0x5d)), { code: 'MON_BODY_MALFORMED' });
});

test('mutated bodies are read or refused', () => {
  const seed = 404;
  const random = seededRandom(seed);
  const plain = Buffer.from(JSON.stringify([CPU, { ...CPU, values: [1, 2, 3] }]));
  for (let round = 0; round < 4000; round++) {
    const bytes = Uint8Array.from(plain);
    for (let k = below(random, 4); k >= 0; k--) {
      bytes[below(random, bytes.length)] = '0123456789-[]{}",:.e'.charCodeAt(below(random, 20));
    }
    try {
      read(bytes);
    } catch (thrown) {
      const known = thrown instanceof MonError && thrown.code === 'MON_BODY_MALFORMED';
      assert.ok(known, `seed ${seed}, round ${round}: ${String(thrown)}`);
    }
  }
});
