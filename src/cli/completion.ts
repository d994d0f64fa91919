// What the shell offers behind a half-typed line: commands, flags, their values, and names that
// only the server knows. Easy to get wrong: names come from outside and a shell would run what is
// written in them, so anything but plain names is left out; and a server that is away must cost no
// time.
import { readContexts } from './contexts.ts';
import { contextsFile } from '../engine/daemons/folders.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import type { Environment } from './color.ts';

/** One offer: the whole word, and a few words about it. */
export type Candidate = readonly [word: string, about: string];

export interface CompletionFlag {
  readonly name: string;
  readonly char?: string;
  readonly hidden?: boolean;
  readonly type: string;
  readonly options?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
}

export interface CompletionCommand {
  readonly id: string;
  readonly hidden?: boolean;
  readonly summary?: string;
  readonly flags: Readonly<Record<string, CompletionFlag>>;
}

export interface CompletionWorld {
  readonly commands: readonly CompletionCommand[];
  readonly env: Environment;
  /** A client that gives up quickly; made only when a server's names are wanted. */
  client(): Promise<PrometheusClient>;
}

const NAMES_MAX = 2000;
const PLAIN_WORD = /^[A-Za-z0-9_:./@=,+(){[\]-]+$/;

/** Offers for the last of `words`, all words behind `mon`; never throws. */
export async function candidatesFor(
  words: readonly string[],
  world: CompletionWorld,
): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? '';
  try {
    const all = await offersFor(words, current, world);
    const fitting = all.filter(([word]) => word.startsWith(current) && PLAIN_WORD.test(word));
    return fitting.slice(0, NAMES_MAX);
  } catch {
    // A shell that waits for a Tab has no use for a failure.
    return [];
  }
}

/** A candidate as a line: the word, a tab, what it is. */
export function candidateLine([word, about]: Candidate): string {
  const plain = about.replaceAll(/[^\u0020-\u007e]+/g, ' ').trim();
  return plain === '' ? `${word}\n` : `${word}\t${plain}\n`;
}

async function offersFor(
  words: readonly string[],
  current: string,
  world: CompletionWorld,
): Promise<readonly Candidate[]> {
  const typed = words.slice(0, -1);
  const command = commandOf(typed, world.commands);
  if (command === undefined) return current.startsWith('-') ? [] : commandNames(typed, world);
  const value = flagValues(command, typed.at(-1) ?? '', current);
  if (value !== undefined) return value;
  if (current.startsWith('-')) return flagNames(command);
  return [...commandNames(typed, world), ...(await argumentNames(command.id, current, world))];
}

function commandOf(
  typed: readonly string[],
  commands: readonly CompletionCommand[],
): CompletionCommand | undefined {
  for (let n = typed.length; n > 0; n--) {
    const id = typed.slice(0, n).join(':');
    const found = commands.find((command) => command.id === id);
    if (found !== undefined) return found;
  }
  return undefined;
}

function commandNames(typed: readonly string[], { commands }: CompletionWorld): Candidate[] {
  const prefix = typed.length === 0 ? '' : `${typed.join(':')}:`;
  const found = new Map<string, string>();
  for (const { id, hidden, summary = '' } of commands) {
    if (hidden === true || !id.startsWith(prefix)) continue;
    const [word, ...deeper] = id.slice(prefix.length).split(':');
    if (deeper.length === 0) found.set(word, summary);
    else if (!found.has(word)) found.set(word, '');
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

function flagNames({ flags }: CompletionCommand): Candidate[] {
  return Object.values(flags)
    .filter((flag) => flag.hidden !== true)
    .map((flag) => [`--${flag.name}`, flag.summary ?? flag.description ?? '']);
}

// The values of a flag: behind `--flag=`, or as the word after it. Undefined: none is waited for.
function flagValues(
  { flags }: CompletionCommand,
  before: string,
  current: string,
): Candidate[] | undefined {
  const inline = /^--([a-z-]+)=/.exec(current);
  const name = inline?.[1] ?? /^--([a-z-]+)$/.exec(before)?.[1];
  const char = /^-([a-z])$/.exec(before)?.[1];
  const flag = Object.values(flags).find(
    (one) => one.name === name || (char !== undefined && one.char === char),
  );
  if (flag === undefined || flag.type === 'boolean') return undefined;
  const lead = inline === null ? '' : `--${flag.name}=`;
  return (flag.options ?? []).map((option) => [lead + option, '']);
}

async function argumentNames(
  id: string,
  current: string,
  world: CompletionWorld,
): Promise<readonly Candidate[]> {
  switch (id) {
    case 'query':
    case 'series':
      return await metricNames(current, world);
    case 'labels': {
      const names = await (await world.client()).labelNames();
      return names.map((name) => [name, '']);
    }
    case 'context:use':
    case 'context:remove': {
      const { list } = await readContexts(systemDisk, contextsFile(world.env));
      return list.map(({ name, url }) => [name, url]);
    }
    case 'completion':
      return SHELLS.map((shell) => [shell, '']);
    case 'help':
      return [...commandNames([], world), ['exit-codes', 'what the exit codes mean']];
    default:
      return [];
  }
}

// The last name of an expression is the one that is being typed: rate(http_re → rate(http_requests.
async function metricNames(current: string, world: CompletionWorld): Promise<Candidate[]> {
  const [typing] = /[a-zA-Z_:][a-zA-Z0-9_:]*$/.exec(current) ?? [''];
  const lead = current.slice(0, current.length - typing.length);
  const inside = lead.lastIndexOf('{') > lead.lastIndexOf('}');
  const client = await world.client();
  const names = inside ? await client.labelNames() : await client.labelValues('__name__');
  return names.map((name) => [`${lead}${name}${inside ? '=' : ''}`, '']);
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

// Bash cuts words at = and : and replaces only the last piece; so the line is cut anew at spaces,
// and what stands before the last piece is taken off each offer. Nothing expands what mon prints.
const BASH = `# mon completion for bash: source <(mon completion bash)
_mon() {
  local line="\${COMP_LINE:0:COMP_POINT}" cur="\${COMP_WORDS[COMP_CWORD]}" word rest full lead
  local -a words
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  full="\${words[\${#words[@]}-1]}"
  [[ "$cur" == [=:] ]] && cur=""
  lead="\${full%"$cur"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r word rest; do
    COMPREPLY+=("\${word#"$lead"}")
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && "\${COMPREPLY[0]}" == *[=\\(] ]] && compopt -o nospace
}
complete -o default -F _mon mon
`;

const ZSH = `#compdef mon
# mon completion for zsh: source <(mon completion zsh)
_mon() {
  local line
  local -a offers
  while IFS= read -r line; do
    local word="\${line%%$'\\t'*}" about=""
    [[ "$line" == *$'\\t'* ]] && about="\${line#*$'\\t'}"
    offers+=("\${word//:/\\\\:}:$about")
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#offers} )); then
    _describe mon offers
  else
    _files
  fi
}
compdef _mon mon
`;

const FISH = `# mon completion for fish: mon completion fish | source
complete -c mon -a '(mon __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`;

/** The script that a shell reads once. */
export function completionScript(shell: Shell): string {
  return { bash: BASH, zsh: ZSH, fish: FISH }[shell];
}
