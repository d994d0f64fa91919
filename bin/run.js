#!/usr/bin/env node
// Starts mon: the Node version first, then the compile cache, then the command line. This file has
// to be readable by a Node that is too old, so only old syntax and whole-module imports stand here.
// Easy to get wrong: a top-level await that never settles makes Node exit with 13, so there is
// none.
import childProcess from 'node:child_process';
import fs from 'node:fs';
import module from 'node:module';
import url from 'node:url';

const NEEDED = [22, 15];
const root = url.fileURLToPath(new URL('..', import.meta.url));

function newEnough() {
  const parts = process.versions.node.split('.').map(Number);
  return parts[0] > NEEDED[0] || (parts[0] === NEEDED[0] && parts[1] >= NEEDED[1]);
}

function fail(code, text) {
  process.stderr.write(text + '\n');
  process.exit(code);
}

// The same words under the Node that the project pins; signals and the exit code pass through.
function runUnderPinned() {
  const pinned = root + 'node_modules/node/bin/node';
  const self = url.fileURLToPath(import.meta.url);
  const wanted = `mon needs Node.js ${NEEDED.join('.')} or later, this is ${process.versions.node}`;
  if (!fs.existsSync(pinned)) fail(1, wanted);
  const args = [self].concat(process.argv.slice(2));
  const child = childProcess.spawn(pinned, args, { stdio: 'inherit' });
  // A Ctrl-C reaches the child by itself; this process only has to outlive it.
  process.on('SIGINT', () => {});
  for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
  child.on('error', (error) => fail(1, `${wanted}; the pinned one fails: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function runHere() {
  module.enableCompileCache();
  // The version has just been checked; oclif would load a library to check it once more.
  process.env.OCLIF_DISABLE_ENGINE_WARNING = '1';
  import('../dist/src/base-command.js').then(
    (loaded) => loaded.main(root, process.argv.slice(2)),
    (error) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') fail(70, `BUG: ${error.stack}`);
      const missing = error.url === undefined ? error.message : url.fileURLToPath(error.url);
      fail(1, `error: mon is not built, ${missing} is missing\nhint: npm run build`);
    },
  );
}

if (newEnough()) runHere();
else runUnderPinned();
