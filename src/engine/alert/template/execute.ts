// Runs a parsed template over its data. Bounded in steps, in depth and in output, so that no rule
// can hold a tick up. Source: Go's text/template/exec. Easy to get wrong: `with` and `range` move
// the dot, `$` stays; a variable that is assigned in an inner block changes the outer one.
import { UserError } from '../../errors.ts';
import { TEMPLATE_BYTES_MAX, TEMPLATE_STEPS_MAX } from '../../limits.ts';
import type { Command, Node, Operand, Pipe, Templates } from './nodes.ts';
import { printValue } from './print.ts';
import { methodOf, Struct, truth, typeName } from './values.ts';
import type { GoValue } from './values.ts';

export type GoFunction = (...args: GoValue[]) => GoValue;

/** Templates that call one another: Go's own bound is 100,000 on a stack that grows. */
const DEPTH_MAX = 100;

interface Variable {
  readonly name: string;
  value: GoValue;
}

/** What a pipeline has before its first stage: nothing, which is not nil. */
const NOTHING = Symbol('nothing');

class Break extends Error {}
class Continue extends Error {}

export interface Execution {
  readonly templates: Templates;
  readonly functions: ReadonlyMap<string, GoFunction>;
  readonly variables: readonly (readonly [name: string, value: GoValue])[];
}

export class Executor {
  readonly #execution: Execution;
  #variables: Variable[] = [];
  #out: string[] = [];
  #length = 0;
  #steps = 0;
  #depth = 0;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  /** The text that a template makes of its data. @throws UserError. */
  run(name: string, data: GoValue): string {
    const before = { out: this.#out, length: this.#length };
    this.#out = [];
    this.#template(name, data, this.#execution.variables);
    const text = this.#out.join('');
    this.#out = before.out;
    this.#length = before.length;
    return text;
  }

  #template(
    name: string,
    data: GoValue,
    variables: readonly (readonly [name: string, value: GoValue])[],
  ): void {
    const nodes = this.#execution.templates.get(name);
    if (nodes === undefined) throw new UserError(`template ${JSON.stringify(name)} not defined`);
    if (++this.#depth > DEPTH_MAX) throw new UserError('templates call one another without end');
    const outer = this.#variables;
    this.#variables = [{ name: '$', value: data }];
    for (const [key, value] of variables) this.#variables.push({ name: key, value });
    this.#walk(nodes, data);
    this.#variables = outer;
    this.#depth--;
  }

  #walk(nodes: readonly Node[], dot: GoValue): void {
    for (const node of nodes) this.#node(node, dot);
  }

  #node(node: Node, dot: GoValue): void {
    this.#step();
    switch (node.kind) {
      case 'text':
        return this.#write(node.text);
      case 'action': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.declares.length === 0) this.#write(printValue(value));
        return;
      }
      case 'template': {
        const data = node.pipe === undefined ? null : this.#pipe(node.pipe, dot);
        return this.#template(node.name, data, []);
      }
      case 'break':
        throw new Break();
      case 'continue':
        throw new Continue();
      case 'range':
        return this.#range(node, dot);
      default: {
        const scope = this.#variables.length;
        const value = this.#pipe(node.pipe, dot);
        const yes = truth(value);
        const inner = node.kind === 'with' && yes ? value : dot;
        this.#walk(yes ? node.body : node.otherwise, inner);
        this.#variables.length = scope;
      }
    }
  }

  #range(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: GoValue): void {
    const scope = this.#variables.length;
    const { declares, assigns } = node.pipe;
    const value = this.#pipe({ ...node.pipe, declares: [] }, dot);
    let any = false;
    for (const [key, item] of itemsOf(value)) {
      any = true;
      this.#step();
      this.#variables.length = scope;
      const values = declares.length === 2 ? [key, item] : [item];
      declares.forEach((name, i) => this.#bind(name, values[i], assigns));
      const depth = this.#depth;
      try {
        this.#walk(node.body, item);
      } catch (thrown) {
        if (thrown instanceof Break) break;
        if (!(thrown instanceof Continue)) throw thrown;
        this.#depth = depth;
      }
    }
    this.#variables.length = scope;
    if (!any) this.#walk(node.otherwise, dot);
  }

  #bind(name: string, value: GoValue, assigns: boolean): void {
    if (!assigns) return void this.#variables.push({ name, value });
    const known = this.#variables.findLast((one) => one.name === name);
    if (known === undefined) throw new UserError(`undefined variable: ${name}`);
    known.value = value;
  }

  #step(): void {
    if (++this.#steps > TEMPLATE_STEPS_MAX) throw new UserError('the template takes too long');
  }

  #write(text: string): void {
    this.#length += text.length;
    if (this.#length > TEMPLATE_BYTES_MAX) throw new UserError('the template makes too much text');
    this.#out.push(text);
  }

  #pipe(pipe: Pipe, dot: GoValue): GoValue {
    let value: GoValue | typeof NOTHING = NOTHING;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    const result = value === NOTHING ? null : value;
    for (const name of pipe.declares) this.#bind(name, result, pipe.assigns);
    return result;
  }

  #command(command: Command, dot: GoValue, last: GoValue | typeof NOTHING): GoValue {
    this.#step();
    const [first, ...rest] = command.args;
    const more = last === NOTHING ? [] : [last];
    if (first.kind === 'function') return this.#call(first.name, rest, dot, more);
    const value = this.#operand(first, dot);
    if (rest.length + more.length > 0) {
      throw new UserError(`can't give argument to non-function ${printValue(value).slice(0, 40)}`);
    }
    return value;
  }

  #call(name: string, args: readonly Operand[], dot: GoValue, more: readonly GoValue[]): GoValue {
    if (name === 'and' || name === 'or') return this.#choice(name, args, dot, more);
    const call = this.#execution.functions.get(name);
    if (call === undefined) throw new UserError(`function ${JSON.stringify(name)} not defined`);
    const values = args.map((arg) => this.#argument(arg, dot));
    try {
      return call(...values, ...more);
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      throw new UserError(`error calling ${name}: ${thrown.message}`, { cause: thrown });
    }
  }

  /** `and` and `or` look at no argument behind the one that decides. */
  #choice(
    name: 'and' | 'or',
    args: readonly Operand[],
    dot: GoValue,
    more: readonly GoValue[],
  ): GoValue {
    let value: GoValue = null;
    const count = args.length + more.length;
    if (count === 0) throw new UserError(`wrong number of args for ${name}: want at least 1 got 0`);
    for (let i = 0; i < count; i++) {
      value = i < args.length ? this.#argument(args[i], dot) : more[i - args.length];
      if (truth(value) === (name === 'or')) return value;
    }
    return value;
  }

  #argument(operand: Operand, dot: GoValue): GoValue {
    if (operand.kind === 'function') return this.#call(operand.name, [], dot, []);
    return this.#operand(operand, dot);
  }

  #operand(operand: Operand, dot: GoValue): GoValue {
    this.#step();
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'bool':
      case 'number':
      case 'string':
        return operand.value;
      case 'field':
        return this.#fields(dot, operand.path);
      case 'variable': {
        const found = this.#variables.findLast((one) => one.name === operand.name);
        if (found === undefined) throw new UserError(`undefined variable: ${operand.name}`);
        return this.#fields(found.value, operand.path);
      }
      case 'pipe': {
        const scope = this.#variables.length;
        const value = this.#pipe(operand.pipe, dot);
        this.#variables.length = scope;
        return this.#fields(value, operand.path);
      }
      case 'function':
        return this.#call(operand.name, [], dot, []);
    }
  }

  #fields(value: GoValue, path: readonly string[]): GoValue {
    let at = value;
    for (const name of path) {
      const method = methodOf(at, name);
      if (method !== undefined) at = method;
      else if (at instanceof Map) at = at.get(name) ?? '';
      else if (at instanceof Struct && at.fields.has(name)) at = at.fields.get(name);
      else if (at === null || at === undefined) {
        throw new UserError(`nil data; no entry for key ${JSON.stringify(name)}`);
      } else throw new UserError(`can't evaluate field ${name} in type ${typeName(at)}`);
    }
    return at;
  }
}

function* itemsOf(value: GoValue): Generator<readonly [GoValue, GoValue]> {
  if (Array.isArray(value)) for (const [i, one] of value.entries()) yield [BigInt(i), one];
  else if (value instanceof Map) {
    for (const key of [...value.keys()].toSorted()) yield [key as string, value.get(key)];
  } else if (typeof value === 'bigint') {
    for (let i = 0n; i < value; i++) yield [i, i];
  } else if (value !== null && value !== undefined) {
    throw new UserError(`range can't iterate over ${printValue(value)}`);
  }
}
