// Texts of queries, whole and damaged, as mon and a Prometheus 3 read them: whether they are
// refused, how they are written anew, and as which tree. Nothing is evaluated. Easy to get wrong:
// pieces that are strung together are refused nearly always, so most texts begin as queries and
// lose little.
import { isDeepStrictEqual } from 'node:util';
import { EdgeGenerator } from './differential-edges.ts';
import { MODERN, ModernGenerator } from './differential-modern.ts';
import { Dice } from './differential-words.ts';
import { withServers } from './differential.ts';

const PIECES = (
  'rate( sum by ( x ) ( ) [ 5m ] : { } a="b" , + - * / ^ % == != > bool and or unless on ' +
  'ignoring group_left offset @ start() end() 1 2. 0x1 "s" \' ` \\ # \n x y:z max_of( step() inf ' +
  '1h without nan -1 quantile( é 😀 </ >/ fill(0) anchored smoothed __proto__ constructor( ' +
  'topk( group_right =~ !~ 5 .5 1e3 1_0 [5m:1m] {"a.b"} range() ; . ~ ! & -- 0 Inf NaN atan2 ' +
  'limitk( sum offset-1m constructor'
).split(' ');

/** Queries and what is left of them after some edits. */
class TextGenerator {
  readonly #dice: Dice;
  readonly #modern: ModernGenerator;
  readonly #edges: EdgeGenerator;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    this.#modern = new ModernGenerator(seed + 1, 1_700_000_000_000);
    this.#edges = new EdgeGenerator(seed + 2, 1_700_000_000_000);
  }

  next(): string {
    const dice = this.#dice;
    if (dice.chance(0.2)) {
      const many = 1 + dice.below(9);
      return Array.from({ length: many }, () => dice.one(PIECES)).join(dice.one([' ', ' ', '']));
    }
    let { query } = dice.chance(0.5) ? this.#modern.next() : this.#edges.next();
    for (let edits = dice.below(4); edits > 0; edits--) {
      const at = dice.below(query.length + 1);
      const space = dice.one(['', ' ']);
      const piece = dice.chance(0.6) ? space + dice.one(PIECES) + space : '';
      query = query.slice(0, at) + piece + query.slice(at + dice.below(4));
    }
    return query;
  }
}

interface Told {
  readonly status: string;
  readonly errorType?: string;
  readonly data?: unknown;
}

async function told(url: string, path: string, query: string): Promise<Told> {
  const body = new URLSearchParams({ query });
  const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body });
  const text = await answer.text();
  return text.startsWith('{') ? (JSON.parse(text) as Told) : { status: 'no JSON' };
}

/** Where the two read a text differently; undefined when they do not. */
async function textDifference(
  [mon, prometheus]: readonly [string, string],
  query: string,
): Promise<string | undefined> {
  for (const path of ['format_query', 'parse_query']) {
    const [own, other] = await Promise.all([told(mon, path, query), told(prometheus, path, query)]);
    // Prometheus has no words for an infinite number in a tree.
    if (other.status === 'no JSON') continue;
    const [left, right] = [own, other].map(({ status, errorType, data }) =>
      status === 'success' ? data : [status, errorType],
    );
    if (isDeepStrictEqual(left, right)) continue;
    const [one, two] = [left, right].map((side) => JSON.stringify(side));
    return `${path}\n  mon        ${one}\n  Prometheus ${two}`;
  }
  return undefined;
}

/** Texts that the two read differently. */
export async function runTexts(seed: number, count: number): Promise<string[]> {
  const texts = new TextGenerator(seed);
  return await withServers(MODERN, async ({ urls }) => {
    const found: string[] = [];
    for (let i = 0; i < count; i++) {
      const query = texts.next();
      const why = await textDifference(urls, query);
      if (why !== undefined) found.push(`${JSON.stringify(query)}\n  ${why}`);
    }
    return found;
  });
}
