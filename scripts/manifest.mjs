// Writes oclif.manifest.json from the compiled commands, so that oclif need not load them all to
// know their names and flags. Runs after tsc. `--check` writes nothing and fails when the file is
// stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';

const root = fileURLToPath(new URL('..', import.meta.url));
const path = join(root, 'oclif.manifest.json');

// Objects with sorted keys: the same commands give the same bytes everywhere.
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

const plugin = new Plugin({
  root,
  isRoot: true,
  type: 'core',
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
});
await plugin.load();
const text = `${JSON.stringify(sorted(plugin.manifest), null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(path, text);
} else if (readFileSync(path, 'utf8') !== text) {
  process.stderr.write('oclif.manifest.json is stale: npm run build\n');
  process.exitCode = 1;
}
