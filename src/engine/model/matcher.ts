// One condition on a label, as in a selector. A matcher travels as plain data between threads and
// machines; the regular expression is compiled where it is used, by an engine that runs in linear
// time.

export type MatchOp = '=' | '!=' | '=~' | '!~';

/** `name op value`; regular expressions are anchored at both ends, RE2 syntax. */
export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}
