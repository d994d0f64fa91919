// Puts each screen with React and Ink into one file, in place of what tsc wrote: a screen then
// starts in half the time. What the engine exports stays outside, so that there is one MonError in
// the process.
import { build } from 'esbuild';
import { relative, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const engine = join(root, 'dist/src/engine');
const screens = ['top', 'query-prompt', 'alert-centre', 'explore', 'dash', 'sql-prompt'];

// Ink asks for it only when a debugger wants to attach.
const noDevtools = {
  name: 'no-devtools',
  setup(build) {
    build.onResolve({ filter: /^react-devtools-core$/ }, () => ({
      path: 'react-devtools-core',
      namespace: 'empty',
    }));
    build.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({
      contents: 'export default { initialize() {}, connectToDevTools() {} };',
    }));
  },
};

function engineOutside(outfile) {
  return {
    name: 'engine-outside',
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const full = join(resolveDir, path);
        if (!full.startsWith(engine)) return undefined;
        return { path: relative(dirname(outfile), full), external: true };
      });
    },
  };
}

for (const screen of screens) {
  const file = join(root, `dist/src/tui/screens/${screen}.js`);
  await build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    legalComments: 'linked',
    logLevel: 'warning',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    banner: {
      js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
    },
    plugins: [noDevtools, engineOutside(file)],
  });
}
