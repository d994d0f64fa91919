// `mon up` with its result cache in a real Redis: a dashboard hits; Redis killed in the middle
// makes misses, never an error; started again it is used again. And an address that is none.
import { strict as assert } from 'node:assert';
import { it } from 'node:test';
import { skipWithout } from '../support/program.ts';
import { RealRedis } from '../support/real-redis.ts';
import { until } from '../support/until.ts';
import { MonFolder, endsBySelf, writeSamples } from './mon-folder.ts';

const skip = skipWithout('redis-server') === false ? false : 'needs redis';
const MINUTE = 60;

it('hits, loses it, goes on, finds it again', { skip }, async () => {
  const redis = await RealRedis.start();
  const folder = await MonFolder.make();
  try {
    const keys = 'host_agent: false, self_scrape: false';
    const mon = await folder.start(`mon: {${keys}, cache_redis: '${redis.url}'}\n`);
    const now = Math.floor(Date.now() / 1000 / MINUTE) * MINUTE;
    const samples = Array.from({ length: 120 }, (_, i) => ({
      timestamp: (now - 7200 + i * MINUTE) * 1000,
      value: i,
    }));
    await writeSamples(mon.url, [{ labels: { __name__: 'm' }, samples }]);
    const ask = async (): Promise<{ cache: string | null; text: string }> => {
      const times = `start=${now - 7200}&end=${now - 1800}&step=${MINUTE}`;
      const response = await fetch(`${mon.url}/api/v1/query_range?query=m&${times}`);
      assert.equal(response.status, 200);
      return { cache: response.headers.get('x-mon-cache'), text: await response.text() };
    };
    const hits = async (): Promise<boolean> => (await ask()).cache === 'hit';
    await until('the cache is used', hits);
    const { text } = await ask();
    await redis.kill();
    for (let i = 0; i < 20; i++) {
      const answer = await ask();
      assert.equal(answer.text, text);
      assert.equal(answer.cache, 'miss');
    }
    await redis.again();
    await until('the cache is used again', hits);
    assert.equal((await ask()).text, text);
    assert.match(mon.output(), /the result cache is away/);
  } finally {
    await folder.remove();
    await redis.kill();
  }
});

it('an address that is none is a mistake in the file', async () => {
  const folder = await MonFolder.make();
  try {
    const path = await folder.file('mon.yml', 'mon:\n  cache_redis: localhost:6379\n');
    const { code, stderr } = await endsBySelf(['config', 'check', path]);
    assert.equal(code, 2);
    assert.match(stderr, /mon\.yml:2:\d+: no address of a Redis/);
    assert.match(stderr, /redis:\/\/HOST:PORT/);
  } finally {
    await folder.remove();
  }
});
