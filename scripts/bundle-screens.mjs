// Puts each screen with React and Ink into one file, in place of what tsc wrote: a screen then
// starts in half the time. What the engine exports stays outside, so that there is one MonError in
// the process.
import { build } from 'esbuild';
import { relative, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const engine = join(root, 'dist/src/engine');
const screens = ['top', 'query-prompt', 'alert-centre', 'explore', 'dash', 'sql-prompt'];

// What Ink asks for only when a debugger wants to attach; and what would write to stderr at the end
// of the process, also of one that only made a picture: a screen shows the cursor again by itself.
const LEFT_OUT = {
  'react-devtools-core': 'export default { initialize() {}, connectToDevTools() {} };',
  'restore-cursor': 'export default () => {};',
};

const leftOut = {
  name: 'left-out',
  setup(build) {
    const filter = /^(?:react-devtools-core|restore-cursor)$/;
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: 'empty' }));
    build.onLoad({ filter: /.*/, namespace: 'empty' }, ({ path }) => ({
      contents: LEFT_OUT[path],
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
    plugins: [leftOut, engineOutside(file)],
  });
}
