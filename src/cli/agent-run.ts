// `mon agent` between its flags and its work: what was asked for is decided, with the configuration
// read, and then done, in this process or in one that goes on in its place. Easy to get wrong: the
// second one must not load what only the first one needs (YAML, the command line), because the
// agent is held to its memory.
import { messageOf } from '../engine/errors.ts';
import type { MonConfig } from '../engine/daemons/config.ts';
import type { Environment } from './color.ts';

/** What flags say, plain; paths are absolute. */
export interface AgentAsked {
  readonly to: string;
  readonly dataDir?: string;
  readonly bufferBytes?: number;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly config: MonConfig;
}

/** Where an agent runs. */
export interface AgentStage {
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  readonly note: (line: string) => void;
}

/** Reads the configuration and checks all that can be said at once. @throws UserError. */
export async function decideAgent(
  asked: Omit<AgentAsked, 'config'> & { readonly configPath?: string | undefined },
  note: (line: string) => void,
): Promise<AgentAsked> {
  const { checkBuffer, writeUrl } = await import('../engine/daemons/agent.ts');
  const { defaultConfig } = await import('../engine/daemons/config.ts');
  const { readConfig } = await import('../engine/daemons/reload.ts');
  const { configPath, ...rest } = asked;
  writeUrl(asked.to);
  checkBuffer(asked.bufferBytes);
  const config = configPath === undefined ? defaultConfig() : await readConfig(configPath, note);
  return { ...rest, config };
}

/** Runs until the signal fires; answers the exit code. @throws UserError, MonError. */
export async function runAgent(asked: AgentAsked, stage: AgentStage): Promise<number> {
  const { agent } = await import('../engine/daemons/agent.ts');
  const { env, signal, print, note } = stage;
  return await agent({ ...asked, env, signal, print, warn: note });
}

/** What was asked for as a text that another process of ours reads again. */
export function askedText(asked: AgentAsked): string {
  return JSON.stringify(asked);
}

/** @throws Error for a text that askedText did not make. */
export function askedOf(text: string): AgentAsked {
  try {
    return JSON.parse(text, withoutPrototype) as AgentAsked;
  } catch (thrown) {
    throw new Error(`what the agent is to do cannot be read: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

/** Labels are keys of such objects, and `constructor` is one that may not be there. */
function withoutPrototype(_key: string, value: unknown): unknown {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? Object.setPrototypeOf(value, null) : value;
}
