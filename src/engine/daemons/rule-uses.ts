// Which metrics and labels the rules that run use: told to who counts use, so that what a rule
// needs is never dropped. Between the rules and the count of use. Easy to get wrong: a selector
// without a name uses whatever passes its matchers now.
import type { Matcher } from '../model/matcher.ts';
import type { Use } from '../promql/uses.ts';
import { parsed } from '../query/parsed.ts';
import type { UsageBook } from '../query/usage-book.ts';

export class RuleUses {
  readonly #uses = new Map<string, readonly Use[]>();

  /** Notes the use of these expressions; answers the names of all metrics that they use. */
  async note(
    rules: Iterable<string>,
    resolve: (matchers: readonly Matcher[]) => Promise<readonly string[]>,
    { usage, nowMs }: { readonly usage: UsageBook; readonly nowMs: number },
  ): Promise<ReadonlySet<string>> {
    const found = new Map<string, { rules: number; readonly labels: Set<string> }>();
    const texts = new Set(rules);
    for (const text of this.#uses.keys()) if (!texts.has(text)) this.#uses.delete(text);
    for (const text of texts) {
      let uses = this.#uses.get(text);
      if (uses === undefined) this.#uses.set(text, (uses = parsed(text).uses));
      const names = new Set<string>();
      for (const use of uses) {
        const own = use.metric === '' ? await resolve(use.matchers) : [use.metric];
        for (const name of own) {
          const metric = found.get(name) ?? { rules: 0, labels: new Set<string>() };
          found.set(name, metric);
          if (!names.has(name)) metric.rules++;
          names.add(name);
          for (const label of use.labels) metric.labels.add(label);
        }
      }
    }
    for (const [name, metric] of found) {
      usage.ruled(name, [...metric.labels], metric.rules, nowMs);
    }
    return new Set(found.keys());
  }
}
