// Who got a 2xx finds his samples at once: asked by X-Read-Consistency: strong past the result
// cache, and without the header over it, for new samples, late ones and new series. Through the
// real `mon up`. Easy to get wrong: the question before each write fills the cache with what the
// write then changes.
import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'node:test';
import { MonFolder, writeSamples } from './mon-folder.ts';

const ROUNDS = 100;
const STEP_S = 15;
const STRONG = { 'x-read-consistency': 'strong' };

let folder: MonFolder;
let url: string;
before(async () => {
  folder = await MonFolder.make();
  ({ url } = await folder.start());
});
after(async () => await folder.remove());

type Answer = { readonly data: { readonly result: { readonly values: [number, string][] }[] } };

async function write(labels: Record<string, string>, timestamp: number, value: number) {
  const { status, text } = await writeSamples(url, [{ labels, samples: [{ timestamp, value }] }]);
  assert.ok(status < 300, text);
}

/** A range as a dashboard asks it, and what the cache had to do with it. */
async function range(query: string, end: number, headers: Record<string, string>) {
  const times = { start: `${end - 3600}`, end: `${end}`, step: `${STEP_S}` };
  const response = await fetch(
    `${url}/api/v1/query_range?${new URLSearchParams({ query, ...times })}`,
    {
      headers: { 'user-agent': 'Grafana/11', ...headers },
    },
  );
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const { result } = (JSON.parse(text) as Answer).data;
  return { values: result[0]?.values ?? [], cache: response.headers.get('x-mon-cache') };
}

async function instant(query: string, timeMs: number, headers: Record<string, string>) {
  const params = new URLSearchParams({ query, time: `${timeMs / 1000}` });
  const response = await fetch(`${url}/api/v1/query?${params}`, { headers });
  const told = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return told.data.result[0]?.value[1];
}

const gridEnd = (): number => Math.ceil(Date.now() / 1000 / STEP_S) * STEP_S;

for (const [name, headers] of [
  ['with X-Read-Consistency: strong', STRONG],
  ['without the header', {}],
] as const) {
  describe(`read your writes ${name}`, () => {
    const id = name.split(' ')[0];

    it(`finds each of ${ROUNDS} new samples at once`, async () => {
      const labels = { __name__: 'fresh', id };
      let last = 0;
      for (let i = 0; i < ROUNDS; i++) {
        const timestamp = (last = Math.max(last + 1, Date.now()));
        await range(`fresh{id="${id}"}`, gridEnd(), {});
        await write(labels, timestamp, i);
        const query = `fresh{id="${id}"}`;
        assert.equal(await instant(query, timestamp, headers), `${i}`, `round ${i}`);
        const { values, cache } = await range(query, gridEnd(), headers);
        assert.equal(values.at(-1)?.[1], `${i}`, `round ${i}`);
        if (headers === STRONG) assert.equal(cache, null, "a strong read is not the cache's");
      }
    });

    it(`finds each of ${ROUNDS} late samples in ranges that were kept`, async () => {
      const end = gridEnd() - 60;
      const query = `count_over_time(late{id="${id}"}[1h])`;
      const found: (string | null)[] = [];
      for (let i = 0; i < ROUNDS; i++) {
        const before = await range(query, end, {});
        found.push(before.cache);
        // Minutes behind the clock: within what the cache keeps, never twice the same time.
        const timestamp = (end - 1800 + i * 7) * 1000 + 1;
        await write({ __name__: 'late', id }, timestamp, i);
        const { values } = await range(query, end, headers);
        assert.equal(values.at(-1)?.[1], `${i + 1}`, `round ${i}`);
      }
      if (headers !== STRONG) {
        assert.ok(found.includes('hit'), `the cache has a part in it: ${found.join(' ')}`);
      }
    });

    it(`finds each of ${ROUNDS} new series and its name`, async () => {
      for (let i = 0; i < ROUNDS; i++) {
        const timestamp = Date.now();
        await write({ __name__: `new_${id}_${i}`, id, [`label_${id}_${i}`]: 'x' }, timestamp, 1);
        assert.equal(await instant(`new_${id}_${i}`, timestamp, headers), '1', `round ${i}`);
        for (const path of ['label/__name__/values', 'labels']) {
          const response = await fetch(`${url}/api/v1/${path}`, { headers });
          const { data } = (await response.json()) as { data: string[] };
          const wanted = path === 'labels' ? `label_${id}_${i}` : `new_${id}_${i}`;
          assert.ok(data.includes(wanted), `round ${i}: ${path} has no ${wanted}`);
        }
      }
    });
  });
}
