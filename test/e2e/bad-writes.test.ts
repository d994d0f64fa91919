// What a sender can do wrong with a real `mon up`: every such body is refused with 400 or 413, and
// afterwards the server holds exactly what it held before.
import { strict as assert } from 'node:assert';
import { request } from 'node:http';
import { after, before, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import snappy from 'snappy';
import type { MonProcess } from '../support/mon-process.ts';
import { WRITE_HEADERS, encodeWriteRequest, writeRequestBody } from '../support/write-request.ts';
import { MonFolder, numberOf, postWrite, writeSamples } from './mon-folder.ts';

const MIB = 1024 * 1024;

let folder: MonFolder;
let mon: MonProcess;
const series = (name: string, value = 1) => ({
  labels: { __name__: name, of: name },
  samples: [{ timestamp: Date.now(), value }],
});

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start();
  assert.equal((await writeSamples(mon.url, [series('before'), series('other')])).status, 204);
});
after(async () => await folder.remove());

/** Series and samples that the server holds. */
async function held(): Promise<number[]> {
  const every = 'count_over_time({__name__!=""}[1h])';
  return [await numberOf(mon.url, `count(${every})`), await numberOf(mon.url, `sum(${every})`)];
}

/** Declares that it unfolds to 2 GiB. */
const declaredBomb = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x08, 0x00, 0x00]);
const body = (): Buffer => writeRequestBody([series('intruder')]);
const plain = (): Buffer => encodeWriteRequest([series('intruder')]);

const BODIES: readonly (readonly [string, number, () => Uint8Array])[] = [
  ['nothing of snappy', 400, () => Buffer.from('intruder 1\n')],
  ['protobuf that was not compressed', 400, plain],
  ['gzip', 400, () => gzipSync(plain())],
  ['a snappy block that was cut', 400, () => body().subarray(0, -3)],
  ['snappy of text', 400, () => snappy.compressSync('hello, I intrude') as Buffer],
  [
    'snappy of a message that was cut',
    400,
    () => snappy.compressSync(plain().subarray(0, -3)) as Buffer,
  ],
  [
    'a good series, then rubbish',
    400,
    () =>
      snappy.compressSync(
        Buffer.concat([plain(), Buffer.from([0x0a, 0xff, 0x01, 0x00])]),
      ) as Buffer,
  ],
  ['a block that says it is 2 GiB', 413, () => declaredBomb],
  ['a real bomb', 413, () => snappy.compressSync(Buffer.alloc(256 * MIB)) as Buffer],
  ['more than may be sent', 413, () => Buffer.alloc(17 * MIB, 1)],
];

for (const [what, status, bytes] of BODIES) {
  it(`${what}: ${status}, and nothing changes`, async () => {
    const was = await held();
    const answer = await postWrite(mon.url, bytes());
    assert.equal(answer.status, status, answer.text);
    const said = JSON.parse(answer.text) as { status: string; error: string };
    assert.equal(said.status, 'error');
    assert.match(said.error, /^[^\n]{10,200}$/);
    assert.deepEqual(await held(), was);
  });
}

it('a body without a length that never ends is cut off at the limit', async () => {
  const was = await held();
  const status = await new Promise<number | string>((resolve) => {
    const url = new URL(`${mon.url}/api/v1/write`);
    const sent = request(url, { method: 'POST', headers: WRITE_HEADERS }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    const piece = Buffer.alloc(MIB, 7);
    const more = (): void => {
      if (!sent.destroyed) sent.write(piece, more);
    };
    more();
  });
  assert.equal(status, 413);
  assert.deepEqual(await held(), was);
});

it('another protocol is 415', async () => {
  const was = await held();
  const two = { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v3.Request' };
  const answer = await postWrite(mon.url, body(), { ...WRITE_HEADERS, ...two });
  assert.equal(answer.status, 415, answer.text);
  assert.deepEqual(await held(), was);
});

it('a series that is no series is refused alone', async () => {
  const was = await held();
  const bad = { labels: [['a', 'b']] as const, samples: series('x').samples };
  const answer = await writeSamples(mon.url, [series('good'), bad, series('also_good')]);
  assert.equal(answer.status, 400, answer.text);
  assert.deepEqual(await held(), [was[0] + 2, was[1] + 2]);
  assert.equal((await writeSamples(mon.url, [series('after')])).status, 204);
});
