#!/usr/bin/env node
// Starts mon from the sources: compiles what changed, then hands over to run.js. For development
// only.
import childProcess from 'node:child_process';
import url from 'node:url';

const root = url.fileURLToPath(new URL('..', import.meta.url));
const tsc = root + 'node_modules/.bin/tsc';
const done = childProcess.spawnSync(tsc, ['-p', root], { stdio: ['ignore', 2, 2] });
if (done.status === 0) import('./run.js');
else process.exitCode = 1;
