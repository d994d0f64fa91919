// Runs Prometheus' own test scripts (promqltest) over series in memory. The format: load, clear,
// eval blocks that end at an empty line or a comment. An eval that needs what is not built yet is
// skipped with its reason, never counted as passed.
import { UserError } from '../../src/engine/errors.ts';
import { matcherTest } from '../../src/engine/promql/regexp.ts';
import { parse } from '../../src/engine/promql/parse.ts';
import { parseErrorText } from '../../src/engine/promql/parse-error.ts';
import { childrenOf } from '../../src/engine/promql/ast.ts';
import { dropLabels, labelValue } from '../../src/engine/model/labels.ts';
import { QueryService } from '../../src/engine/query/query-service.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { withLabel } from '../../src/engine/promql/with-label.ts';
import { MemorySeries, MemorySource } from '../support/memory-series.ts';
import { compareAnswer } from './promqltest-compare.ts';
import { timeOf } from './promqltest-times.ts';
import { readEval } from './promqltest-eval.ts';
import { parseItems, splitSeries } from './promqltest-values.ts';
import { fixedVariants, middleOf, rangeable } from './promqltest-variants.ts';
import type { Expr, VectorSelector } from '../../src/engine/promql/ast.ts';
import type { Eval } from './promqltest-eval.ts';
import type { Labels } from '../../src/engine/model/labels.ts';
import type { MemorySample } from '../support/memory-series.ts';
import type { QueryAnswer } from '../../src/engine/model/query-result.ts';

export interface Failure {
  readonly line: number;
  readonly command: string;
  readonly why: string;
}

export interface ScriptReport {
  passed: number;
  /** Variants of the passed evals that hold too: fixed by @, and as the middle of a range. */
  variants: number;
  readonly failed: Failure[];
  /** Reason -> how many evals. */
  readonly skipped: Map<string, number>;
}

/** A series that cannot be loaded yet, and why. */
interface Missing {
  readonly labels: Labels;
  readonly why: string;
}

const LOAD = /^load(?:_(with_nhcb))?\s+(.+?)$/;

/** Runs a whole script. @throws Error when the script itself cannot be read. */
export async function runScript(text: string): Promise<ScriptReport> {
  const report: ScriptReport = { passed: 0, variants: 0, failed: [], skipped: new Map() };
  let storage = new Storage();
  const lines = text.split('\n').map((line) => line.trim());
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at].startsWith('#') ? '' : lines[at];
    if (line === '') continue;
    let end = at + 1;
    while (end < lines.length && lines[end] !== '' && !lines[end].startsWith('#')) end++;
    const body = lines.slice(at + 1, end);
    if (line === 'clear') {
      storage = new Storage();
      continue;
    }
    const load = LOAD.exec(line);
    if (load !== null) storage.load(timeOf(load[2]), body, load[1] !== undefined);
    else await storage.evaluate(readEval(line, at + 1, body), report);
    at = end - 1;
  }
  return report;
}

class Storage {
  readonly #series = new MemorySeries();
  readonly #missing: Missing[] = [];

  load(step: number, body: readonly string[], histograms: boolean): void {
    for (const line of body) {
      if (/@st\s/.test(line)) {
        const { labels } = splitSeries(line.replace('@st', ''));
        this.#missing.push({ labels, why: 'start timestamps' });
        continue;
      }
      const { labels, rest } = splitSeries(line);
      const samples: MemorySample[] = [];
      const items = parseItems(rest);
      items.forEach((item, i) => {
        if (typeof item === 'number') samples.push({ t: i * step, v: item });
        if (item === 'stale') samples.push({ t: i * step, v: 0, stale: true });
      });
      if (items.includes('histogram')) {
        this.#missing.push({ labels, why: 'native histograms' });
        continue;
      }
      this.#series.add(labels, samples);
      const name = labelValue(labels, '__name__');
      const base = /^(.*)_(?:bucket|count|sum)$/.exec(name);
      if (!histograms || base === null) continue;
      const bare = withLabel(dropLabels(labels, new Set(['le'])), '__name__', base[1]);
      this.#missing.push({ labels: bare, why: 'native histograms (nhcb)' });
    }
  }

  async evaluate(one: Eval, report: ScriptReport): Promise<void> {
    const skip = (why: string): void => {
      report.skipped.set(why, (report.skipped.get(why) ?? 0) + 1);
    };
    const missing = this.#whatIsMissing(one.query);
    if (missing !== undefined) return skip(missing);
    if (one.body.some((line) => line.includes('{{'))) return skip('native histograms');
    const { answer, error } = await this.#ask(one);
    if (/(?:is|are) not supported yet$/.test(error ?? '')) return skip(error as string);
    const why = compareAnswer(one, answer, error);
    if (why !== undefined) {
      report.failed.push({ line: one.line, command: one.command, why });
      return;
    }
    report.passed++;
    for (const variant of [one, ...fixedVariants(one)]) {
      const wrong = (await this.#again(variant)) ?? (await this.#asRange(variant));
      if (wrong === undefined) report.variants++;
      else report.failed.push({ line: one.line, command: variant.command, why: wrong });
    }
  }

  async #again(one: Eval): Promise<string | undefined> {
    const { answer, error } = await this.#ask(one);
    return compareAnswer(one, answer, error);
  }

  /** The same as the middle of a range query. */
  async #asRange(one: Eval): Promise<string | undefined> {
    if (!rangeable(one)) return undefined;
    const now = await this.#ask(one);
    if (now.answer === undefined) return undefined;
    const minute = 60_000;
    const range = { end: one.start + minute, step: minute };
    const { answer, error } = await this.#ask({ ...one, start: one.start - minute, range });
    const scalar = now.answer.result.type === 'scalar';
    const middle = answer === undefined ? undefined : middleOf(answer, one.start, scalar);
    const body = one.body.filter((line) => !/^expect (?:no_)?(?:warn|info)/.test(line));
    const legacy = one.legacy === 'fail' ? 'fail' : undefined;
    const why = compareAnswer({ ...one, body, legacy }, middle, error);
    return why === undefined ? undefined : `as a range: ${why}`;
  }

  async #ask(one: Eval): Promise<{ answer?: QueryAnswer; error?: string }> {
    const service = new QueryService({
      sources: [new MemorySource(this.#series)],
      clock: systemClock,
      delayedNames: true,
      timeoutMs: 100_000,
    });
    try {
      const { query, start, range } = one;
      const answer =
        range === undefined
          ? await service.instant(query, start)
          : await service.range(query, start, range.end, range.step);
      return { answer };
    } catch (error) {
      if (error instanceof UserError) return { error: nameless(error) };
      if (!(error instanceof Error) || error.name === 'BugError') throw error;
      return { error: error.message };
    }
  }

  /** Why the query cannot be run fairly, if any series that it selects could not be loaded. */
  #whatIsMissing(query: string): string | undefined {
    if (this.#missing.length === 0) return undefined;
    let expr: Expr;
    try {
      expr = parse(query);
    } catch {
      return undefined;
    }
    for (const selector of selectorsOf(expr)) {
      const tests = selector.matchers.map((m) => ({ name: m.name, passes: matcherTest(m) }));
      const hit = this.#missing.find(({ labels }) =>
        tests.every(({ name, passes }) => passes(labelValue(labels, name))),
      );
      if (hit !== undefined) return hit.why;
    }
    return undefined;
  }
}

function nameless(error: UserError): string {
  return error.message.endsWith(' not supported yet') ? error.message : parseErrorText(error);
}

function selectorsOf(expr: Expr): VectorSelector[] {
  return expr.kind === 'selector' ? [expr] : childrenOf(expr).flatMap(selectorsOf);
}
