// Exposition text in the other direction: families and samples as lines of the text format 0.0.4.
// The host agent, the demo fleet and mon's own /metrics speak through it. Easy to get wrong: what
// stands between quotes must be escaped, and infinities have names of their own.

const NAMES = new Map([
  [Infinity, '+Inf'],
  [-Infinity, '-Inf'],
]);

/** A number as the exposition formats write it. */
export function numberText(value: number): string {
  return NAMES.get(value) ?? String(value);
}

function escaped(text: string, quotes: boolean): string {
  const out = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return quotes ? out.replaceAll('"', '\\"') : out;
}

/** Collects lines; families first name themselves, then their samples follow. */
export class ExpositionWriter {
  #lines: string[] = [];

  family(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP ${name} ${escaped(help, false)}`, `# TYPE ${name} ${type}`);
  }

  /** One sample; label names must be legal. */
  sample(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const pairs = Object.entries(labels).map(([k, v]) => `${k}="${escaped(v, true)}"`);
    const set = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
    this.#lines.push(`${name}${set} ${numberText(value)}`);
  }

  /** A family with one sample that has no labels. */
  single(name: string, type: string, help: string, value: number): void {
    this.family(name, type, help);
    this.sample(name, {}, value);
  }

  /** The text so far; the writer is then empty. */
  take(): Uint8Array {
    const text = this.#lines.length === 0 ? '' : `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    return new TextEncoder().encode(text);
  }
}
