// Values of Go in JavaScript's clothes: a bigint is an int, a number a float64, a Map a
// map[string]string, an array a slice, a Struct a struct. Under the executor and the functions.
// Easy to get wrong: 5 and 5.0 are of different kinds and cannot be compared, as in Go.
import { UserError } from '../../errors.ts';

export type GoValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | GoValue[]
  | ReadonlyMap<string, GoValue>
  | Struct;

/** A struct: only the fields named are there. */
export class Struct {
  readonly type: string;
  readonly fields: ReadonlyMap<string, GoValue>;

  constructor(type: string, fields: Readonly<Record<string, GoValue>>) {
    this.type = type;
    this.fields = new Map(Object.entries(fields));
  }
}

/** A moment: prints as Go's time.Time in UTC. */
export class Moment extends Struct {
  readonly ms: number;

  constructor(ms: number) {
    const date = new Date(ms);
    super('time.Time', {
      Year: BigInt(date.getUTCFullYear()),
      Day: BigInt(date.getUTCDate()),
      Hour: BigInt(date.getUTCHours()),
      Minute: BigInt(date.getUTCMinutes()),
      Second: BigInt(date.getUTCSeconds()),
      Unix: BigInt(Math.floor(ms / 1000)),
      UnixMilli: BigInt(Math.floor(ms)),
    });
    this.ms = ms;
  }
}

const METHODS = new WeakMap<object, ReadonlyMap<string, GoValue>>();

/** Gives a map or a slice methods without arguments, as named types of Go have them. */
export function withMethods<T extends GoValue & object>(
  value: T,
  methods: Readonly<Record<string, GoValue>>,
): T {
  METHODS.set(value, new Map(Object.entries(methods)));
  return value;
}

/** What a method answers; undefined when there is none of this name. */
export function methodOf(value: GoValue, name: string): GoValue {
  return typeof value === 'object' && value !== null ? METHODS.get(value)?.get(name) : undefined;
}

/** Whether Go takes it for true in `if`. */
export function truth(value: GoValue): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'bigint') return value !== 0n;
  if (typeof value === 'boolean') return value;
  return value !== null && value !== undefined;
}

/** The name of a value's type, as Go prints it. */
export function typeName(value: GoValue): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'number':
      return 'float64';
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
  }
  if (Array.isArray(value)) return 'template.queryResult';
  if (value instanceof Struct) return value.type;
  return value instanceof Map ? 'map[string]string' : '<nil>';
}

/** A number for the functions that take any kind of it. @throws UserError. */
export function floatOf(value: GoValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') {
    const parsed = floatText(value);
    if (parsed === undefined) {
      throw new UserError(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    return parsed;
  }
  throw new UserError(`can't convert ${typeName(value)} to float`);
}

function floatText(text: string): number | undefined {
  const named = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (named !== null) {
    if (named[2].toLowerCase() === 'nan') return NaN;
    return named[1] === '-' ? -Infinity : Infinity;
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined;
  return Number(text);
}

/** Text where a function asks for text. @throws UserError as Go's executor words it. */
export function textOf(value: GoValue): string {
  if (typeof value === 'string') return value;
  throw new UserError(`wrong type for value; expected string; got ${typeName(value)}`);
}
