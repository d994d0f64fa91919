// What all commands share: flags, streams, one printer of failures, exit codes, signals and
// deadlines. A command declares flags, does its work and returns a code; everything that ends the
// process is here. Easy to get wrong: stdout carries data and nothing else; and a command that
// waits for something must come to an end when `signal` fires.
import { fileURLToPath } from 'node:url';
import { Args, Command, Flags, run as runOclif } from '@oclif/core';
import type { Config, Interfaces } from '@oclif/core';
import { wantsColor } from './cli/color.ts';
import type { ColorChoice } from './cli/color.ts';
import { EXIT, exitCodeOf } from './cli/exit-codes.ts';
import { watchInterrupts } from './cli/interrupts.ts';
import type { Interrupts } from './cli/interrupts.ts';
import type { ListFormat, Listing } from './cli/listing.ts';
import { printChunks, written } from './cli/print-chunks.ts';
import type { ServerChoice } from './cli/server.ts';
import type { Stage } from './cli/stage.ts';
import { MonError, UserError } from './engine/errors.ts';
import type { AlertClient } from './engine/remote/alert-client.ts';
import type { PrometheusClient } from './engine/remote/prometheus-client.ts';
import { systemClock } from './engine/runtime/clock.ts';

export { Args, Flags };

/** Forms of a plain list, as cli/listing.ts writes them; that is loaded when one is printed. */
export const LIST_FORMATS = ['table', 'json', 'jsonl', 'csv', 'yaml', 'value'] as const;

/** A variable of the environment holds 128 KiB on Linux. */
const ASKED_UNITS_MAX = 32_768;
/** Young objects get a megabyte instead of sixteen. */
const SMALL_FLAGS = ['--max-semi-space-size=1', '--optimize-for-size'];
/** Time that an interrupted command gets for its clean-up before mon leaves without it. */
const GRACE_MS = 500;

/** Flags of every command that asks a server. */
export const serverFlags = {
  url: Flags.string({ helpValue: 'URL', description: 'server to ask (MON_URL)' }),
  context: Flags.string({ helpValue: 'NAME', description: 'server by name (MON_CONTEXT)' }),
  'token-file': Flags.string({
    helpValue: 'FILE',
    description: 'file that holds the bearer token (MON_TOKEN_FILE)',
  }),
  'ca-file': Flags.string({
    helpValue: 'FILE',
    description: 'certificates to trust for https, PEM',
  }),
  timeout: Flags.string({
    helpValue: 'DURATION',
    description: 'give up after this time, with exit code 124',
  }),
};

/** Flags of commands that ask Kafka itself. */
export const kafkaFlags = {
  brokers: Flags.string({ required: true, helpValue: 'HOST:PORT,…', description: 'of Kafka' }),
  topic: Flags.string({ helpValue: 'NAME', description: 'of samples; metrics.raw by default' }),
  'alerts-topic': Flags.string({
    helpValue: 'NAME',
    description: 'of alerts; alerts.triggered by default',
  }),
  partitions: Flags.integer({ min: 1, max: 4096, description: 'of the topic of samples; 24' }),
  replication: Flags.integer({ min: 1, max: 9, description: 'replicas of each partition; 3' }),
  compression: Flags.string({ helpValue: 'NAME', description: 'gzip, snappy, lz4 or zstd' }),
  tls: Flags.boolean({ description: 'speak TLS' }),
  'ca-file': Flags.string({ helpValue: 'FILE', description: 'certificates to trust, PEM' }),
  'cert-file': Flags.string({ helpValue: 'FILE', description: "this client's certificate, PEM" }),
  'key-file': Flags.string({ helpValue: 'FILE', description: 'the key of it, PEM' }),
  'sasl-mechanism': Flags.string({
    helpValue: 'NAME',
    description: 'plain, scram-sha-256 or scram-sha-512',
  }),
  'sasl-username': Flags.string({ helpValue: 'NAME', description: 'who signs in' }),
  'sasl-password-file': Flags.string({ helpValue: 'FILE', description: 'file of the password' }),
};

/** Flags of commands that look for a server on this machine by its data folder. */
export const folderFlags = {
  demo: Flags.boolean({ description: 'the demo, in a folder of its own' }),
  'data-dir': Flags.string({ helpValue: 'DIR', description: 'folder of the data' }),
};

/** The flag `-o` for a command that can print in these formats; the first one is the default. */
export function outputFlag<const F extends string>(...formats: readonly F[]) {
  return {
    output: Flags.option({
      char: 'o',
      options: formats,
      default: formats[0],
      description: 'form of the output',
    })(),
  };
}

type FlagsOf<T extends typeof Command> = Interfaces.InferredFlags<
  (typeof BaseCommand)['baseFlags'] & T['flags']
>;
type ArgsOf<T extends typeof Command> = Interfaces.InferredArgs<T['args']>;

let interrupts: Interrupts | undefined;
let deadline: AbortController | undefined;
let runningId: string | undefined;

export abstract class BaseCommand<T extends typeof Command> extends Command {
  static override baseFlags = {
    color: Flags.option({
      options: ['auto', 'always', 'never'] as const,
      default: 'auto',
      description: 'colour, per stream; NO_COLOR and FORCE_COLOR count too',
    })(),
  };

  /** Flags that may stand without a value, and the value that is then meant. */
  static bareFlags: Readonly<Record<string, string>> = {};
  /** True for a command that ends by itself when interrupted, however long it takes. */
  static drains = false;

  protected flags!: FlagsOf<T>;
  protected args!: ArgsOf<T>;
  /** Fires on SIGINT, SIGTERM, a closed pipe, and when `--timeout` has passed. */
  protected signal!: AbortSignal;
  #timeoutMs: number | undefined;
  #metadata: Readonly<Record<string, { readonly setFromDefault?: boolean } | undefined>> = {};
  #words: readonly string[] = [];

  // oclif would load the whole configuration a second time here.
  static override async run<C extends Command>(
    this: new (argv: string[], config: Config) => C,
    argv?: string[],
    config?: unknown,
  ): Promise<ReturnType<C['run']>> {
    const command = new this(argv ?? [], config as Config);
    return await (command as unknown as { _run(): Promise<ReturnType<C['run']>> })._run();
  }

  /** Does what the command is for and returns the exit code. */
  protected abstract work(): Promise<number>;

  override async init(): Promise<void> {
    await super.init();
    runningId = this.id;
    const statics = this.ctor as typeof BaseCommand;
    const argv = withBareFlags(this.argv, statics.bareFlags);
    const { flags, args, argv: words, metadata } = await this.parse(this.ctor, argv);
    this.#words = words as string[];
    this.#metadata = metadata.flags;
    this.flags = flags as FlagsOf<T>;
    this.args = args as ArgsOf<T>;
    deadline = new AbortController();
    this.signal = AbortSignal.any([
      deadline.signal,
      ...(interrupts === undefined ? [] : [interrupts.signal]),
    ]);
    const { timeout } = this.flags as { timeout?: string };
    if (timeout !== undefined) await this.#endAfter(timeout);
  }

  override async run(): Promise<number> {
    if ((this.ctor as typeof BaseCommand).drains) return await this.work();
    const code = await Promise.race([this.work(), this.#stopped()]);
    if (deadline?.signal.aborted === true) throw deadline.signal.reason;
    return code;
  }

  // Failures travel on to main(), the only printer.
  override async catch(error: Error): Promise<never> {
    throw error;
  }

  /** The server that flags, environment and contexts name, with its token and certificates. */
  protected async server(): Promise<ServerChoice> {
    const { chooseServer } = await import('./cli/server.ts');
    return await chooseServer(this.flags, process.env);
  }

  /** A client of that server; requests may take as long as `--timeout` says. */
  protected async client(timeoutMs = this.#timeoutMs): Promise<PrometheusClient> {
    const { PrometheusClient: Client } = await import('./engine/remote/prometheus-client.ts');
    return new Client(await this.server(), systemClock, timeoutMs);
  }

  /** SIGHUP calls the listener from now on instead of ending the command. */
  protected onHangup(listener: () => void): void {
    interrupts?.onHangup(listener);
  }

  /**
   * Goes on as a program of bin/ in this very process, small, where the system can do that; where
   * not, it returns. What was asked for goes through the environment, which has a bound.
   */
  protected becomeSmall(name: string, asked: string): void {
    const { execve, execPath, env } = process;
    if (typeof execve !== 'function' || asked.length > ASKED_UNITS_MAX) return;
    const script = fileURLToPath(new URL(`../../bin/${name}.js`, import.meta.url));
    const small = { MALLOC_ARENA_MAX: '1', [`MON_${name.toUpperCase()}_ASKED`]: asked };
    execve(execPath, [execPath, ...SMALL_FLAGS, script], { ...env, ...small });
  }

  /** A client of that server's notifier. */
  protected async alertClient(timeoutMs = this.#timeoutMs): Promise<AlertClient> {
    const { AlertClient: Client } = await import('./engine/remote/alert-client.ts');
    return new Client(await this.server(), systemClock, timeoutMs);
  }

  /** True when somebody wrote the flag, rather than its default. */
  protected given(flag: string): boolean {
    return this.#metadata[flag] !== undefined && this.#metadata[flag]?.setFromDefault !== true;
  }

  /** All words that are no flags, for commands that take any number of them. */
  protected get words(): readonly string[] {
    return this.#words;
  }

  protected get env(): NodeJS.ProcessEnv {
    return process.env;
  }

  protected get stdin(): NodeJS.ReadStream {
    return process.stdin;
  }

  protected get stdout(): NodeJS.WriteStream {
    return process.stdout;
  }

  /** Writes bytes to stdout as they come, waiting while the reader is slow. */
  protected async writeBytes(pages: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const page of pages) {
      if (this.signal.aborted) return;
      await written(process.stdout, page, this.signal);
    }
  }

  /** What the rooms below the commands are handed. */
  protected get stage(): Stage {
    const { stdout, env } = process;
    const isTerminal = stdout.isTTY === true;
    const { color } = this.flags as { color: ColorChoice };
    return {
      signal: this.signal,
      clock: systemClock,
      env,
      // Opening stdin costs time and keeps the process alive: only for those who read it.
      get stdin() {
        return process.stdin;
      },
      surface: { isTerminal, color: wantsColor(color, env, isTerminal) },
      // A pseudo-terminal that nobody sized says 0.
      columns: stdout.columns || 80,
      rows: stdout.rows || 24,
      print: (chunks) => printChunks(stdout, chunks, this.signal),
      note: async (line) => {
        const { safeLine } = await import('./cli/terminal-text.ts');
        process.stderr.write(`${await safeLine(line)}\n`);
      },
    };
  }

  /** Prints a list in the form that `-o` asks for, and its number of rows on a terminal. */
  protected async printListing(listing: Listing): Promise<void> {
    const { listingChunks } = await import('./cli/listing.ts');
    const { rowsNote } = await import('./cli/stage.ts');
    const { stage } = this;
    const { output } = this.flags as unknown as { output: ListFormat };
    await stage.print(await listingChunks(listing, output, stage.surface));
    const forPeople = output === 'table' && stage.surface.isTerminal;
    if (forPeople) await stage.print([rowsNote(listing.rows.length)]);
  }

  /** The exit code of a list that may be empty. @throws MonError where emptiness is a failure. */
  protected foundOr5(count: number, words: string): number {
    const { 'fail-empty': fails } = this.flags as { 'fail-empty'?: boolean };
    if (count > 0 || fails !== true) return EXIT.ok;
    throw new MonError('MON_NOT_FOUND', words);
  }

  async #endAfter(text: string): Promise<void> {
    const { durationFlag } = await import('./cli/times.ts');
    const ms = durationFlag('--timeout', text);
    this.#timeoutMs = ms;
    const ended = new MonError('MON_TIMEOUT', `no end after ${text}`, {
      hint: 'allow more time with --timeout',
    });
    systemClock.after(ms, () => deadline?.abort(ended));
  }

  #stopped(): Promise<never> {
    return new Promise((_resolve, reject) => {
      const stop = (): void => {
        systemClock.after(GRACE_MS, () => reject(abortReason(this.signal)));
      };
      if (this.signal.aborted) stop();
      else this.signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function abortReason(signal: AbortSignal): MonError {
  if (signal.reason instanceof MonError) return signal.reason;
  return new MonError('MON_ABORTED', 'interrupted');
}

function withBareFlags(argv: string[], bare: Readonly<Record<string, string>>): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, i) => {
    const value = word.startsWith('--') && (end < 0 || i < end) ? bare[word.slice(2)] : undefined;
    return value === undefined ? word : `${word}=${value}`;
  });
}

/** Prints the help of the command or topic that the words name. @throws UserError for neither. */
export async function showHelp(config: Interfaces.Config, words: readonly string[]): Promise<void> {
  const { Help } = await import('@oclif/core');
  await new Help(config, config.pjson.oclif.helpOptions).showHelp([...words, '--help']);
}

/** Runs the command line and ends the process; never returns to its caller's caller. */
export async function main(root: string, argv: readonly string[]): Promise<void> {
  const leave = (code: number): never => process.exit(code);
  // What ends without a word from us, because nothing is left to wait for, has not gone well.
  process.exitCode = EXIT.bug;
  const monotonic = (): number => systemClock.monotonic();
  const watched = watchInterrupts(process, monotonic, leave);
  interrupts = watched;
  let crashed = false;
  const crash = (thrown: unknown): void => {
    if (crashed) return;
    crashed = true;
    void fail(thrown, root).then(leave);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  let code: number;
  try {
    const result: unknown = await runOclif([...argv], root);
    code = typeof result === 'number' ? result : EXIT.ok;
  } catch (thrown) {
    code = watched.code() === undefined ? await fail(thrown, root) : EXIT.failed;
  }
  process.stdout.write('', () => leave(watched.code() ?? code));
}

/** Prints a failure and answers its exit code. Never rejects: that would be printed here again. */
async function fail(thrown: unknown, root: string): Promise<number> {
  try {
    return await explain(thrown, root);
  } catch (second) {
    // Our own files cannot be read, or are not what they were when the process started.
    const words = [thrown, second].map((one) => (one instanceof Error ? one.stack : String(one)));
    process.stderr.write(`BUG: ${words.join('\nwhile telling it: ')}\n`);
    return EXIT.bug;
  }
}

async function explain(thrown: unknown, root: string): Promise<number> {
  const { asUsageError, plannedExit } = await import('./cli/usage.ts');
  const planned = plannedExit(thrown);
  if (planned !== undefined) return planned;
  const { failureText } = await import('./cli/failure-text.ts');
  const failure = await asUsageError(thrown, runningId, () => commandIds(root));
  const reason = deadline?.signal.aborted === true ? deadline.signal.reason : failure;
  const color = wantsColor(colorWord(process.argv), process.env, process.stderr.isTTY === true);
  process.stderr.write(await failureText(reason, color));
  return exitCodeOf(reason);
}

// A failed parse has no flags to look at, so the word itself is looked for.
function colorWord(argv: readonly string[]): ColorChoice {
  const at = argv.indexOf('--color');
  const word = argv.find((w) => w.startsWith('--color='))?.slice(8) ?? (at > 0 ? argv[at + 1] : '');
  return word === 'always' || word === 'never' ? word : 'auto';
}

async function commandIds(root: string): Promise<readonly string[]> {
  const { Config: Loaded } = await import('@oclif/core');
  const config = await Loaded.load(root);
  return config.commands.filter((command) => !command.hidden).map((command) => command.id);
}

/** A mistake in how the command was called, with the way to its help. */
export function usageError(message: string, command: string): UserError {
  return new UserError(message, { hint: `mon help ${command}` });
}
