// Finds and reads the rule files that globs name, and the rules that ship with mon. Used by the
// daemon and by the commands that check rules. Easy to get wrong: when one file has a mistake
// nothing of a reload may happen; and a glob that finds nothing is no mistake.
import { basename, dirname, join, resolve } from 'node:path';
import { MonError, UserError, messageOf } from '../errors.ts';
import { RULE_FILES_MAX, RULE_FILE_BYTES_MAX } from '../limits.ts';
import type { RuleGroup } from '../model/rules.ts';
import type { Disk } from '../runtime/disk.ts';
import { DEFAULT_RULES, DEFAULT_RULES_FILE } from './default-rules.ts';
import { parseRuleFile } from './rule-file.ts';

const MAGIC = /[*?[]/;

/** The files that globs name, each once, in order; what is no glob has to be there. */
export async function findRuleFiles(disk: Disk, globs: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const glob of globs) {
    const path = resolve(glob);
    for (const file of MAGIC.test(path) ? await expandGlob(disk, path) : [path]) {
      found.add(file);
      if (found.size > RULE_FILES_MAX) {
        throw new UserError(`${glob} and the others name more than ${RULE_FILES_MAX} rule files`);
      }
    }
  }
  return [...found];
}

/** Go's filepath.Glob: any element of the path may be a pattern. */
async function expandGlob(disk: Disk, path: string): Promise<string[]> {
  const folder = dirname(path);
  if (folder === path) return [path];
  const folders = MAGIC.test(folder) ? await expandGlob(disk, folder) : [folder];
  const name = basename(path);
  const out: string[] = [];
  for (const one of folders) {
    if (!MAGIC.test(name)) {
      if (await disk.exists(join(one, name))) out.push(join(one, name));
      continue;
    }
    const test = pattern(name);
    const names = await disk.list(one).catch((thrown: unknown) => {
      if (thrown instanceof MonError) return [];
      throw thrown;
    });
    for (const each of names) if (test.test(each)) out.push(join(one, each));
  }
  return out;
}

/** One element of a path: * and ? and [abc]. A star never begins a hidden name's dot by itself. */
function pattern(glob: string): RegExp {
  const parts = glob.match(/\[\^?[^\]]+\]|[*?]|[^*?[]+|\[/g) ?? [];
  const text = parts.map((part) => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (/^\[.+\]$/s.test(part)) return part.replaceAll('\\', '\\\\');
    return part.replace(/[.+^${}()|[\]\\*?]/g, '\\$&');
  });
  return new RegExp(`^${text.join('')}$`, 's');
}

/** Reads one file. @throws UserError with the place of a mistake, or why it cannot be read. */
export async function readRuleFile(disk: Disk, path: string): Promise<RuleGroup[]> {
  let bytes: Uint8Array;
  try {
    bytes = await disk.readFile(path);
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    throw new UserError(messageOf(thrown), { cause: thrown, hint: 'check the path' });
  }
  if (bytes.length > RULE_FILE_BYTES_MAX) {
    throw new UserError(`${path} has ${bytes.length} bytes; a rule file has 16 MiB at most`);
  }
  return parseRuleFile(Buffer.from(bytes).toString('utf8'), path);
}

/** All groups of all files, and those that ship with mon when they are wanted. */
export async function loadRules(
  disk: Disk,
  globs: readonly string[],
  withDefaults: boolean,
): Promise<RuleGroup[]> {
  const groups = withDefaults ? parseRuleFile(DEFAULT_RULES, DEFAULT_RULES_FILE) : [];
  for (const path of await findRuleFiles(disk, globs)) {
    groups.push(...(await readRuleFile(disk, path)));
  }
  return groups;
}
