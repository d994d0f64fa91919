// The flags that choose the same server again, in commands that screens and prompts offer to copy.
// Easy to get wrong: a server of the environment or of the default context needs no words.
import { shellQuote } from '../tui/draw/shell-word.ts';
import type { ServerChoice } from './server.ts';

/** `--context NAME` or `--url URL` as a flag chose it; '' when no flag did. */
export function serverWords(server: ServerChoice): string {
  if (server.from !== 'flag') return '';
  if (server.contextName !== undefined) return `--context ${shellQuote(server.contextName)}`;
  return `--url ${shellQuote(server.url)}`;
}
