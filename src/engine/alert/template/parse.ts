// Tokens of a Go template -> tree. Every template of a rule is parsed when the file is read, so a
// slip is found then and not when it is needed. Source: Go's text/template/parse. Easy to get
// wrong: a variable lives to the end of the block that declares it; an unknown function is an
// error here.
import { UserError } from '../../errors.ts';
import { StringTrouble, parseString } from '../../promql/literals.ts';
import { lex } from './lex.ts';
import type { Token } from './lex.ts';
import type { Command, Node, Operand, Pipe } from './nodes.ts';

/** Blocks and parentheses within one another: more would only exhaust the stack. */
const DEPTH_MAX = 100;

/** Parses a template and all that it defines. @throws UserError. */
export function parseTemplate(
  text: string,
  functions: ReadonlySet<string>,
  variables: readonly string[] = [],
): Map<string, readonly Node[]> {
  return new Parser(lex(text), functions, ['$', ...variables]).run();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #functions: ReadonlySet<string>;
  readonly #templates = new Map<string, readonly Node[]>();
  #variables: string[];
  #at = 0;
  #depth = 0;
  #loops = 0;

  constructor(tokens: readonly Token[], functions: ReadonlySet<string>, variables: string[]) {
    this.#tokens = tokens;
    this.#functions = functions;
    this.#variables = variables;
  }

  run(): Map<string, readonly Node[]> {
    const { nodes, end } = this.#list(true);
    if (end !== '') throw new UserError(`unexpected {{${end}}}`);
    this.#templates.set('', nodes);
    return this.#templates;
  }

  /** Nodes up to the word that ends them: end, else, or nothing at the end of the text. */
  #list(top = false): { nodes: Node[]; end: string } {
    if (++this.#depth > DEPTH_MAX) throw new UserError('the template is nested too deeply');
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#tokens[this.#at++];
      if (token === undefined) {
        this.#depth--;
        if (!top) throw new UserError('unexpected EOF');
        return { nodes, end: '' };
      }
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text });
        continue;
      }
      const word = this.#peek();
      if (word.kind === 'word' && (word.text === 'end' || word.text === 'else')) {
        this.#at++;
        if (word.text === 'end') this.#close('end');
        this.#depth--;
        return { nodes, end: word.text };
      }
      const node = this.#action(word);
      if (node !== undefined) nodes.push(node);
    }
  }

  #action(word: Token): Node | undefined {
    const control = word.kind === 'word' ? word.text : '';
    switch (control) {
      case 'if':
      case 'with':
      case 'range':
        this.#at++;
        return this.#control(control);
      case 'template':
        this.#at++;
        return this.#template();
      case 'define':
        this.#at++;
        return this.#define();
      case 'block':
        this.#at++;
        return this.#block();
      case 'break':
      case 'continue':
        this.#at++;
        this.#close(control);
        if (this.#loops === 0) throw new UserError(`{{${control}}} outside {{range}}`);
        return { kind: control };
    }
    return { kind: 'action', pipe: this.#pipe('command') };
  }

  #control(kind: 'if' | 'with' | 'range'): Node {
    const scope = this.#variables.length;
    const pipe = this.#pipe(kind);
    if (kind === 'range') this.#loops++;
    const { nodes: body, end } = this.#list();
    if (kind === 'range') this.#loops--;
    const otherwise = end === 'else' ? this.#otherwise(kind) : [];
    this.#variables.length = scope;
    return { kind, pipe, body, otherwise };
  }

  /** What stands behind `else`: nodes, or for `else if` and `else with` one more control. */
  #otherwise(kind: 'if' | 'with' | 'range'): Node[] {
    const word = this.#peek();
    if (word.kind === 'word' && word.text === kind && kind !== 'range') {
      this.#at++;
      if (++this.#depth > DEPTH_MAX) throw new UserError('the template is nested too deeply');
      const node = this.#control(kind);
      this.#depth--;
      return [node];
    }
    this.#close('else');
    const { nodes, end } = this.#list();
    if (end === 'else') throw new UserError('expected end; found {{else}}');
    return nodes;
  }

  #template(): Node {
    const name = this.#name('template clause');
    const pipe = this.#peek().kind === 'close' ? undefined : this.#pipe('template clause');
    if (pipe === undefined) this.#at++;
    return { kind: 'template', name, pipe };
  }

  #define(): undefined {
    if (this.#depth > 1) throw new UserError('unexpected {{define}}');
    const name = this.#name('define clause');
    this.#close('define clause');
    this.#defined(name);
    return undefined;
  }

  #block(): Node {
    const name = this.#name('block clause');
    const pipe = this.#pipe('block clause');
    this.#defined(name);
    return { kind: 'template', name, pipe };
  }

  #defined(name: string): void {
    const outer = { variables: this.#variables, loops: this.#loops };
    this.#variables = ['$'];
    this.#loops = 0;
    const { nodes, end } = this.#list();
    if (end !== 'end') throw new UserError('unexpected {{else}} in define clause');
    this.#variables = outer.variables;
    this.#loops = outer.loops;
    const empty = nodes.every((node) => node.kind === 'text' && node.text.trim() === '');
    if (empty && this.#templates.has(name)) return;
    this.#templates.set(name, nodes);
  }

  #name(where: string): string {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== 'string') throw new UserError(`unexpected ${shown(token)} in ${where}`);
    return textOf(token.text);
  }

  #close(where: string): void {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== 'close') throw new UserError(`unexpected ${shown(token)} in ${where}`);
  }

  #peek(ahead = 0): Token {
    const token = this.#tokens[this.#at + ahead];
    if (token === undefined) throw new UserError('unexpected EOF');
    return token;
  }

  /** A pipeline up to the end of the action or to a closing parenthesis. */
  #pipe(where: string, closes: 'close' | ')' = 'close'): Pipe {
    const { declares, assigns } = this.#declarations(where);
    const commands: Command[] = [];
    for (;;) {
      const token = this.#peek();
      if (closes === 'close' ? token.kind === 'close' : token.text === ')') {
        this.#at++;
        if (commands.length === 0) throw new UserError(`missing value for ${where}`);
        break;
      }
      commands.push(this.#command(where));
      if (this.#peek().text !== '|' || this.#peek().kind !== 'sign') continue;
      this.#at++;
      const next = this.#peek();
      if (next.kind === 'close' || next.text === ')') {
        throw new UserError(`missing value for ${where}`);
      }
    }
    commands.forEach(({ args: [first] }, i) => {
      if (i === 0 || ['field', 'function', 'variable', 'pipe'].includes(first.kind)) return;
      throw new UserError(`non executable command in pipeline stage ${i + 1}`);
    });
    if (!assigns) this.#variables.push(...declares);
    return { declares, assigns, commands };
  }

  #declarations(where: string): { declares: string[]; assigns: boolean } {
    const first = this.#peek();
    const none = { declares: [], assigns: false };
    if (first.kind !== 'variable') return none;
    const next = this.#peek(1);
    if (where === 'range' && next.kind === 'sign' && next.text === ',') {
      const second = this.#peek(2);
      const sign = this.#peek(3);
      if (second.kind !== 'variable') throw new UserError('range can only initialize variables');
      if (sign.text !== ':=' && sign.text !== '=') {
        throw new UserError(`unexpected ${shown(sign)} in range`);
      }
      this.#at += 4;
      return { declares: [first.text, second.text], assigns: sign.text === '=' };
    }
    if (next.kind !== 'sign' || (next.text !== ':=' && next.text !== '=')) return none;
    this.#at += 2;
    if (next.text === '=') this.#known(first.text);
    return { declares: [first.text], assigns: next.text === '=' };
  }

  #command(where: string): Command {
    const args: Operand[] = [];
    for (;;) {
      const token = this.#peek();
      const ends = token.kind === 'close' || (token.kind === 'sign' && '|)'.includes(token.text));
      if (ends) break;
      if (args.length > 0 && !token.spaced) {
        throw new UserError(`unexpected ${shown(token)} in operand`);
      }
      args.push(this.#operand(where));
    }
    if (args.length === 0) throw new UserError(`missing value for ${where}`);
    const [first] = args;
    const literal = ['bool', 'number', 'string'].includes(first.kind);
    if (args.length > 1 && (literal || first.kind === 'dot')) {
      throw new UserError(`can't give argument to non-function ${where}`);
    }
    if (first.kind === 'nil' && args.length === 1) throw new UserError('nil is not a command');
    return { args };
  }

  #operand(where: string): Operand {
    const token = this.#peek();
    this.#at++;
    switch (token.kind) {
      case 'field':
        return { kind: 'field', path: [token.text, ...this.#fields()] };
      case 'variable':
        this.#known(token.text);
        return { kind: 'variable', name: token.text, path: this.#fields() };
      case 'string':
        return this.#noFields({ kind: 'string', value: textOf(token.text) });
      case 'number':
        return this.#noFields({ kind: 'number', value: numberOf(token.text) });
      case 'word':
        return this.#word(token.text);
      case 'sign':
        if (token.text === '.') return { kind: 'dot' };
        if (token.text === '(') {
          if (++this.#depth > DEPTH_MAX) throw new UserError('the template is nested too deeply');
          const pipe = this.#pipe('parenthesized pipeline', ')');
          this.#depth--;
          return { kind: 'pipe', pipe, path: this.#fields() };
        }
    }
    throw new UserError(`unexpected ${shown(token)} in ${where}`);
  }

  #word(text: string): Operand {
    if (text === 'true' || text === 'false') {
      return this.#noFields({ kind: 'bool', value: text === 'true' });
    }
    if (text === 'nil') return this.#noFields({ kind: 'nil' });
    if (!this.#functions.has(text)) {
      throw new UserError(`function ${JSON.stringify(text)} not defined`);
    }
    return this.#noFields({ kind: 'function', name: text });
  }

  #fields(): string[] {
    const path: string[] = [];
    for (let token = this.#peek(); token.kind === 'field' && !token.spaced; token = this.#peek()) {
      path.push(token.text);
      this.#at++;
    }
    return path;
  }

  #noFields(operand: Operand): Operand {
    const token = this.#peek();
    if (token.kind === 'field' && !token.spaced) {
      throw new UserError(`unexpected <.${token.text}> after term`);
    }
    return operand;
  }

  #known(name: string): void {
    if (this.#variables.includes(name)) return;
    throw new UserError(`undefined variable ${JSON.stringify(name)}`);
  }
}

function shown(token: Token | undefined): string {
  return token === undefined ? 'EOF' : `<${token.text}>`;
}

function textOf(literal: string): string {
  try {
    return parseString(literal);
  } catch (thrown) {
    if (thrown instanceof StringTrouble) throw new UserError('invalid syntax in a string');
    throw thrown;
  }
}

function numberOf(text: string): number | bigint {
  if (text.startsWith("'")) {
    const char = textOf(text);
    if ([...char].length !== 1) throw new UserError(`malformed character constant: ${text}`);
    return BigInt(char.codePointAt(0) as number);
  }
  const plain = text.replaceAll('_', '');
  const sign = plain.startsWith('-') ? -1n : 1n;
  const digits = plain.replace(/^[+-]/, '');
  if (/^0[xXbBoO]/.test(digits)) return sign * BigInt(digits.toLowerCase());
  if (/^0\d+$/.test(digits) && !/[89]/.test(digits)) return sign * BigInt(`0o${digits.slice(1)}`);
  if (/^\d+$/.test(digits)) return sign * BigInt(digits);
  return Number(plain);
}
