// Scraping end to end against real HTTP servers on free ports: what is taken, what marks a target
// down and why, staleness in all its cases, reload, discovery by file.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { ScrapeConfig } from '../../../src/engine/collector/scrape-config.ts';
import { RELABEL_DEFAULT } from '../../../src/engine/collector/scrape-config.ts';
import { ScrapeManager } from '../../../src/engine/collector/scrape-manager.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import type { Answer } from './scrape-double.ts';
import { until } from '../../support/until.ts';
import { DoorDouble, job, memoryFiles, serve } from './scrape-double.ts';

async function setUp(t: TestContext, answer: Answer) {
  const door = new DoorDouble();
  const files = new Map<string, string>();
  const warnings: string[] = [];
  const manager = new ScrapeManager({
    door,
    clock: systemClock,
    disk: memoryFiles(files),
    warn: (sentence) => warnings.push(sentence),
  });
  const server = await serve(answer);
  t.after(async () => {
    await manager.stop();
    await server.close();
    assert.equal(door.heldCount, 0, 'every ref is given back');
  });
  const apply = (more: Partial<ScrapeConfig> = {}) => {
    const group = { source: 'static/0', targets: [server.address], labels: {} };
    return manager.apply([job({ staticConfigs: [group], ...more })]);
  };
  const scrapes = (n: number) => until(`${n} scrapes`, () => door.values('up').length >= n);
  return { door, files, warnings, manager, server, apply, scrapes };
}

const say =
  (body: string | (() => string), headers: Record<string, string> = {}): Answer =>
  (_, reply) => {
    reply.writeHead(200, { 'Content-Type': 'text/plain', ...headers });
    reply.end(typeof body === 'string' ? body : body());
  };

test('a scrape is taken with its labels, reports and metadata', async (t) => {
  const body = '# HELP a Help.\n# TYPE a counter\na{x="1"} 5\na{x="1",job="inner"} 6 1000\nb NaN\n';
  const { door, manager, server, apply, scrapes } = await setUp(t, say(body));
  await apply({ params: { q: ['1', '2'] } });
  await scrapes(3);
  assert.equal(server.requests[0].url, '/metrics?q=1&q=2');
  assert.match(server.requests[0].headers.accept ?? '', /^application\/openmetrics-text/);
  assert.equal(server.requests[0].headers['x-prometheus-scrape-timeout-seconds'], '0.2');
  const texts = door.series.map((labels) => labels.join('|'));
  const tail = `instance|${server.address}|job|test`;
  assert.ok(texts.includes(`__name__|a|${tail}|x|1`), texts.join('\n'));
  assert.ok(texts.includes(`__name__|a|exported_job|inner|${tail}|x|1`));
  assert.equal(door.values('a', 'exported_job=inner')[0], 6);
  const own = door.rows.find((row) => row.value === 6);
  assert.equal(own?.timeMs, 1000);
  assert.ok(Number.isNaN(door.values('b')[0]));
  assert.deepEqual(door.values('up').slice(0, 3), [1, 1, 1]);
  assert.equal(door.values('scrape_samples_scraped')[0], 3);
  assert.equal(door.values('scrape_samples_post_metric_relabeling')[0], 3);
  assert.deepEqual(door.values('scrape_series_added').slice(0, 2), [3, 0]);
  assert.ok((door.values('scrape_duration_seconds')[0] as number) < 1);
  assert.deepEqual(door.entries, [{ family: 'a', type: 'counter', help: 'Help.', unit: '' }]);
  const [status] = manager.active();
  assert.equal(status.health, 'up');
  assert.equal(status.scrapeUrl, `http://${server.address}/metrics?q=1&q=2`);
  assert.ok(status.discoveredLabels.includes('__address__'));
  // All samples of one scrape bear one time, and full steps lie between the scrapes.
  const times = [...new Set(door.rows.filter((r) => r.value !== 6).map((row) => row.timeMs))];
  assert.ok(times.length >= 3 && times.every((time) => Number.isInteger(time)));
});

test('honor_labels, honor_timestamps, metric relabelling', async (t) => {
  const body = 'a{job="inner",instance=""} 1 1000\ndrop_me 2\nc{keep="x",tmp="y"} 3\n';
  const { door, apply, scrapes } = await setUp(t, say(body));
  const rule = { ...RELABEL_DEFAULT, sourceLabels: ['__name__'], regex: 'drop_.*' };
  await apply({
    honorLabels: true,
    honorTimestamps: false,
    metricRelabel: [
      { ...rule, action: 'drop' },
      { ...RELABEL_DEFAULT, action: 'labeldrop', regex: 'tmp' },
    ],
  });
  await scrapes(2);
  const texts = door.series.map((labels) => labels.join('|'));
  assert.ok(texts.includes('__name__|a|job|inner'), texts.join('\n'));
  assert.ok(texts.some((text) => /^__name__\|c\|instance\|.*\|job\|test\|keep\|x$/.test(text)));
  assert.ok(!texts.some((text) => text.includes('drop_me')));
  assert.ok(door.rows.every((row) => row.timeMs > 1000));
  assert.equal(door.values('scrape_samples_scraped')[0], 3);
  assert.equal(door.values('scrape_samples_post_metric_relabeling')[0], 2);
});

test('each encoding is inflated, OpenMetrics is told by its type', async (t) => {
  const text = 'a 1 # {t="x"} 2\n# EOF\n';
  const encodings: [string, Uint8Array][] = [
    ['gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['identity', Buffer.from(text)],
  ];
  let n = 0;
  const { door, apply, scrapes } = await setUp(t, (_, reply) => {
    const [encoding, body] = encodings[Math.min(n++, encodings.length - 1)];
    const type = 'application/openmetrics-text; version=1.0.0';
    reply.writeHead(200, { 'Content-Type': type, 'Content-Encoding': encoding });
    reply.end(body);
  });
  await apply();
  await scrapes(5);
  assert.deepEqual(door.values('up').slice(0, 5), [1, 1, 1, 1, 1]);
  assert.deepEqual(door.values('a').slice(0, 5), [1, 1, 1, 1, 1]);
});

const big = (size: number): Uint8Array => gzipSync(Buffer.alloc(size, 10));

const FAILURES: [string, Answer, Partial<ScrapeConfig>, RegExp][] = [
  ['a broken body', say('a 1\nb oops\n'), {}, /^line 2, column 3: the value 'oops' is no number$/],
  ['a body that is not UTF-8', (_, r) => r.end(Buffer.from('a{b="\xff"} 1\n', 'latin1')), {},
    /^line 1, column 6: .*UTF-8/],
  ['a cut OpenMetrics body', say('a 1\n', { 'Content-Type': 'application/openmetrics-text' }), {},
    /it was cut/],
  ['HTML', say('<html></html>'), {}, /line 1, column 1: expected a metric name/],
  ['a status', (_, r) => r.writeHead(404).end(), {}, /HTTP status 404 Not Found/],
  ['a redirect not followed', (_, r) => r.writeHead(302, { Location: '/x' }).end(),
    { followRedirects: false }, /HTTP status 302/],
  ['a circle of redirects', (_, r) => r.writeHead(302, { Location: '/x' }).end(), {},
    /more than 10 redirects/],
  ['a redirect to a file', (_, r) => r.writeHead(302, { Location: 'file:///etc/passwd' }).end(), {},
    /leads to no http/],
  ['silence', () => undefined, {}, /no whole answer within 200ms/],
  ['a trickle', (_, r) => void r.write('a 1\n'), {}, /no whole answer within 200ms/],
  ['a body too large', say('#'.repeat(200)), { bodyBytesMax: 100 }, /larger than 100 bytes/],
  ['a stream too large', (_, r) => {
    r.write('#'.repeat(80));
    r.end('#'.repeat(80));
  }, { bodyBytesMax: 100 }, /larger than 100 bytes/],
  ['a bomb', (_, r) => r.writeHead(200, { 'Content-Encoding': 'gzip' }).end(big(50_000)),
    { bodyBytesMax: 10_000 }, /larger than 10000 bytes/],
  ['no gzip', say('a 1\n', { 'Content-Encoding': 'gzip' }), {}, /the body is not gzip/],
  ['an unknown encoding', say('a 1\n', { 'Content-Encoding': 'constructor' }), {},
    /unknown Content-Encoding/],
  ['too many samples', say('a 1\nb 2\nc 3\n'), { sampleLimit: 2 }, /3 samples, sample_limit is 2/],
  ['too many labels', say('a{b="1"} 1\n'), { labelLimit: 3 }, /line 1: 4 labels, label_limit is 3/],
  ['a long name', say('a{long="1"} 1\n'), { labelNameBytesMax: 8, labelValueBytesMax: 3 },
    /label_value_length_limit is 3/],
  ['too many targets', say('a 1\n'), { targetLimit: 1,
    staticConfigs: [{ source: 's', targets: ['127.0.0.1:1', '127.0.0.1:2'], labels: {} }] },
    /2 targets in this job, target_limit is 1/],
  ['nobody there', say(''), {
    staticConfigs: [{ source: 's', targets: ['127.0.0.1:1'], labels: {} }] }, /ECONNREFUSED/],
  ['a name relabelled away', say('a 1\n'), {
    metricRelabel: [{ ...RELABEL_DEFAULT, action: 'labeldrop', regex: '__name__' }] },
    /line 1, column 1: a series without a metric name/],
]; // prettier-ignore

for (const [what, answer, config, want] of FAILURES) {
  test(`the target is down and nothing is taken: ${what}`, async (t) => {
    const { door, manager, apply, scrapes } = await setUp(t, answer);
    await apply(config);
    await scrapes(1);
    // A busy machine may first run out of the 40 ms; the failure meant here comes with the next.
    await until(`an error like ${want}`, () => want.test(manager.active()[0].lastError));
    assert.ok(door.values('up').every((value) => value === 0));
    assert.deepEqual(door.values('a'), []);
    assert.equal(manager.active()[0].health, 'down');
  });
}

test('a redirect is followed, credentials stay at home', async (t) => {
  const away = await serve(say('a 1\n'));
  t.after(() => away.close());
  const { door, files, server, apply, scrapes } = await setUp(t, (request, reply) => {
    const Location = request.url === '/metrics' ? '/here' : `http://${away.address}/there`;
    reply.writeHead(307, { Location }).end();
  });
  files.set('/secret', 'pass\n');
  await apply({ auth: { kind: 'basic', username: 'me', passwordFile: '/secret' } });
  await scrapes(1);
  assert.equal(door.values('a')[0], 1);
  const want = `Basic ${Buffer.from('me:pass').toString('base64')}`;
  assert.deepEqual(
    server.requests.slice(0, 2).map((r) => r.headers.authorization),
    [want, want],
  );
  assert.equal(away.requests[0].headers.authorization, undefined);
});

test('a bearer token from a file is read anew, a missing one marks the target down', async (t) => {
  const { files, manager, server, apply, scrapes } = await setUp(t, say('a 1\n'));
  await apply({ auth: { kind: 'credentials', type: 'Bearer', credentialsFile: '/token' } });
  await scrapes(1);
  assert.match(manager.active()[0].lastError, /no file \/token/);
  files.set('/token', 'one');
  await until('a request', () => server.requests.length > 0);
  assert.equal(server.requests[0].headers.authorization, 'Bearer one');
});

test('series that vanish, a target that fails, a target that comes back', async (t) => {
  let body = 'a 1\nb 2\nwith_time 3 5000\n';
  const { door, server, apply, scrapes } = await setUp(
    t,
    say(() => body),
  );
  await apply();
  await scrapes(2);
  body = 'a 1\n';
  await until('b is stale', () => door.last('b') === 'stale');
  assert.equal(door.last('with_time'), 3, 'a series with its own times is not tracked');
  assert.notEqual(door.last('a'), 'stale');
  const shown = door.values('b').filter((value) => value === 'stale').length;
  server.answer = (_, reply) => void reply.writeHead(500).end();
  await until('a is stale', () => door.last('a') === 'stale');
  assert.equal(door.last('up'), 0);
  body = 'a 7\nb 8\n';
  server.answer = say(() => body);
  await until('all are back', () => door.last('a') === 7 && door.last('b') === 8);
  assert.equal(shown, 1, 'one stale marker is enough');
});

test('a removed target is marked stale, reports included; a shutdown marks nothing', async (t) => {
  const { door, manager, apply, scrapes } = await setUp(t, say('a 1\n'));
  await apply();
  await scrapes(2);
  await manager.apply([]);
  assert.equal(door.last('a'), 'stale');
  assert.equal(door.last('up'), 'stale');
  assert.deepEqual(manager.active(), []);
  assert.equal(door.heldCount, 0);
  await apply();
  await until('it is back', () => door.last('a') === 1);
  await manager.stop();
  assert.equal(door.last('a'), 1);
});

test('a reload keeps what did not change and hands over what did', async (t) => {
  let body = 'a 1\nb 1\n';
  const { door, server, manager, apply, scrapes } = await setUp(
    t,
    say(() => body),
  );
  await apply();
  await scrapes(2);
  const before = manager.active()[0].lastScrapeMs;
  await apply();
  assert.equal(manager.active()[0].lastScrapeMs >= before, true);
  assert.equal(manager.active()[0].health, 'up');
  body = 'a 1\n';
  await apply({ timeoutMs: 45 });
  await until('b is stale', () => door.last('b') === 'stale');
  assert.ok(!door.values('a').includes('stale'));
  assert.ok(!door.values('up').includes('stale'));
  assert.ok(server.requests.length > 2);
});

test('refused series are counted and told once, the rest is taken', async (t) => {
  const { door, manager, warnings, apply, scrapes } = await setUp(t, say('a{refuse="x"} 1\nb 2\n'));
  await apply();
  await scrapes(3);
  assert.deepEqual([door.last('b'), door.last('up'), door.values('a').length], [2, 1, 0]);
  assert.ok(manager.counters.refused >= 3);
  assert.equal(warnings.filter((warning) => warning.includes('refused')).length, 1);
});

test('a full disk loses the scrape but not the loop', async (t) => {
  const { door, manager, warnings, apply, scrapes } = await setUp(t, say('a 1\n'));
  door.full = true;
  await apply();
  await until('a loss', () => manager.counters.lost > 0);
  assert.match(manager.active()[0].lastError, /could not be stored: the disk is full/);
  assert.match(warnings[0], /a scrape of http.* could not be stored/);
  door.full = false;
  await scrapes(1);
  assert.equal(door.last('a'), 1);
});

test('file discovery: JSON, YAML, globs, broken files keep their targets', async (t) => {
  const { door, files, manager, warnings, server, apply } = await setUp(t, say('a 1\n'));
  const { address } = server;
  files.set('/sd/a.json', JSON.stringify([{ targets: [address], labels: { zone: '1' } }]));
  files.set('/sd/b.yml', `- targets: ['${address}']\n  labels: {zone: 2}\n`);
  files.set('/sd/ignored.txt', '???');
  const relabel = [
    { ...RELABEL_DEFAULT, sourceLabels: ['__meta_filepath'], targetLabel: 'file' },
    { ...RELABEL_DEFAULT, action: 'drop' as const, sourceLabels: ['zone'], regex: '9' },
  ];
  const fileConfigs = [{ files: ['/sd/*.json', '/sd/b.y?l'], refreshMs: 10 }];
  await apply({ staticConfigs: [], fileConfigs, relabel });
  const shown = () => manager.active().map((target) => target.labels.join('|'));
  const label = (file: string, zone: string) =>
    `file|/sd/${file}|instance|${address}|job|test|zone|${zone}`;
  assert.deepEqual(shown(), [label('a.json', '1'), label('b.yml', '2')]);
  await until('both are up', () => new Set(door.series.map((l) => l.join())).size >= 12);
  files.set('/sd/a.json', '[{"targets": ["x"');
  await until('a complaint', () => manager.discoveryFailures() > 0);
  assert.match(warnings[0], /\/sd\/a.json: .*the targets known so far stay/);
  assert.equal(shown().length, 2);
  files.set('/sd/a.json', JSON.stringify([{ targets: [address], labels: { zone: '9' } }]));
  files.delete('/sd/b.yml');
  await until('both are gone', () => shown().length === 0);
  assert.equal(manager.dropped().length, 1);
  await until('stale', () => door.last('up', 'zone=2') === 'stale');
  assert.equal(door.last('a', 'zone=1'), 'stale');
});

test('internal targets go the same way; a hanging one times out', async (t) => {
  const { door, manager } = await setUp(t, say(''));
  const common = { instance: 'here', intervalMs: 50, timeoutMs: 20 };
  const render = () => new TextEncoder().encode('a 1\n');
  manager.addInternal({ job: 'inner', labels: { region: 'eu' }, ...common, render });
  manager.addInternal({ job: 'hangs', ...common, render: () => new Promise(() => {}) });
  await until('both', () => door.values('up').length >= 4);
  assert.equal(door.values('a', 'region=eu')[0], 1);
  assert.equal(door.values('up', 'job=inner')[0], 1);
  assert.equal(door.values('up', 'job=hangs')[0], 0);
});
