// The compositor against a real terminal emulator: after any series of frames the screen is the
// last frame, cell by cell, with its styles; what did not change costs nothing; a slow terminal
// drops frames.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import xterm from '@xterm/headless';
import { seededRandom, type Random } from '../../src/engine/runtime/random.ts';
import { Compositor } from '../../src/tui/compositor.ts';
import { CellGrid } from '../../src/tui/draw/cells.ts';
import { STYLE_NAMES, palette } from '../../src/tui/draw/styles.ts';

class FakeOutput extends EventEmitter {
  columns: number;
  rows: number;
  writableNeedDrain = false;
  sent: string[] = [];
  readonly terminal: InstanceType<typeof xterm.Terminal>;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.terminal.write('\u001b[?7l');
  }

  write(text: string): boolean {
    this.sent.push(text);
    this.terminal.write(text);
    return true;
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.terminal.resize(columns, rows);
    this.emit('resize');
  }

  /** Characters and looks of all cells as one text. */
  async look(): Promise<string> {
    return await lookOf(this.terminal);
  }
}

async function lookOf(terminal: InstanceType<typeof xterm.Terminal>): Promise<string> {
  await new Promise<void>((resolve) => terminal.write('', resolve));
  const out: string[] = [];
  for (let y = 0; y < terminal.rows; y++) {
    for (let x = 0; x < terminal.cols; x++) {
      const cell = terminal.buffer.active.getLine(y)?.getCell(x);
      assert.ok(cell);
      const blank = cell.getChars() === '' || cell.getChars() === ' ';
      const color = blank && cell.isInverse() === 0 ? '' : cell.getFgColor();
      const flags = blank && cell.isInverse() === 0 ? '' : `${cell.isBold()}${cell.isDim()}`;
      const char = cell.getWidth() === 0 ? '' : cell.getChars() || ' ';
      out.push(`${char}|${color}|${flags}|${cell.isInverse()}`);
    }
    out.push('\n');
  }
  return out.join(' ');
}

/** What a terminal shows that gets the frame from nothing. */
async function wanted(frame: string, columns: number, rows: number): Promise<string> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  terminal.write(`\u001b[?7l${frame.split('\n').join('\r\n')}`);
  return await lookOf(terminal);
}

function randomFrame(random: Random, columns: number, rows: number): string {
  const cells = new CellGrid(columns, rows);
  const words = ['cpu', '日本', '▁▂▃', '⣿⣿', ' ', '────', 'é', '12.3k/s', '本'];
  for (let i = 0; i < rows * 3; i++) {
    const word = words[Math.floor(random() * words.length)].repeat(1 + Math.floor(random() * 3));
    const style = Math.floor(random() * STYLE_NAMES.length);
    cells.put(Math.floor(random() * columns), Math.floor(random() * rows), word, { style });
  }
  return cells.lines(palette('256')).join('\n');
}

/** Most of the frame stays, as on a real screen. */
function mutate(frame: string, random: Random, size: { columns: number; rows: number }): string {
  const fresh = randomFrame(random, size.columns, size.rows).split('\n');
  return frame
    .split('\n')
    .map((line, y) => (random() < 0.3 ? fresh[y] : line))
    .join('\n');
}

test('after any frames the screen is the last one', async () => {
  const seed = 1207;
  const random = seededRandom(seed);
  for (let round = 0; round < 25; round++) {
    const size = { columns: 5 + Math.floor(random() * 60), rows: 2 + Math.floor(random() * 12) };
    const out = new FakeOutput(size.columns, size.rows);
    const compositor = new Compositor(out);
    let frame = randomFrame(random, size.columns, size.rows);
    for (let i = 0; i < 8; i++) {
      compositor.write(frame);
      const want = await wanted(frame, size.columns, size.rows);
      assert.equal(await out.look(), want, `seed ${seed} round ${round} frame ${i}`);
      frame = mutate(frame, random, size);
    }
  }
});

test('a change of one cell costs a few bytes, no change costs none', () => {
  const out = new FakeOutput(40, 3);
  const compositor = new Compositor(out);
  compositor.write(`${'x'.repeat(40)}\n${'─'.repeat(40)}\nlast`);
  out.sent = [];
  compositor.write(`${'x'.repeat(40)}\n${'─'.repeat(40)}\nlast`);
  assert.deepEqual(out.sent, []);
  compositor.write(`${'x'.repeat(40)}\n${'─'.repeat(20)}┬${'─'.repeat(19)}\nlast`);
  assert.deepEqual(out.sent, ['\u001b[?2026h\u001b[2;21H┬\u001b[?2026l']);
});

test('what is no frame is not painted: cursor and erase sequences, texts of another height', () => {
  const out = new FakeOutput(10, 2);
  const compositor = new Compositor(out);
  compositor.write('\u001b[?25l');
  compositor.write('\u001b[?2026h');
  compositor.write('a stray line of a log');
  compositor.write('one\ntwo\nthree');
  assert.deepEqual(out.sent, []);
  compositor.write('\u001b[2K\u001b[1A\u001b[Gone\ntwo');
  assert.equal(out.sent.length, 1);
});

test('a resize paints everything, a frame of the old size is left out', async () => {
  const out = new FakeOutput(10, 2);
  const compositor = new Compositor(out);
  let told = 0;
  compositor.on('resize', () => told++);
  compositor.write('one\ntwo');
  out.resize(6, 3);
  compositor.write('one\ntwo');
  compositor.write('1\n2\n3');
  assert.equal(told, 1);
  assert.equal(await out.look(), await wanted('1\n2\n3', 6, 3));
});

test('while the terminal is slow only the newest frame waits', async () => {
  const out = new FakeOutput(8, 1);
  const compositor = new Compositor(out);
  compositor.write('first');
  out.writableNeedDrain = true;
  for (let i = 0; i < 50; i++) compositor.write(`frame ${i}`);
  assert.equal(out.sent.length, 1);
  out.writableNeedDrain = false;
  out.emit('drain');
  assert.equal(out.sent.length, 2);
  assert.equal(await out.look(), await wanted('frame 49', 8, 1));
});

test('a spoilt screen can be painted again, a closed one never', async () => {
  const out = new FakeOutput(8, 1);
  const compositor = new Compositor(out);
  compositor.write('same');
  out.terminal.write('\rGARBAGE');
  compositor.write('same');
  assert.equal(out.sent.length, 1);
  compositor.repaint();
  assert.equal(await out.look(), await wanted('same', 8, 1));
  compositor.close();
  compositor.write('late');
  compositor.repaint();
  assert.equal(out.sent.length, 2);
  assert.equal(out.listenerCount('resize'), 0);
});
