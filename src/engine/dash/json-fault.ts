// Where a text stops being JSON: the parser of the language says that it is none, but not always
// where. Run only on a text that was refused. Easy to get wrong: nesting is kept in a list, not on
// the stack, because a broken file may nest as deep as it likes.

const SPACE = /[ \t\n\r]*/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids them within strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

type Wanted = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end';

/** The offset of the first character that cannot stand where it does. */
export function jsonFaultAt(text: string): number {
  const open: string[] = [];
  let wanted: Wanted = 'value';
  let at = 0;
  for (;;) {
    at += matchAt(SPACE, text, at);
    if (at >= text.length) return at;
    if (wanted === ', or end' && open.length === 0) return at;
    const step = stepAt(text, at, { wanted, open });
    if (step === undefined) return at;
    at += step.length;
    wanted = step.wanted;
  }
}

interface Step {
  readonly length: number;
  readonly wanted: Wanted;
}

/** What stands at a place, if it may; opens and closes what is nested. */
function stepAt(
  text: string,
  at: number,
  { wanted, open }: { readonly wanted: Wanted; readonly open: string[] },
): Step | undefined {
  const c = text[at];
  if (wanted === ':') return c === ':' ? { length: 1, wanted: 'value' } : undefined;
  if (wanted === ', or end') {
    if (c === ',') return { length: 1, wanted: open.at(-1) === '{' ? 'key' : 'value' };
    return closing(c, open);
  }
  if (wanted === 'key or }' && c === '}') return closing(c, open);
  if (wanted === 'value or ]' && c === ']') return closing(c, open);
  const key = wanted === 'key' || wanted === 'key or }';
  if (c === '"') {
    const length = matchAt(STRING, text, at);
    return length === 0 ? undefined : { length, wanted: key ? ':' : ', or end' };
  }
  if (key) return undefined;
  if (c === '{' || c === '[') {
    open.push(c);
    return { length: 1, wanted: c === '{' ? 'key or }' : 'value or ]' };
  }
  const length = matchAt(SCALAR, text, at);
  return length === 0 ? undefined : { length, wanted: ', or end' };
}

function closing(c: string, open: string[]): Step | undefined {
  const fits = (c === '}' && open.at(-1) === '{') || (c === ']' && open.at(-1) === '[');
  if (!fits) return undefined;
  open.pop();
  return { length: 1, wanted: ', or end' };
}

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}
