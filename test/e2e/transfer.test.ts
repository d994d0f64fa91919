// `mon export` and `mon import` between two real servers: every form, to the bit where the form
// can, twice over, cut in the middle and gone on with, with lines that are wrong. Easy to get
// wrong: two NaNs print alike, so what is compared is a form that spells their bits.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { encodeHistogram } from '../../src/engine/codec/histogram.ts';
import { makeHistogram } from '../../src/engine/model/histogram.ts';
import { pageToBodies } from '../../src/engine/wire/remote-write-frames.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { freshHome, runShell } from '../support/run-cli.ts';
import type { CliResult } from '../support/run-cli.ts';
import { compress } from 'snappy';
import { MonFolder, postWrite } from './mon-folder.ts';

let folder: MonFolder;
let other: MonFolder;
let from: MonProcess;
let to: MonProcess;
const home = freshHome();
const base = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;

/** Values whose bits a number does not tell. */
const ODD = [
  0x7ff0000000000002n,
  0x7ff8000000001234n,
  0xfff8000000000000n,
  0x8000000000000000n,
  0x7ff0000000000000n,
  0x0000000000000001n,
  0x3fd5555555555555n,
];

before(async () => {
  [folder, other] = [await MonFolder.make(), await MonFolder.make()];
  [from, to] = [await folder.start(), await other.start()];
  const values = new Float64Array(ODD.length + 3);
  const bits = new BigUint64Array(values.buffer);
  ODD.forEach((one, i) => (bits[i] = one));
  values.set([1, 2.5, 3], ODD.length);
  const timestamps = Float64Array.from(values, (_, i) => base + i * 15_001);
  const labels = ['__name__', 'odd_total', '__proto__', 'p', 'note', 'a,"b"\n|ü\\'];
  const histogram = encodeHistogram(makeHistogram({ count: 3, sum: 2.5 }), {});
  const page = {
    labels: [labels, ['__name__', 'sizes']],
    from: Uint32Array.of(0, values.length, values.length + 2),
    timestamps: Float64Array.of(...timestamps, base, base + 1000),
    values: new Float64Array(values.length + 2),
    bodies: [...Array<undefined>(values.length), histogram, histogram],
  };
  new BigUint64Array(page.values.buffer).set(bits);
  for (const body of pageToBodies(page, 1000)) {
    const { status, text } = await postWrite(from.url, await compress(Buffer.from(body)));
    assert.equal(status, 204, text);
  }
});
after(async () => {
  await folder.remove();
  await other.remove();
});

async function shell(line: string): Promise<CliResult> {
  const env = { A: from.url, B: to.url, XDG_STATE_HOME: join(home, 'state') };
  return await runShell(`cd '${folder.path}'; ${line}`, { env });
}

async function csvOf(url: '$A' | '$B', selector: string): Promise<string> {
  const { stdout, code } = await shell(`mon export --url ${url} '${selector}' -o csv`);
  assert.equal(code, 0);
  return stdout;
}

it('spells every value in CSV and JSON lines', async () => {
  const time = (i: number): number => base + i * 15_001;
  const lead = `odd_total,"{""__proto__"":""p"",""note"":""a,\\""b\\""\\n|ü\\\\""}",`;
  const rows = [
    'NaN:7ff0000000000002',
    'NaN:7ff8000000001234',
    'NaN:fff8000000000000',
    '-0',
    '+Inf',
  ];
  const texts = [...rows, '5e-324', '0.3333333333333333', '1', '2.5', '3'];
  const lines = texts.map((text, i) => `${lead}${time(i)},${text},\n`);
  const whole = `metric,labels,timestamp,value,histogram\n${lines.join('')}`;
  assert.equal(await csvOf('$A', 'odd_total'), whole.replaceAll('\\""', '\\""'));
  const { stdout } = await shell('mon export --url $A odd_total');
  const line = JSON.parse(stdout) as { metric: object; values: unknown[] };
  assert.deepEqual(Object.keys(line.metric), ['__name__', '__proto__', 'note']);
  assert.deepEqual(line.values.slice(0, 3), rows.slice(0, 3));
});

for (const form of ['csv', 'jsonl', 'parquet', 'remote-write']) {
  it(`${form} brings every bit, stale markers and histograms over`, async () => {
    // Each form into a server of its own: what stands already would hide a loss.
    const into = await MonFolder.make();
    try {
      const server = await into.start();
      const select = `'{__name__=~"odd_total|sizes"}'`;
      const sent = await shell(
        `mon export --url $A ${select} -o ${form} > f.${form} && ` +
          `mon import --url ${server.url} f.${form} -o csv`,
      );
      const row = `file,format,accepted,refused\nf.${form},${form},12,0\n`;
      assert.deepEqual(sent, { stdout: row, stderr: '', code: 0 });
      for (const metric of ['odd_total', 'sizes']) {
        const there = await shell(`mon export --url ${server.url} ${metric} -o csv`);
        assert.equal(there.stdout, await csvOf('$A', metric), metric);
      }
      const again = await shell(`mon import --url ${server.url} f.${form} -o value`);
      assert.deepEqual(again, { stdout: '12\n', stderr: '', code: 0 });
      const { stdout } = await shell(`mon export --url ${server.url} odd_total -o csv`);
      assert.equal(stdout, await csvOf('$A', 'odd_total'), 'a second time changes nothing');
    } finally {
      await into.remove();
    }
  });
}

for (const form of ['prom', 'openmetrics']) {
  it(`${form} brings floats over and says what it leaves out`, async () => {
    const select = `'{__name__=~"odd_total|sizes"}'`;
    const { stdout, stderr, code } = await shell(`mon export --url $A ${select} -o ${form}`);
    const stale = `info: 1 stale markers have no form in ${form}\n`;
    const forms = 'jsonl, csv, parquet and remote-write hold them';
    const lost = `warning: 2 native histograms have no form in ${form}; ${forms}\n`;
    assert.deepEqual({ stderr, code }, { stderr: stale + lost, code: 0 });
    const series = 'odd_total{__proto__="p",note="a,\\"b\\"\\n|ü\\\\"}';
    const at = (i: number): string => {
      const ms = base + i * 15_001;
      return form === 'prom' ? String(ms) : String(ms / 1000);
    };
    const values = ['NaN', 'NaN', '-0', '+Inf', '5e-324', '0.3333333333333333', '1', '2.5', '3'];
    const lines = values.map((value, i) => `${series} ${value} ${at(i + 1)}\n`).join('');
    const type = form === 'prom' ? 'untyped' : 'unknown';
    const end = form === 'prom' ? '' : '# EOF\n';
    assert.equal(stdout, `# TYPE odd_total ${type}\n${lines}${end}`);
    const named = stdout.replaceAll('odd_total', `odd_${form}`);
    writeFileSync(join(folder.path, `f.${form}`), named);
    const took = await shell(`mon import --url $B f.${form} -o csv`);
    assert.equal(took.stdout, `file,format,accepted,refused\nf.${form},${form},9,0\n`);
    const back = await shell(`mon export --url $B odd_${form} -o ${form}`);
    assert.equal(back.stdout, named);
  });
}

it('promtool makes blocks of OpenMetrics', async (t) => {
  if (spawnSync('promtool', ['--version']).status !== 0) return t.skip('needs promtool');
  const line =
    'mon export --url $A odd_total -o openmetrics 2>/dev/null > om.txt && ' +
    'promtool tsdb create-blocks-from openmetrics om.txt blocks > /dev/null && ' +
    "promtool tsdb list blocks | awk 'NR > 1 { n += $5 } END { print n }'";
  const { stdout, code } = await shell(line);
  assert.deepEqual({ stdout: stdout.trim(), code }, { stdout: '9', code: 0 });
});

it('what is wrong in a file costs itself and is told', async () => {
  const file = [
    'metric,labels,timestamp,value,histogram',
    `good,{},${base},1,`,
    'short,{}',
    `bad,{},${base},x,`,
    `bad,nothing,${base},1,`,
    `bad,{},1.5,1,`,
    `old,{},1000,1,`,
    `good,{},${base + 1},2,`,
  ];
  writeFileSync(join(folder.path, 'bad.csv'), `${file.join('\n')}\n`);
  const { stdout, stderr, code } = await shell('mon import --url $B bad.csv -o csv');
  assert.equal(stdout, 'file,format,accepted,refused\nbad.csv,csv,2,5\n');
  assert.equal(
    stderr,
    'refused: 1 tooOld\n' +
      'refused: 4 unreadable lines\n' +
      'refused: line 3: expected metric,labels,timestamp,value\n' +
      'refused: line 4: the value "x" is no number\n' +
      'refused: line 5: the labels are no JSON object\n' +
      'refused: line 6: the timestamp "1.5" is no whole number\n' +
      'refused: old{}: older than the retention of raw samples\n',
  );
  assert.equal(code, 1);
  writeFileSync(join(folder.path, 'bad.prom'), 'ok 1\nnot a line\n');
  const text = await shell('mon import --url $B bad.prom');
  assert.match(text.stderr, /^error: bad.prom, in the piece from byte 0 on: line 2, column /);
  assert.equal(text.code, 2);
  const odd = await shell('printf "\\001\\002" > odd.bin; mon import --url $B odd.bin');
  assert.match(
    odd.stderr,
    /^error: odd.bin is in no form that is known\nhint: name it with --format/,
  );
  assert.equal(odd.code, 2);
  const cut = await shell('head -c 100 f.parquet > cut.parquet; mon import --url $B cut.parquet');
  assert.match(cut.stderr, /^error: the file is no Parquet, or only a part of it/);
  assert.equal(cut.code, 2);
});

it('an import that was cut off goes on where it was', async () => {
  const lines = ['metric,labels,timestamp,value,histogram'];
  const padding = 'x'.repeat(200);
  for (let i = 0; i < 120_000; i++) {
    lines.push(`long,"{""n"":""${padding}${i % 10}""}",${base + i * 5},${i},`);
  }
  writeFileSync(join(folder.path, 'long.csv'), `${lines.join('\n')}\n`);
  // It is killed as soon as it has noted how far it came.
  const cut = await shell(
    'mon import --url $B long.csv & pid=$!; ' +
      'until grep -q : "$XDG_STATE_HOME/mon/imports.json" 2>/dev/null; do sleep 0.02; done; ' +
      'pkill -9 -P $pid; kill -9 $pid; wait 2>/dev/null; true',
  );
  assert.equal(cut.code, 0);
  const { stderr, code } = await shell('mon import --url $B long.csv -o value');
  assert.equal(code, 0);
  assert.match(stderr, /^info: long.csv goes on at \d+ %; --from-start sends all of it again\n$/);
  const count = await shell(
    `mon sql --url $B "SELECT count(*) FROM samples WHERE metric = 'long'" -o value`,
  );
  assert.equal(count.stdout, '120000\n');
  const whole = await shell('mon import --url $B long.csv -o value');
  assert.deepEqual(whole, { stdout: '120000\n', stderr: '', code: 0 });
});
