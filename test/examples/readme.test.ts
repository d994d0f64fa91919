// The table of all commands in README.md is that of the command line: who looks a command up there
// finds it, with the words that `mon help` has for it.
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/project.ts';

interface Manifest {
  readonly commands: Readonly<Record<string, { readonly summary?: string; hidden?: boolean }>>;
}

test('README.md tells every command with its summary, and no other', () => {
  const read = (name: string): string => readFileSync(join(projectRoot, name), 'utf8');
  const { commands } = JSON.parse(read('oclif.manifest.json')) as Manifest;
  const wanted = Object.entries(commands)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([id, { summary }]) => `mon ${id.replaceAll(':', ' ')}: ${summary}`);
  const told = [...read('README.md').matchAll(/^\| `(mon [^`]+)` +\| (.*?) +\|$/gm)];
  assert.deepEqual(told.map(([, name, does]) => `${name}: ${does}`).toSorted(), wanted.toSorted());
});
