// Builds dist/: the kernels by the AssemblyScript compiler, all TypeScript by tsc, the screens
// bundled with Ink, then the command manifest. Runs under any Node from 20 on, because `npm ci`
// starts it with the system's own.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const assembly = join(root, 'src/engine/kernels/assembly');
const wasm = join(root, 'dist/src/engine/kernels/kernels.wasm');

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function newestSource(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Math.max(
    ...files.filter((f) => f.isFile()).map((f) => statSync(join(f.parentPath, f.name)).mtimeMs),
  );
}

if (!existsSync(wasm) || statSync(wasm).mtimeMs < newestSource(assembly)) {
  mkdirSync(join(wasm, '..'), { recursive: true });
  const entry = join(assembly, 'index.ts');
  const features = ['--enable', 'simd', '--enable', 'bulk-memory'];
  const memory = ['--importMemory', '--maximumMemory', '65536', '--initialMemory', '16'];
  const shape = ['--runtime', 'stub', '--noAssert', '-O3', '--converge', '--use', 'abort='];
  run(bin('asc'), [entry, '-o', wasm, ...shape, ...features, ...memory]);
}
run(bin('tsc'), ['-p', join(root, 'tsconfig.json')]);
run(bin('node'), [join(root, 'scripts/bundle-screens.mjs')]);
if (existsSync(join(root, 'scripts/manifest.mjs'))) {
  run(bin('node'), [join(root, 'scripts/manifest.mjs')]);
}
