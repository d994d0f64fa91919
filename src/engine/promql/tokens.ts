// A small scanner of PromQL text for error messages only: the grammar says where it stumbled, this
// says over what, in Prometheus' words. Linear in the text and never fails.

export type TokenKind = 'word' | 'number' | 'string' | 'sign' | 'open' | 'close' | 'odd';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Kinds in the order of the pattern's groups; blanks and comments, which come first, are none. */
const KINDS: readonly TokenKind[] = ['word', 'number', 'string', 'open', 'close', 'sign', 'odd'];
const PATTERN = new RegExp(
  [
    String.raw`(?:\s+|#[^\n]*)`,
    String.raw`([A-Za-z_:][A-Za-z0-9_:]*)`,
    String.raw`(0[xX][0-9a-fA-F]+|` +
      String.raw`(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:[a-z]+\d*)*)`,
    String.raw`("(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|` + '`[^`]*`?)',
    String.raw`([([{])`,
    String.raw`([)\]}])`,
    String.raw`(==|!=|<=|>=|=~|!~|<\/|>\/|[-+*/%^<>=@,])`,
    String.raw`([\s\S])`,
  ].join('|'),
  'y',
);

/** All tokens of the text without blanks and comments. */
export function tokensOf(text: string): Token[] {
  return [...eachToken(text)];
}

/** The same one by one, for who may not want all. */
export function* eachToken(text: string): Generator<Token, void, void> {
  let at = 0;
  while (at < text.length) {
    PATTERN.lastIndex = at;
    const match = PATTERN.exec(text);
    if (match === null) break;
    const end = at + match[0].length;
    const kind = KINDS.findIndex((_, i) => match[i + 1] !== undefined);
    if (kind >= 0) yield { kind: KINDS[kind], text: match[0], start: at, end };
    at = end;
  }
}

const KEYWORDS: ReadonlySet<string> = new Set(
  'and or unless atan2 by without on ignoring group_left group_right bool offset'.split(' '),
);

/** A token as Prometheus names it in "unexpected …". */
export function describeToken(token: Token, aggregations: ReadonlyMap<string, unknown>): string {
  const { kind, text } = token;
  if (kind === 'word') {
    const lower = text.toLowerCase();
    if (aggregations.has(lower)) return `<aggr:${lower}>`;
    if (KEYWORDS.has(lower)) return `<${lower}>`;
    return `${text.includes(':') ? 'metric identifier' : 'identifier'} ${JSON.stringify(text)}`;
  }
  if (kind === 'number') {
    const unit = /[ywdhms]$/.test(text) && !/^0[xX]/.test(text);
    return `${unit ? 'duration' : 'number'} ${JSON.stringify(text)}`;
  }
  if (kind === 'string') return `string ${JSON.stringify(text)}`;
  if (kind === 'sign' && !'=,@'.includes(text)) return `<op:${text}>`;
  if (kind === 'odd') return `character: '${text}'`;
  return JSON.stringify(text);
}

export interface Balance {
  /** An opening bracket that is never closed. */
  readonly open?: Token;
  /** A closing bracket that nothing opened. */
  readonly stray?: Token;
}

/** The first bracket without a partner. */
export function unbalanced(tokens: readonly Token[]): Balance {
  const partner: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
  const stack: Token[] = [];
  for (const token of tokens) {
    if (token.kind === 'open') stack.push(token);
    if (token.kind !== 'close') continue;
    if (stack.at(-1)?.text !== partner[token.text]) return { stray: token };
    stack.pop();
  }
  return stack.length > 0 ? { open: stack.at(-1) as Token } : {};
}
